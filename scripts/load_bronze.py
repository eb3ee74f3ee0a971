"""Entry of the bronze loader: `load-bronze` in a terminal, the first task of the job."""

from __future__ import annotations

import sys

from bronze_loader.cli import main

if __name__ == "__main__":
    sys.exit(main())
