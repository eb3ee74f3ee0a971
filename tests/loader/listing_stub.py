"""A stub of S3 that lists any number of keys, which exist nowhere, over HTTP.

As a script it serves and prints its port: python listing_stub.py FOLDERS FILES, where each of
FOLDERS has FILES.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 1000


class ListingStub(BaseHTTPRequestHandler):
    """Answers ListObjectsV2 for keys `in/<folder>/data_sales_<number>.csv`."""

    folders = 10
    files = 1000
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = {name: value for name, (value, *_) in parse_qs(urlsplit(self.path).query).items()}
        prefix, after = asked.get("prefix", ""), asked.get("continuation-token", "")
        names = [f"in/{folder:05d}/" for folder in range(self.folders)]
        if "delimiter" in asked and prefix in ("", "in/"):
            found = ["in/"] if not prefix else names
            entries = "".join(
                f"<CommonPrefixes><Prefix>{n}</Prefix></CommonPrefixes>" for n in found
            )
            self._answer(entries, "")
            return
        names = [name for name in names if name.startswith(prefix)]
        first = bisect_right(names, after) - 1 if after else 0
        number = int(after.rpartition("_")[2].removesuffix(".csv")) + 1 if after else 0
        entries, last = [], ""
        for name in names[max(0, first) :]:
            for number in range(number, self.files):  # noqa: B020
                if len(entries) == PAGE:
                    self._answer("".join(entries), last)
                    return
                last = f"{name}data_sales_{number:07d}.csv"
                entries.append(
                    f"<Contents><Key>{last}</Key><LastModified>2026-01-02T03:04:05.000Z"
                    f"</LastModified><ETag>&quot;{number:032x}&quot;</ETag><Size>{number}</Size>"
                    "<StorageClass>STANDARD</StorageClass></Contents>"
                )
            number = 0
        self._answer("".join(entries), "")

    def _answer(self, entries: str, after: str) -> None:
        token = f"<NextContinuationToken>{after}</NextContinuationToken>" if after else ""
        more = str(bool(after)).lower()
        body = (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>landing</Name>'
            f"<IsTruncated>{more}</IsTruncated>{token}{entries}</ListBucketResult>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def serve(folders: int, files: int) -> ThreadingHTTPServer:
    """A server of so many keys on a free port, to be started by its `serve_forever`."""
    handler = type("Stub", (ListingStub,), {"folders": folders, "files": files})
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)


if __name__ == "__main__":
    server = serve(int(sys.argv[1]), int(sys.argv[2]))
    print(server.server_port, flush=True)
    server.serve_forever()
