"""`local-warehouse compare`: the same questions of a workspace and of the local warehouse."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from local_warehouse.comparison.questions import KINDS, documented
from local_warehouse.comparison.verdicts import EQUAL, REFUSED, UNCOMPARED, Answer, verdict
from local_warehouse.comparison.warehouses import asked, workspace_environment
from local_warehouse.services.errors import LocalWarehouseError
from local_warehouse.services.state import say

_SHOWN = 160  # characters of an answer in a table


@dataclass(frozen=True)
class Difference:
    """A question with two answers; `kind` is one of those in `verdicts`."""

    kind: str
    sql: str
    workspace: Answer
    local: Answer


@dataclass(frozen=True)
class Wanted:
    """What is to be asked, and where answers are kept or taken from."""

    seed: int
    count: int  # of each kind of question
    save: Path | None
    answers: Path | None


def questions(wanted: Wanted) -> list[str]:
    """As many questions as are wanted of each kind, once each."""
    by_seed = [sql for make in KINDS.values() for sql in make(wanted.seed, wanted.count)]
    return list(dict.fromkeys([*documented()[: wanted.count], *by_seed]))


def check(wanted: Wanted) -> None:
    """Raise LocalWarehouseError, before anything is started, where there is nothing to ask."""
    if wanted.answers:
        _read(wanted.answers)
    else:
        workspace_environment()


def run(local: Mapping[str, str], wanted: Wanted, *, as_json: bool) -> int:
    """Ask, print what differs, and return 1 if anything does.

    Raises LocalWarehouseError without a workspace, and for a file that has no answers.
    """
    known = _read(wanted.answers) if wanted.answers else None
    environment = workspace_environment() if known is None else None
    to_ask = list(known) if known is not None else questions(wanted)
    say(f"asking {len(to_ask):,} questions, seed {wanted.seed}")
    kinds: Counter[str] = Counter()
    found: list[Difference] = []
    answers: dict[str, Answer] = {}
    there = asked(environment) if environment else nullcontext(None)
    with _ended_by_signals(), asked(local) as here, there as workspace:
        for sql in to_ask:
            theirs = workspace.ask(sql) if workspace else (known or {})[sql]
            ours = here.ask(sql)
            kind = verdict(theirs, ours, sql)
            kinds[kind] += 1
            answers[sql] = theirs
            if kind not in (EQUAL, REFUSED, UNCOMPARED):
                found.append(Difference(kind, sql, theirs, ours))
    if wanted.save:
        wanted.save.write_text(json.dumps(answers, indent=1), "utf-8")
    if as_json:
        differences = [asdict(difference) for difference in found]
        json.dump({"counts": kinds, "differences": differences}, sys.stdout, indent=1)
        print()
    else:
        _print(found)
    counted = ", ".join(f"{number:,} {kind}" for kind, number in kinds.most_common())
    say(f"{len(found):,} differ of {len(to_ask):,}: {counted}")
    return 1 if found else 0


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End as by Ctrl-C where the process is told to end, so that the schemas are dropped."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _read(path: Path) -> dict[str, Answer]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LocalWarehouseError(
            f"{path} holds no answers of `compare --save`: {error}", 2
        ) from error
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise LocalWarehouseError(f"{path} holds no answers of `compare --save`", 2)
    return found


def _print(found: Sequence[Difference]) -> None:
    from rich.table import Table
    from rich.text import Text

    from local_warehouse.client.terminal import Output

    if not found:
        print("no difference")
        return
    table = Table(show_edge=False, show_lines=True)
    for title in ("difference", "question", "workspace", "local warehouse"):
        table.add_column(title, overflow="fold")
    for one in sorted(found, key=lambda difference: difference.kind):
        cells = (one.kind, one.sql, _short(one.workspace), _short(one.local))
        table.add_row(*map(Text, cells))
    Output().print(table)


def _short(answer: Answer) -> str:
    if "error" in answer:
        return f"[{answer['error']}]"
    types = ", ".join(data_type for _, data_type in answer["columns"])
    rows = json.dumps(answer.get("rows", f"{answer.get('row_count')} rows"), ensure_ascii=False)
    text = f"{types}: {rows}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
