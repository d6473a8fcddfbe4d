"""``python -m respaldo`` is the command ``respaldo``."""

from __future__ import annotations

import sys

from .cli.main import main

if __name__ == "__main__":  # importing this module runs nothing
    sys.exit(main())
