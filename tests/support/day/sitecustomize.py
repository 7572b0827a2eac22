"""Lets the tests, with each Python process that they start, run on another day; first on ``PYTHONPATH``.

    PYTHONPATH=$PWD/tests/support/day PROCTOR_TEST_DAY=2027-02-28T23:59:50 .venv/bin/python -m pytest \\
        -W ignore::pytest.PytestAssertRewriteWarning tests/unit

``PROCTOR_TEST_DAY`` is when the run begins, in UTC. The clock that only counts (``time.monotonic``) goes on as it does,
so that waiting takes as long as always. PostgreSQL and the released package stay in the present.
"""

import os
import time
from datetime import UTC, datetime

try:
    import time_machine
except ImportError:  # an environment without the tests' packages
    time_machine = None

if time_machine is not None:
    if "PROCTOR_TEST_DAY_AHEAD" not in os.environ:
        begin = datetime.fromisoformat(os.environ["PROCTOR_TEST_DAY"]).replace(tzinfo=UTC)
        os.environ["PROCTOR_TEST_DAY_AHEAD"] = str(begin.timestamp() - time.time())
    time_machine.travel(time.time() + float(os.environ["PROCTOR_TEST_DAY_AHEAD"]), tick=True).start()
