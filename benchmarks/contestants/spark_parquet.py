"""Apache Spark to Parquet. Arguments: folder, output, whether odd records are expected."""

import gzip
import sys
from collections import defaultdict
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

folder, output, careful = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "careful"
groups: dict[str, list[str]] = defaultdict(list)
for path in sorted(folder.iterdir()):
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        groups[file.readline().decode().strip().lower()].append(str(path))
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "2g")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)


def read(header: str, paths: list[str]) -> DataFrame:
    """The rows of files that have the same header."""
    schema = ", ".join(f"`{name}` string" for name in header.split(","))
    options = {"header": True, "escape": '"', "multiLine": careful}
    return spark.read.options(**options).schema(schema).csv(paths)


frames = [read(header, paths) for header, paths in groups.items()]
rows = reduce(lambda one, two: one.unionByName(two, allowMissingColumns=True), frames)
rows.write.mode("overwrite").parquet(output)

# Wait for the virtual machine, so that its processor time counts.
gateway = spark.sparkContext._gateway
spark.stop()
gateway.shutdown()
gateway.proc.stdin.close()
gateway.proc.wait()
