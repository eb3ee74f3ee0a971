"""The law, from the file to bronze: what a careful person would accept is accepted, value by value,
and all else has a reason. The files are those of `odd_files`, all in one load."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

from landing_place import Place
from odd_files import COLUMNS, odd_file

FILES = 150


def test_each_row_is_accepted_as_it_is_or_has_a_reason(place: Place) -> None:
    random = Random(1)  # noqa: S311
    files = {file.name: file for file in (odd_file(n, random) for n in range(FILES))}
    for file in files.values():
        place.put(file.name, file.content)
    told, summary = place.load_json("--verify", exit_code=3)
    start = len(f"s3://landing/{place.prefix}/")
    found: dict[str, list[tuple[str | None, ...]]] = defaultdict(list)
    malformed: Counter[str] = Counter()
    for url, corrupt, *values in place.rows(
        "sales", f"_source_file, _corrupt_record, {', '.join(COLUMNS)}"
    ):
        if corrupt is None:
            found[url[start:]].append(tuple(values))
        else:
            malformed[url[start:]] += 1
    wrong = []
    for name, file in files.items():
        said = told[name]
        if file.refused:
            right = said["result"] == "refused" and said["reason"] and not found[name]
        else:
            right = (
                said["result"] == "loaded"
                and sorted(found[name]) == sorted(file.rows)
                and malformed[name] == file.malformed == said["corrupt_row_count"]
            )
        if not right:
            wrong.append(f"{name} {file.about}: {said['reason']}\n {file.rows}\n {found[name]}")
    assert not wrong, "\n".join(wrong[:5]) + f"\n{len(wrong)} of {len(files)}"
    accepted = sum(len(file.rows) for file in files.values())
    assert summary["rows"] == accepted + sum(file.malformed for file in files.values())
    assert 0 < summary["refused"] < FILES / 2
