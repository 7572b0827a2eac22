"""Flows as users wrote them for 1.x do what they did with the released package.

The flows are in ``users/``, what 1.4.1 made of them is stored beside them (``users/record.py`` tells how), and each
difference on purpose is named here.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "users"
RELEASED = json.loads(gzip.decompress((FOLDER / "answers.json.gz").read_bytes()))

# Situation -> beginning of the path of what differs -> why.
INTENDED = {
    "imperative_bind_styles": {
        "given/3": "with `validate` a constant for an argument that has an edge already is refused, as an edge is"
    },
    "resources_fail": {"given/1/2/tasks/mgr-init.cleanup": "the cleanup names the step that failed first"},
    "slugs_serialize": {"given/3": "a copy does not inherit the slug that serialize() gave"},
}


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT__")}
    done = subprocess.run(
        [sys.executable, str(FOLDER / "record.py")],
        env={**environ, "HOME": str(tmp_path_factory.mktemp("home")), "PREFECT__BACKEND": "server"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def differences(released, ours, path=""):
    """Yield the paths at which two records differ."""
    if isinstance(released, dict) and isinstance(ours, dict):
        for key in sorted(released.keys() | ours.keys()):
            yield from differences(released.get(key), ours.get(key), f"{path}/{key}")
    elif isinstance(released, list) and isinstance(ours, list) and len(released) == len(ours):
        for index, pair in enumerate(zip(released, ours, strict=True)):
            yield from differences(*pair, f"{path}/{index}")
    elif released != ours:
        yield f"{path.lstrip('/')}: {json.dumps(released)} became {json.dumps(ours)}"


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_a_users_flow_does_what_it_did(ours, name):
    seen = list(differences(RELEASED[name], ours[name]))
    intended = INTENDED.get(name, {})
    assert [text for text in seen if not text.startswith(tuple(intended))] == []
    assert [start for start in intended if not any(text.startswith(start) for text in seen)] == []


def test_every_situation_has_an_answer_of_the_released_package(ours):
    assert ours.keys() == RELEASED.keys()
