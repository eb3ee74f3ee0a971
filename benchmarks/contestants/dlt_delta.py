"""dlt with its DuckDB reader, incremental by modification time, into Delta.

Arguments: folder, output, whether odd records are expected. Its state is in the working directory.
"""

import os
import sys
from pathlib import Path

folder, output, careful = sys.argv[1], sys.argv[2], sys.argv[3] == "careful"
in_s3 = folder.startswith("s3://")
os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DESTINATION__BUCKET_URL": output if in_s3 else f"file://{output}",
}
if in_s3:
    os.environ |= {
        "CREDENTIALS__AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "CREDENTIALS__AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
        "CREDENTIALS__REGION_NAME": os.environ["AWS_REGION"],
        "CREDENTIALS__ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
    }

import dlt  # noqa: E402
from dlt.sources.filesystem import filesystem, read_csv_duckdb  # noqa: E402

more = {"null_padding": True, "strict_mode": False, "ignore_errors": True, "parallel": False}
files = filesystem(bucket_url=folder if in_s3 else f"file://{folder}", file_glob="*")
files.apply_hints(incremental=dlt.sources.incremental("modification_date"))
rows = files | read_csv_duckdb(
    chunk_size=100_000, use_pyarrow=True, header=True, all_varchar=True, **(more if careful else {})
)
pipeline = dlt.pipeline(
    "benchmark",
    pipelines_dir=str(Path("state").absolute()),
    destination="filesystem",
    dataset_name="bronze",
)
pipeline.run(rows.with_name("sales"), write_disposition="append", table_format="delta")
