"""dlt with its DuckDB reader, incremental by modification time, into Delta.

Arguments: folder, output, whether odd records are expected.
"""

import os
import sys
from pathlib import Path

folder, output, careful = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "careful"
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DESTINATION__BUCKET_URL": f"file://{output}"}

import dlt  # noqa: E402
from dlt.sources.filesystem import filesystem, read_csv_duckdb  # noqa: E402

more = {"null_padding": True, "strict_mode": False, "ignore_errors": True, "parallel": False}
files = filesystem(bucket_url=f"file://{folder.resolve()}", file_glob="*")
files.apply_hints(incremental=dlt.sources.incremental("modification_date"))
rows = files | read_csv_duckdb(
    chunk_size=100_000, use_pyarrow=True, header=True, all_varchar=True, **(more if careful else {})
)
pipeline = dlt.pipeline(
    "benchmark", pipelines_dir=f"{output}_state", destination="filesystem", dataset_name="bronze"
)
pipeline.run(rows.with_name("sales"), write_disposition="append", table_format="delta")
