"""Reads the files' bytes and writes as many as our result has, with no rows: what no load can
undercut. Arguments: folder, output, number of bytes."""

import os
import sys

import pyarrow.fs as fs

BLOCK = 8 << 20

folder, output, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
source, place = fs.FileSystem.from_uri(folder)
for found in source.get_file_info(fs.FileSelector(place)):
    with source.open_input_stream(found.path, compression=None) as file:
        while file.read(BLOCK):
            pass

target, place = fs.FileSystem.from_uri(output)
target.create_dir(place)
body = os.urandom(BLOCK)
with target.open_output_stream(f"{place}/bytes") as file:
    for start in range(0, size, BLOCK):
        file.write(body[: size - start])
