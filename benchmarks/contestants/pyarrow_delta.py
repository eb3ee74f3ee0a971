"""pyarrow streams, delta-rs writes. Arguments: folder, output, whether odd records are expected."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
from deltalake import write_deltalake

folder, output, careful = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "careful"

parsing = csv.ParseOptions(
    newlines_in_values=careful, invalid_row_handler=(lambda row: "skip") if careful else None
)


def names(path: Path) -> list[str]:
    return csv.open_csv(path, csv.ReadOptions(block_size=1 << 20), parsing).schema.names


paths = sorted(folder.iterdir())
headers = {path: names(path) for path in paths}
columns = list(dict.fromkeys(name.lower() for found in headers.values() for name in found))
schema = pa.schema([(name, pa.string()) for name in columns])


def batches() -> Iterator[pa.RecordBatch]:
    for path in paths:
        reader = csv.open_csv(
            path,
            csv.ReadOptions(block_size=8 << 20),
            parsing,
            csv.ConvertOptions(column_types=dict.fromkeys(headers[path], pa.string())),
        )
        found = [name.lower() for name in headers[path]]
        for batch in reader:
            nothing = pa.nulls(batch.num_rows, pa.string())
            yield pa.record_batch(
                [batch.column(found.index(n)) if n in found else nothing for n in columns], schema
            )


write_deltalake(output, pa.RecordBatchReader.from_batches(schema, batches()), mode="overwrite")
