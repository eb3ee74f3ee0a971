"""Which files hold the same content under another name. Pure; nothing here does I/O.

Equal means: the same etag and size. An etag is a digest of the content, of the content's parts
for a multipart upload (so the same bytes in other parts are not recognised), or unique to the
object (with SSE-KMS); in no case do two contents share one.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bronze_loader.planning.file_state import FileStates
from bronze_loader.planning.plan import PlannedFile


@dataclass(frozen=True)
class Duplicates:
    """What `find_duplicates` found, by file URL.

    `originals` has, for each duplicate, the file of the same content that bronze has. `waits` has,
    for some files to load, the file that still holds their content in bronze; it is to be replaced
    first.
    """

    originals: dict[str, str]
    waits: dict[str, str]


def find_duplicates(
    dataset: str,
    candidates: Sequence[PlannedFile],
    states: FileStates,
    leaving: Collection[str] = (),
) -> Duplicates:
    """Compare candidates of one dataset, in the plan's order, with bronze and with each other.

    What counts is what bronze will hold after the run. The original is a file whose rows stay
    (unchanged, gone from the landing place, or replaced by a refused one), else the candidate that
    has these rows already, else the first in order. The URLs in `leaving` lose their rows.
    """
    changing = {c.url for c in candidates}
    owners: dict[tuple[str, int], str] = {}
    holders: dict[tuple[str, int], str] = {}
    for (name, url), before in states.items():
        if name == dataset and before.held is not None and url not in leaving:
            (holders if url in changing else owners).setdefault(before.held.content, url)
    for one in candidates:
        if one.held and one.held.content == one.content:
            owners.setdefault(one.content, one.url)
    for one in candidates:
        owners.setdefault(one.content, one.url)
    to_load = [c for c in candidates if owners[c.content] == c.url]
    return Duplicates(
        {c.url: owners[c.content] for c in candidates if owners[c.content] != c.url},
        {c.url: holders[c.content] for c in to_load if holders.get(c.content, c.url) != c.url},
    )


def certain_duplicates(
    dataset: str,
    candidates: Sequence[PlannedFile],
    states: FileStates,
    leaving: Collection[str] = (),
) -> dict[str, str]:
    """Those duplicates, with their original's URL, that no header can change: the original is no
    candidate itself."""
    changing = {c.url for c in candidates}
    originals = find_duplicates(dataset, candidates, states, leaving).originals
    return {url: original for url, original in originals.items() if original not in changing}


class RowHolders:
    """The files whose rows bronze holds, asked for those with the same rows as others.

    A file's digest is its first one, of its number of rows and one column; behind a slash follows
    the digest of all columns, which is only asked where another file has the same first one.
    """

    def __init__(self) -> None:
        self._firsts: set[str] = set()
        self._without: dict[str, list[str]] = {}  # files without the second, by their first digest
        self._by_digest: dict[str, str] = {}

    def compared(self, firsts: Mapping[str, str]) -> list[str]:
        """The files whose second digests are needed to compare new ones, of which `firsts` has the
        first ones, with each other and with those that are held."""
        times = Counter(firsts.values())
        again = {one for one in times if times[one] > 1 or one in self._firsts}
        held = [url for first in again for url in self._without.get(first, ())]
        return held + [url for url, first in firsts.items() if first in again]

    def learn(self, seconds: Mapping[str, str]) -> None:
        """Take the second digests of held files that had none."""
        for first, urls in list(self._without.items()):
            for url in [one for one in urls if one in seconds]:
                urls.remove(url)
                self.add(url, f"{first}/{seconds[url]}")

    def add(self, url: str, digest: str) -> str | None:
        """Note a file that is held; returns the file that was noted with the same rows."""
        first, _, second = digest.partition("/")
        self._firsts.add(first)
        if not second:
            self._without.setdefault(first, []).append(url)
            return None
        other = self._by_digest.setdefault(digest, url)
        return None if other == url else other


def holders_of_rows(dataset: str, states: FileStates, changing: Collection[str]) -> RowHolders:
    """The files whose rows bronze holds and that do not change, the oldest first."""
    held = [
        (before.held.modified_at, url, before.held.rows_digest)
        for (name, url), before in states.items()
        if name == dataset and url not in changing and before.held and before.held.rows_digest
    ]
    holders = RowHolders()
    for _, url, digest in sorted(held):
        holders.add(url, digest)
    return holders
