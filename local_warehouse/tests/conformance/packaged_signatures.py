"""The text of rewrites/data/signatures.json, by what Spark declares and signatures.yml.

`python packaged_signatures.py` writes the file anew, by the answers that `run.py -k signatures`
records.
"""

from __future__ import annotations

import json
from collections import defaultdict
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from reference import ANSWERS, HERE, Answers
from signature_questions import questions

from local_warehouse import rewrites
from local_warehouse.types.kinds import TOP, kind_of_type, letters

RECORD = ANSWERS / "signatures.json"
PACKAGED = Path(str(resources.files(rewrites).joinpath("data", "signatures.json")))
RULES = yaml.safe_load((HERE / "signatures.yml").read_text("utf-8"))

Casts = dict[str, str]  # kinds by what they are cast to: a type, "" for none, or "!" for a refusal
Types = dict[str, str]  # the type that each kind becomes, by the kind's letter

# What kinds become that the engine makes of them as well: numbers that hold them, and the like.
_MADE_BY_THE_ENGINE = {
    "1": "248cfd", "2": "48cfd", "4": "8cfd", "8": "cfd", "f": "d", "c": "d", "D": "T", "s": "x",
}  # fmt: skip


def text(declared: Answers) -> str:
    """The text of the file, by Spark's answers."""
    parameters: list[Casts] = []
    functions: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, places in _taken(declared).items():
        for place, casts in places.items():
            if casts in ({}, {"": letters(TOP)}):
                continue
            if casts not in parameters:
                parameters.append(casts)
            taken = functions[name].setdefault("takes", {})
            taken[place] = str(parameters.index(casts))
    given = _given(declared)
    for name in {*functions, *given} - _names(RULES["gives_anything"]):
        functions[name] |= given.get(name, {})
    kept = {str(number): casts for number, casts in enumerate(parameters)}
    made = {name: functions[name] for name in sorted(functions)}
    return f'{{"parameters": {{\n{_lines(kept)}\n}},\n"functions": {{\n{_lines(made)}\n}}}}\n'


def _lines(values: dict[str, Any]) -> str:
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items())


def _names(listed: str) -> set[str]:
    return {name.strip() for name in listed.split(",")}


def _taken(declared: Answers) -> dict[str, dict[str, Casts]]:
    """What each function takes at each place."""
    found: dict[str, dict[str, Types]] = defaultdict(dict)
    left_out = {(one["function"], one["place"]) for one in RULES["as_the_first"]}
    for question, answer in declared.items():
        name, place = question.split()[:2]
        if "takes" not in answer or (name, place) in left_out:
            continue
        types = _types(answer["takes"], keeps_decimals=name in _names(RULES["of_decimals"]))
        found[name][place] = _united(found[name].get(place, {}), types)
    for name in _names(RULES["not_looked_at"]):
        found.pop(name, None)
    for name, places in RULES["takes"].items():
        found[name] |= {place: _becoming(casts) for place, casts in places.items()}
    refused = {(name, p) for name, listed in RULES["no_binary"].items() for p in _names(listed)}
    return {
        name: {
            place: _casts(types, refused="x" if (name, place) in refused else "")
            for place, types in places.items()
        }
        for name, places in found.items()
    }


def _types(takes: dict[str, list[str]], *, keeps_decimals: bool) -> Types:
    """The type that each kind becomes, which is its letter where it stays what it is."""
    return {
        letter: letter
        if letters(kind_of_type(becomes)) == letter
        or (keeps_decimals and becomes.startswith("decimal"))
        else becomes
        for becomes, kinds in takes.items()
        for letter in map(_letter, kinds)
    }


def _letter(kind: str) -> str:
    types = {"days": "interval day", "months": "interval month"}
    return letters(kind_of_type(types.get(kind, kind)))


def _united(one: Types, other: Types) -> Types:
    """What one of two declarations takes; as it is where they cast it to different types."""
    several = {letter for letter in {*one} & {*other} if one[letter] != other[letter]}
    return other | one | {letter: letter for letter in several}


def _becoming(casts: Casts) -> Types:
    return {letter: becomes or letter for becomes, kinds in casts.items() for letter in kinds}


def _casts(types: Types, refused: str) -> Casts:
    """The kinds by the type that they are cast to, without casts that the engine makes as well."""
    casts = {"!": refused} if refused else {}
    for letter in letters(TOP):
        if letter in types and letter not in refused:
            becomes = types[letter]
            made = letters(kind_of_type(becomes)) in _MADE_BY_THE_ENGINE.get(letter, ())
            wanted = "" if made or becomes == letter else becomes
            casts[wanted] = casts.get(wanted, "") + letter
    return casts


def _given(declared: Answers) -> dict[str, dict[str, Any]]:
    """What functions give, where it is known. Raises ValueError for one that gives several kinds
    and has no rule."""
    seen: dict[str, set[str]] = defaultdict(set)
    for question in questions():
        answer = declared.get(question["name"], {})
        if "gives" in answer and question["is_whole"]:
            seen[question["name"].split()[0]].add(answer["gives"])
    found: dict[str, dict[str, Any]] = {name: {"gives": sorted(of)} for name, of in seen.items()}
    known = _names(RULES["gives_anything"])
    for rule in RULES["gives"]:
        more = {key: rule[key] for key in ("keeps", "becomes", "holds", "picks") if key in rule}
        for name in _names(rule["functions"]):
            found[name] = {"gives": rule["types"]} | more
            known.add(name)
    several = {name for name, of in seen.items() if len({*map(kind_of_type, of)}) > 1} - known
    if several:
        raise ValueError(f"signatures.yml does not say what these give: {sorted(several)}")
    return found


if __name__ == "__main__":
    PACKAGED.write_text(text(json.loads(RECORD.read_text("utf-8"))), "utf-8")
