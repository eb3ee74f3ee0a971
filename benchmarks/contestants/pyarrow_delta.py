"""pyarrow streams, delta-rs writes. Arguments: folder, output, whether odd records are expected."""

import sys
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.fs as fs
from deltalake import write_deltalake

folder, output, careful = sys.argv[1], sys.argv[2], sys.argv[3] == "careful"

parsing = csv.ParseOptions(
    newlines_in_values=careful, invalid_row_handler=(lambda row: "skip") if careful else None
)


files, place = fs.FileSystem.from_uri(folder)


def names(path: str) -> list[str]:
    """The header of a file."""
    file = files.open_input_stream(path)
    return csv.open_csv(file, csv.ReadOptions(block_size=1 << 20), parsing).schema.names


paths = sorted(found.path for found in files.get_file_info(fs.FileSelector(place)))
headers = {path: names(path) for path in paths}
columns = list(dict.fromkeys(name.lower() for found in headers.values() for name in found))
schema = pa.schema([(name, pa.string()) for name in columns])


def batches() -> Iterator[pa.RecordBatch]:
    """The rows of all files, with the columns of all files, in lower case."""
    for path in paths:
        reader = csv.open_csv(
            files.open_input_stream(path),
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
