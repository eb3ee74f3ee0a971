"""The lines of a customer file."""

from collections.abc import Iterator
from hashlib import blake2b

from landing_sample.chance import Defects, Dice
from landing_sample.layout import Sample, SampleFile
from landing_sample.lines import (
    Line,
    long_line,
    shifted_line,
    short_line,
    unclosed_quote,
    whole_line,
)
from landing_sample.vocabulary import BAD_AGES, FEMALE_NAMES, MALE_NAMES, NICKNAMES, SURNAMES

_DEFECTS = (
    "blank age", "bad age", "blank gender", "short", "blank customername", "bad age", "long",
    "blank id", "unclosed", "blank gender and bad age", "shifted",
)  # fmt: skip


def customer_id(number: int) -> str:
    """The id as text of six digits: a cast to a number would lose the leading zeros."""
    return f"{number:06d}"


def customer_lines(sample: Sample, file: SampleFile) -> Iterator[Line]:
    """The data lines of the file, without its header and its empty lines."""
    dice = Dice(sample.seed, file.dataset, file.number)
    kinds = _DEFECTS if file.newline == "\n" else tuple(k for k in _DEFECTS if k != "unclosed")
    defects = Defects(dice, kinds, every=25, first=file.number * 3)
    for numbers, version in file.people:
        for number in numbers:
            person = _person(sample.seed, number, version)
            if dice.random() < 0.05:
                gender = person["gender"]
                person["gender"] = dice.pick((gender.upper(), gender.capitalize(), f" {gender} "))
            if file.newline != "\n":
                person["customername"] = person["customername"].replace("\n", " ")
            yield _line(file, person, defects.deal(), dice)


def _person(seed: int, number: int, version: int) -> dict[str, str]:
    """A customer's attributes by column; a pure function of seed, number and version."""
    bits = int.from_bytes(blake2b(f"{seed}:{number}".encode(), digest_size=8).digest(), "big")
    bits, gender_bits = divmod(bits, 2)
    bits, first = divmod(bits, len(MALE_NAMES))
    bits, last = divmod(bits, len(SURNAMES))
    bits, age = divmod(bits, 63)
    bits, style = divmod(bits, 60)
    given = (FEMALE_NAMES if gender_bits else MALE_NAMES)[first]
    surname = SURNAMES[(last + 5 * (version - 1)) % len(SURNAMES)]
    if style < 3:
        name = f"{surname}, {given}"
    elif style < 5:
        name = f'{given} "{NICKNAMES[bits % len(NICKNAMES)]}" {surname}'
    elif style < 6:
        name = f"{given}\n{surname}"
    else:
        name = f"{given} {surname}"
    if version > 1 and bits % 9 == 0:  # a corrected record
        gender_bits = 1 - gender_bits
    years = {0: 0, 1: 130}.get(bits % 400, 18 + age)  # both bounds of the age rule occur
    return {
        "id": customer_id(number),
        "customername": name,
        "gender": "female" if gender_bits else "male",
        "age": str(min(years + version - 1, 130)),
        "email": f"customer{number}@example.com" if bits % 3 else "",
    }


def _line(file: SampleFile, person: dict[str, str], defect: str | None, dice: Dice) -> Line:
    columns = file.columns
    if defect is None:
        return whole_line([person[column] for column in columns], file.quote_all)
    if "bad age" in defect:
        person["age"] = dice.pick(BAD_AGES)
    if defect.startswith("blank"):
        person[defect.split()[1]] = dice.pick(("", "", "  "))
    cells = [person[column] for column in columns]
    name_at = columns.index("customername")
    if defect == "short":
        return short_line(cells, 2 + dice.below(len(cells) - 2))
    if defect == "long":
        return long_line(cells, "checked")
    if defect == "shifted":
        cells[name_at] = dice.pick(SURNAMES)
        return shifted_line(cells, name_at, " " + dice.pick(MALE_NAMES))
    if defect == "unclosed":
        cells[name_at] = dice.pick(SURNAMES)
        other = {**person, "id": "", "customername": dice.pick(SURNAMES)}
        return unclosed_quote(cells, [other[column] for column in columns], name_at)
    return whole_line(cells, file.quote_all)
