"""What takes long to import and is not needed for a run is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from landing_place import CUSTOMERS, Place

from bronze_loader.warehouse.lazy_import import defer_import

COMMAND = Path(__file__).parents[2] / "scripts" / "load_bronze.py"


def test_a_run_that_loads_does_without_pandas_numpy_and_transfers(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    place.put("customer_infomation_2.csv", CUSTOMERS + b"3,Cid,M,5\n")
    settings = {"LANDING_URL": f"s3://landing/{place.prefix}", "BRONZE_SCHEMA": place.schema}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(COMMAND)],
        env=place.lakehouse.env | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Loaded 1 file, 3 rows" in done.stdout, done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pyarrow.lib" in imported
    assert not imported & {"pandas.core", "numpy._core", "s3transfer"}


def test_a_deferred_module_is_imported_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    defer_import("colorsys")
    stand_in = sys.modules["colorsys"]
    import colorsys

    assert colorsys is stand_in
    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    assert sys.modules["colorsys"] is not stand_in
    assert colorsys.hsv_to_rgb is sys.modules["colorsys"].hsv_to_rgb
    with pytest.raises(AttributeError, match="colorsys"):
        colorsys.missing  # noqa: B018
