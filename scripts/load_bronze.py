"""Entry of the bronze loader: `load-bronze` in a terminal, and the job's last task, `mark_green`.

The job's first task is load_bronze_notebook.py.

Databricks runs the file of a Python task with `exec`: there is no `__file__`, the file's folder is
not on the path, and a SystemExit counts as a failure whatever its code.
"""

from __future__ import annotations

import atexit
import gc
import inspect
import sys
from pathlib import Path

HERE = str(Path(inspect.getfile(lambda: None)).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

# The garbage collector would spend a third of a second on what is imported and stays: while it is
# imported, and when the process ends.
gc.set_threshold(100_000, 50, 50)
atexit.register(gc.freeze)

from bronze_loader.cli import main  # noqa: E402 - the path comes first

if __name__ == "__main__" and (code := main()):
    sys.exit(code)
