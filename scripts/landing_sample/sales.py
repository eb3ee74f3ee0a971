"""The lines of a sales file."""

from calendar import monthrange
from collections.abc import Iterator

from landing_sample.chance import Defects, Dice
from landing_sample.customers import customer_id
from landing_sample.layout import Sample, SampleFile
from landing_sample.lines import (
    Line,
    long_line,
    shifted_line,
    short_line,
    unclosed_quote,
    whole_line,
)
from landing_sample.vocabulary import (
    BAD_DATES,
    BAD_QUANTITIES,
    DISTRICTS,
    MISSPELT_PRODUCTS,
    PLATFORMS,
    PRODUCTS,
    SHOPS,
    UNKNOWN_PLATFORMS,
)

_DEFECTS = (
    "blank quan", "bad quan", "unknown platform", "short", "bad createtime", "blank id", "long",
    "blank platform", "bad quan and unknown platform", "blank createtime", "unclosed",
    "blank product", "blank shop", "shifted", "bad createtime", "bad quan",
)  # fmt: skip
_QUANTITIES = ("1", "1", "1", "2", "2", "3", "5", "12")


def sales_lines(sample: Sample, file: SampleFile) -> Iterator[Line]:
    """The data lines of the file, without its header and its empty lines.

    About one line in 200 is written twice, which means two sales.
    """
    dice = Dice(sample.seed, file.dataset, file.number)
    defects = Defects(dice, _DEFECTS, every=25, first=file.number * 3)
    days = [f"{file.month}-{day + 1:02d}" for day in range(_days_in(file.month))]
    left = file.rows
    while left > 0:
        sale = _sale(sample, days, dice)
        line = _line(file, sale, defects.deal(), dice)
        copies = 2 if left > 1 and dice.random() < 0.005 else 1
        for _ in range(copies):
            yield line
        left -= copies


def _days_in(month: str) -> int:
    year, number = month.split("-")
    return monthrange(int(year), int(number))[1]


def _sale(sample: Sample, days: list[str], dice: Dice) -> dict[str, str]:
    draw = dice.random()
    product = dice.pick_front(PRODUCTS)
    platform = dice.pick_front(PLATFORMS)
    shop = dice.pick(SHOPS)
    if draw < 0.12:  # spellings as people type them: cleaning makes all of them right
        if draw < 0.03:
            product = dice.pick((product.lower(), product.capitalize(), f" {product} "))
        elif draw < 0.05:
            product = dice.pick(tuple(MISSPELT_PRODUCTS))
        elif draw < 0.08:
            platform = dice.pick((platform.upper(), platform.capitalize(), f"{platform} "))
        elif draw < 0.105:
            shop = f"{shop}, {dice.pick(DISTRICTS)}"
        elif draw < 0.115:
            shop = f'The "{shop}"'
        else:
            shop = f"{shop}\n{dice.pick(DISTRICTS)}"
    return {
        "createtime": dice.pick(days),
        "id": customer_id(_buyer(sample, dice)),
        "product": product,
        "quan": dice.pick(_QUANTITIES),
        "shop": shop,
        "platform": platform,
        "voucher": "SALE10" if draw > 0.8 else "",
    }


def _buyer(sample: Sample, dice: Dice) -> int:
    """The number of a customer: mostly a known one, 3 % from wave 2, 2 % in no file."""
    draw = dice.random()
    known = sample.customers
    if draw < 0.02:
        return known + sample.late_customers + 1 + dice.below(known)
    if draw < 0.05:
        return known + 1 + dice.below(sample.late_customers)
    return 1 + int(dice.random() ** 1.5 * known)


def _line(file: SampleFile, sale: dict[str, str], defect: str | None, dice: Dice) -> Line:
    columns = file.columns
    if defect is None:
        return whole_line([sale[column] for column in columns], file.quote_all)
    if defect.startswith("blank"):
        sale[defect.split()[1]] = dice.pick(("", "", "  "))
    if "bad quan" in defect:
        sale["quan"] = dice.pick(BAD_QUANTITIES)
    if defect == "bad createtime":
        sale["createtime"] = dice.pick(BAD_DATES)
    if "unknown platform" in defect:
        sale["platform"] = dice.pick(UNKNOWN_PLATFORMS)
    cells = [sale[column] for column in columns]
    shop_at = columns.index("shop")
    if defect == "short":
        return short_line(cells, 2 + dice.below(len(cells) - 2), file.quote_all)
    if defect == "long":
        return long_line(cells, "checked", file.quote_all)
    if defect == "shifted":
        cells[shop_at] = dice.pick(SHOPS)
        return shifted_line(cells, shop_at, " " + dice.pick(DISTRICTS))
    if defect == "unclosed":
        cells[shop_at] = dice.pick(SHOPS)
        other = {**sale, "shop": dice.pick(SHOPS)}
        return unclosed_quote(cells, [other[column] for column in columns], shop_at)
    return whole_line(cells, file.quote_all)
