"""Files are cut into batches that stay within the limits of a statement."""

from __future__ import annotations

from bronze_loader.planning.batches import Limits, batches


def test_batches_stay_within_every_limit_and_lose_nothing() -> None:
    limits = Limits(files=3, file_bytes=100, statement_bytes=50)
    sizes = [10, 10, 10, 10, 90, 20, 500, 1]
    cut = list(batches(sizes, limits, lambda size: size, lambda _: 20))
    assert [size for batch in cut for size in batch] == sizes
    assert cut == [[10, 10], [10, 10], [90], [20], [500], [1]]
    assert list(batches(sizes[:4], Limits(files=3), int, int)) == [[10, 10, 10], [10]]
