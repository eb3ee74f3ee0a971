"""Which files hold the same content under another name. Pure.

Equal means: the same etag and size. An etag is a digest of the content, of the content's parts
for a multipart upload (so the same bytes in other parts are not recognised), or unique to the
object (with SSE-KMS); in no case do two contents share one.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bronze_loader.planning.plan import PlannedFile
from bronze_loader.planning.state import State


@dataclass(frozen=True)
class Judged:
    """`originals` has the first file's URL for each duplicate; `waits` has for each file to load
    the URL of the file that still holds its content in bronze and is to be replaced first."""

    to_load: tuple[PlannedFile, ...]
    originals: dict[str, str]
    waits: dict[str, str]


def judge(
    dataset: str, candidates: Sequence[PlannedFile], state: State, leaving: Collection[str] = ()
) -> Judged:
    """Hold candidates of one dataset, in the plan's order, against bronze and each other.

    What counts is what bronze will hold after the run. The first copy is a file whose rows stay
    (unchanged, gone from the landing place, or replaced by a refused one), else the candidate that
    has these rows already, else the first in order. The URLs `leaving` lose their rows.
    """
    changing = {c.url for c in candidates}
    owners: dict[tuple[str, int], str] = {}
    holders: dict[tuple[str, int], str] = {}
    for (name, url), before in state.items():
        if name == dataset and before.held is not None and url not in leaving:
            (holders if url in changing else owners).setdefault(before.held.content, url)
    for one in candidates:
        if one.held and one.held.content == one.content:
            owners.setdefault(one.content, one.url)
    for one in candidates:
        owners.setdefault(one.content, one.url)
    to_load = tuple(c for c in candidates if owners[c.content] == c.url)
    return Judged(
        to_load,
        {c.url: owners[c.content] for c in candidates if owners[c.content] != c.url},
        {c.url: holders[c.content] for c in to_load if holders.get(c.content, c.url) != c.url},
    )


def certain(
    dataset: str, candidates: Sequence[PlannedFile], state: State, leaving: Collection[str] = ()
) -> dict[str, str]:
    """Those duplicates, with the first file's URL, that no look into the files can change."""
    changing = {c.url for c in candidates}
    originals = judge(dataset, candidates, state, leaving).originals
    return {url: original for url, original in originals.items() if original not in changing}
