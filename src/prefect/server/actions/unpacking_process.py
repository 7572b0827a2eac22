"""The process that reads a large flow: it comes in at standard input, and what is made of it goes out."""

from __future__ import annotations

import sys

from prefect.server.actions import unpacking
from prefect.server.actions.registration import prepare_text
from prefect.server.errors import ApiError


def main() -> None:
    """Read one flow; the first argument is the oldest version of clients that may register."""
    sink = sys.stdout.buffer
    try:
        prepared = prepare_text(sys.stdin.buffer.read(), sys.argv[1])
    except ApiError as error:
        unpacking.refuse(sink, error)
    else:
        unpacking.answer(sink, prepared.document, prepared.text, prepared.tasks, prepared.edges)
    sink.flush()


if __name__ == "__main__":
    main()
