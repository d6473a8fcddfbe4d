"""``python -m respaldo`` is the command ``respaldo``."""

from __future__ import annotations

import sys

from .cli.main import main

if __name__ == "__main__":  # not when somebody imports it
    sys.exit(main())
