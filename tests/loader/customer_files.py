"""Customer files of different contents, and what bronze and the log have of them."""

from __future__ import annotations

from landing_place import CUSTOMERS, Place

OTHER = CUSTOMERS.replace(b"Ann", b"Eve")
THIRD = CUSTOMERS.replace(b"Ann", b"Zoe")
ONE, TWO, THREE = (f"customer_infomation_{number}.csv" for number in (1, 2, 3))


def names(place: Place) -> list[tuple[str, str]]:
    """(file, customer) of each first row in bronze."""
    start = len(f"s3://landing/{place.prefix}/")
    rows = place.rows("customers", "_source_file, customername", "id = '1'")
    return [(url[start:], name) for url, name in rows]


def statuses(place: Place) -> list[str]:
    return [entry["status"] for entry in place.log()]
