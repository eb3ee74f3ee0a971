"""The server's certificate, from a certificate authority of its own, and the bundle to trust it.

The authority's key is never written: authority and certificate are issued together, and again
together when they are about to expire. What is stored is the server's key (0600).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_warehouse.services.errors import LocalWarehouseError
from local_warehouse.services.state import write_private

VALIDITY = timedelta(days=365)
RENEW_BEFORE = timedelta(days=7)
NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificates:
    """PEM files in the state directory."""

    directory: Path

    @property
    def authority(self) -> Path:
        """The certificate of the authority, which clients trust."""
        return self.directory / "authority.pem"

    @property
    def certificate(self) -> Path:
        """The server's certificate."""
        return self.directory / "server.pem"

    @property
    def key(self) -> Path:
        """The server's private key."""
        return self.directory / "server-key.pem"

    @property
    def bundle(self) -> Path:
        """The usual roots and our authority: for SSL_CERT_FILE and REQUESTS_CA_BUNDLE."""
        return self.directory / "bundle.pem"

    def ensure(self) -> None:
        """Issue what is missing or about to expire, and bring the bundle up to date."""
        if not self.are_valid():
            self._issue()
        content = self._usual_roots() + "\n" + self.authority.read_text()
        if not self.bundle.exists() or self.bundle.read_text() != content:
            write_private(self.bundle, content)

    def are_recent(self) -> bool:
        """Whether they cannot be about to expire, by the age of the file: they are not opened."""
        try:
            age = time.time() - self.certificate.stat().st_mtime
        except FileNotFoundError:
            return False
        return age < (VALIDITY - RENEW_BEFORE).total_seconds()

    def are_valid(self) -> bool:
        """Whether all three exist, can be read and are valid for longer than RENEW_BEFORE."""
        from cryptography import x509

        if not all(path.exists() for path in (self.authority, self.certificate, self.key)):
            return False
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        except ValueError:
            return False
        return certificate.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE

    def _issue(self) -> None:
        import trustme

        authority = trustme.CA(organization_name="Local SQL warehouse")
        issued = authority.issue_cert(*NAMES, not_after=datetime.now(UTC) + VALIDITY)
        chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
        write_private(self.authority, authority.cert_pem.bytes().decode())
        write_private(self.key, issued.private_key_pem.bytes().decode())
        # Last: a certificate without its key, after a crash in between, would look valid.
        write_private(self.certificate, chain)

    def _usual_roots(self) -> str:
        """The user's own bundle where one is set (a company's proxy, say), else certifi's."""
        import certifi

        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            named = os.environ.get(variable)
            if named and Path(named) != self.bundle:
                try:
                    return Path(named).read_text()
                except (OSError, UnicodeDecodeError) as error:
                    raise LocalWarehouseError(
                        f"cannot read the certificates that {variable} names: {error}", 2
                    ) from error
        return Path(certifi.where()).read_text()
