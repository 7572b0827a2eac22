"""``python -m prefect``: the same as the command ``prefect``."""

from __future__ import annotations

from prefect.cli import main

if __name__ == "__main__":
    main()
