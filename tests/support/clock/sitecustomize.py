"""Lets a test set the wall clock of a process while it runs; on ``PYTHONPATH`` of that process alone.

``PROCTOR_TEST_CLOCK`` names a pipe: each line in it is how many seconds the clock is wrong from now on. The clock that
only counts (``time.monotonic``) goes on as it does on a machine whose clock is set.
"""

import os
import threading
import time

import time_machine

_clock = time_machine.travel(time.time() + float(os.environ["PROCTOR_TEST_CLOCK_AHEAD"]), tick=True).start()
_real_begin = time.monotonic()
_begin = time.time() - float(os.environ["PROCTOR_TEST_CLOCK_AHEAD"])


def _obey() -> None:
    # Opened for writing as well: the end of one writer is not the end of the pipe.
    with os.fdopen(os.open(os.environ["PROCTOR_TEST_CLOCK"], os.O_RDWR)) as pipe:
        while line := pipe.readline():
            _clock.move_to(_begin + time.monotonic() - _real_begin + float(line), tick=True)


threading.Thread(target=_obey, name="test clock", daemon=True).start()
