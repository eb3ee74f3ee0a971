"""DuckDB reads, delta-rs writes. Arguments: folder, output, whether odd records are expected."""

import sys

import duckdb
from deltalake import write_deltalake

folder, output, careful = sys.argv[1], sys.argv[2], sys.argv[3] == "careful"
# Without these DuckDB stops at the first ragged line or stray quote; a line too long is dropped.
more = ", null_padding=true, strict_mode=false, ignore_errors=true, parallel=false"
connection = duckdb.connect()
rows = connection.sql(
    f"from read_csv('{folder}/*', header=true, all_varchar=true, union_by_name=true, "
    f"delim=',', quote='\"', escape='\"'{more if careful else ''})"
)
write_deltalake(output, rows.to_arrow_reader(100_000), mode="overwrite")
