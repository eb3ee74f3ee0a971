"""DuckDB reads, delta-rs writes. Arguments: folder, output, whether odd records are expected.

DuckDB reads S3 by an extension, which the package index does not have for this version, so pyarrow
fetches the files first.
"""

import sys
import tempfile

import duckdb
import pyarrow.fs as fs
from deltalake import write_deltalake

folder, output, careful = sys.argv[1], sys.argv[2], sys.argv[3] == "careful"
# Without these DuckDB stops at the first ragged line or stray quote. It drops lines too long.
more = ", null_padding=true, strict_mode=false, ignore_errors=true, parallel=false"
connection = duckdb.connect()
with tempfile.TemporaryDirectory() as fetched:
    if folder.startswith("s3://"):
        fs.copy_files(folder, fetched)
        folder = fetched
    rows = connection.sql(
        f"from read_csv('{folder}/*', header=true, all_varchar=true, union_by_name=true, "
        f"delim=',', quote='\"', escape='\"'{more if careful else ''})"
    )
    write_deltalake(output, rows.to_arrow_reader(100_000), mode="overwrite")
