"""Finding out what went wrong in a flow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.utilities.context import context


@contextmanager
def raise_on_exception() -> Iterator[None]:
    """Let an exception in a task leave ``flow.run`` instead of becoming a Failed state."""
    with context(raise_on_exception=True):
        yield


def is_serializable(obj: Any, raise_on_error: bool = False) -> bool:
    """Tell whether an object can be pickled, and read again in another process.

    Args:
        raise_on_error: raise the error of pickling instead of answering False.

    Raises:
        subprocess.CalledProcessError: with ``raise_on_error``, it was pickled and could not be read; the traceback of
            the other process is its ``stderr``.
    """
    # Late: pickling functions and the process to read them in are only needed here.
    import subprocess
    import sys

    import cloudpickle

    try:
        pickled = cloudpickle.dumps(obj)
    except Exception:
        if raise_on_error:
            raise
        return False
    # In a fresh interpreter: here, what the pickle only refers to would be found in memory.
    reader = "import sys, pickle; pickle.loads(sys.stdin.buffer.read())"
    done = subprocess.run([sys.executable, "-c", reader], input=pickled, capture_output=True, check=False)
    if done.returncode and raise_on_error:
        error = subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
        error.add_note(f"The object cannot be read in another process:\n{done.stderr.decode(errors='replace')}")
        raise error
    return done.returncode == 0
