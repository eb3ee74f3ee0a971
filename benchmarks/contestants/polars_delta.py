"""polars streams into Delta. Arguments: folder, output, whether odd records are expected."""

import sys

import fsspec
import polars as pl

folder, output, careful = sys.argv[1], sys.argv[2], sys.argv[3] == "careful"
files, place = fsspec.url_to_fs(folder)
frames = []
for path in sorted(files.ls(place, detail=False)):
    url = files.unstrip_protocol(path)
    frame = pl.scan_csv(url, infer_schema=False, truncate_ragged_lines=careful)
    frames.append(frame.rename(str.lower))
pl.concat(frames, how="diagonal").sink_delta(output, mode="overwrite")
