"""polars streams into Delta. Arguments: folder, output, whether odd records are expected."""

import sys
from pathlib import Path

import polars as pl

folder, output, careful = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "careful"
frames = []
for path in sorted(folder.iterdir()):
    frame = pl.scan_csv(path, infer_schema=False, truncate_ragged_lines=careful)
    frames.append(frame.rename(str.lower))
pl.concat(frames, how="diagonal").sink_delta(output, mode="overwrite")
