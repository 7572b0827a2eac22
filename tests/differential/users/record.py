"""Run every situation beside this file and write what was seen to stdout, as JSON: situation -> record.

The answers of the released package are stored in ``answers.json.gz``; make them again (three minutes) with::

    make compat
    PREFECT__BACKEND=server .compat/bin/python tests/differential/users/record.py | gzip -n9 > answers.json.gz
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import branching  # noqa: E402, F401
import building  # noqa: E402, F401
import changing  # noqa: E402, F401
import mapping  # noqa: E402, F401
import parameters  # noqa: E402, F401
import results  # noqa: E402, F401
import states  # noqa: E402, F401
from scene import SITUATIONS, record  # noqa: E402

if __name__ == "__main__":
    chosen = sys.argv[1:] or SITUATIONS
    seen = {name: record(SITUATIONS[name]) for name in chosen}
    sys.__stdout__.write(json.dumps(seen, indent=1, sort_keys=True))
