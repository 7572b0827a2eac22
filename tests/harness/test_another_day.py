"""``tests/support/day`` takes each process to another day, and loads nothing else there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

DAY = Path(__file__).parents[1] / "support" / "day"
TELL = """
import json, sys
loaded = sorted(sys.modules)
import datetime, time
from subprocess import check_output
child = json.loads(check_output([sys.executable, "-c", sys.argv[1], ""])) if sys.argv[1] else None
print(json.dumps({"day": str(datetime.date.today()), "time": time.time(), "loaded": loaded, "child": child}))
"""


def test_a_process_and_its_child_are_on_that_day_and_load_the_clock_alone():
    # No folder of a measurement or another harness that loads packages into each process.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PROCTOR", "COV"))}
    bare = subprocess.check_output([sys.executable, "-c", TELL, ""], env=environ, text=True)
    there = {**environ, "TZ": "UTC", "PYTHONPATH": str(DAY), "PROCTOR_TEST_DAY": "2028-02-29T12:00:00"}
    first = json.loads(subprocess.check_output([sys.executable, "-c", TELL, TELL], env=there, text=True))

    child = first["child"]
    assert first["day"] == child["day"] == "2028-02-29"
    assert first["time"] <= child["time"] + 60  # both began at the same noon, whichever looked first
    more = {name.partition(".")[0].strip("_") for name in set(child["loaded"]) - set(json.loads(bare)["loaded"])}
    assert more <= {"sitecustomize", "time_machine", "datetime", "uuid", "zoneinfo", "types"}
