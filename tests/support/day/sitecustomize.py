"""Lets the tests, with each Python process that they start, run on another day; first on ``PYTHONPATH``.

    PYTHONPATH=$PWD/tests/support/day PROCTOR_TEST_DAY=2027-02-28T23:59:50 .venv/bin/python -m pytest \\
        -W ignore::pytest.PytestAssertRewriteWarning tests/unit

``PROCTOR_TEST_DAY`` is when the run begins, in UTC. The clock that only counts (``time.monotonic``) goes on as it does,
so that waiting takes as long as always. PostgreSQL and the released package stay in the present.

In the processes that the tests start nothing is loaded afterwards that was not before, but for what holds the clock:
tests that look at what a program loads say the same on each day.
"""

import os
import sys
import time
import types

#: What holds the clock: a second copy of these would tell the time of today.
CLOCKS = ("time_machine", "_time_machine", "datetime", "_datetime", "uuid", "_uuid", "zoneinfo", "_zoneinfo")


def _travel(seconds: float) -> None:
    try:
        import time_machine
    except ImportError:  # an environment without the tests' packages
        return
    time_machine.travel(time.time() + seconds, tick=True).start()
    time.time()  # its clock stands still until it is asked


def _travel_alone(seconds: float) -> None:
    """Travel without the packages that time_machine has uses for, and forget the modules of the standard library."""
    before = set(sys.modules)
    without = types.ModuleType("unittest")
    without.TestCase = object  # type: ignore[attr-defined]
    sys.modules |= {"unittest": without, "pytest": None, "dateutil": None, "dateutil.parser": None}  # type: ignore[dict-item]
    _travel(seconds)
    for name in set(sys.modules) - before:
        if name.partition(".")[0] not in CLOCKS:
            del sys.modules[name]


if "PROCTOR_TEST_DAY_AHEAD" in os.environ:
    _travel_alone(float(os.environ["PROCTOR_TEST_DAY_AHEAD"]))
else:
    from datetime import UTC, datetime

    ahead = datetime.fromisoformat(os.environ["PROCTOR_TEST_DAY"]).replace(tzinfo=UTC).timestamp() - time.time()
    os.environ["PROCTOR_TEST_DAY_AHEAD"] = str(ahead)
    _travel(ahead)
