"""Parts of URLs as Java's URI has them, which changes nothing: no case, no dots, no escapes.

https://docs.databricks.com/aws/en/sql/language-manual/functions/parse_url
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/net/URI.html
"""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"(?:(?P<PROTOCOL>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<AUTHORITY>[^/?#]*))?(?P<PATH>[^?#]*)"
    r"(?:\?(?P<QUERY>[^#]*))?(?:#(?P<REF>.*))?",
    re.DOTALL,
)
_ILLEGAL = re.compile(r'[\x00-\x20\x7f-\xa0"<>\\^`{|}\[\]\s]|%(?![0-9A-Fa-f]{2})|#.*#', re.DOTALL)
_HOST = re.compile(
    r"(?:(?P<USERINFO>[^@]*)@)?(?P<HOST>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?)"
    r"(?::[0-9]*)?"
)


def url_part(url: str | None, part: str | None, key: str | None) -> str | None:
    """A part of a URL by the name that parse_url has for it, or the value of a key of its query,
    unless that is empty; None where there is none, and for what is no URL."""
    if url is None or part is None or key is None or not is_url(url):
        return None
    found = _PARTS.fullmatch(url)
    assert found is not None
    is_opaque = found["PROTOCOL"] is not None and not url[len(found["PROTOCOL"]) + 1 :].startswith(
        "/"
    )
    if part in ("USERINFO", "HOST"):
        host = _HOST.fullmatch(found["AUTHORITY"] or "")
        return host[part] if host is not None else None
    if part == "QUERY" and key:
        pair = re.search(rf"(?:&|^){re.escape(key)}=([^&]*)", found["QUERY"] or "")
        return pair[1] if pair is not None and not is_opaque else None
    if part == "FILE" and not is_opaque:
        return found["PATH"] + (f"?{found['QUERY']}" if found["QUERY"] is not None else "")
    if part not in _PARTS.groupindex or (is_opaque and part in ("PATH", "QUERY")):
        return None
    return found[part] or (found[part] if part in ("PATH", "QUERY", "REF") else None)


def is_url(text: str) -> bool:
    """Whether Java makes a URI of a text."""
    bracketed = re.sub(r"//([^/?#@]*@)?\[[0-9A-Fa-f:.]+\]", "//h", text, count=1)
    if _ILLEGAL.search(bracketed) is not None:
        return False
    first = re.match(r"[^/?#]*", text)
    assert first is not None
    scheme, colon, rest = first[0].partition(":")
    if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) is None:
        return False
    if colon and not rest and len(text) == len(first[0]):
        return False
    return re.fullmatch(r"(?:[^:/?#]+:)?//", text) is None


def url_validity(url: str | None) -> str | None:
    """'valid' for what is a URL; None for all else."""
    return "valid" if url is not None and is_url(url) else None
