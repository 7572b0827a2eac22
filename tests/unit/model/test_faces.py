import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

FACES = {
    "prefect.engine.state": "prefect.model.state",
    "prefect.engine.signals": "prefect.model.signals",
    "prefect.engine.serializers": "prefect.model.serializers",
    "prefect.engine.cache_validators": "prefect.core.cache_validators",
    "prefect.engine.result": "prefect.model.result",
    "prefect.engine.result.base": "prefect.model.result",
}


@pytest.mark.parametrize(("face", "home"), FACES.items(), ids=FACES)
def test_a_face_hands_on_what_its_home_defines(face, home):
    shown, defined = import_module(face), import_module(home)
    assert shown.__all__
    for name in shown.__all__:
        assert getattr(shown, name) is getattr(defined, name)
        public_name = getattr(getattr(shown, name), "public_name", None)
        assert public_name is None or getattr(import_module(public_name.rpartition(".")[0]), name) is not None
    assert len(Path(shown.__file__).read_text().splitlines()) <= 12


def test_states_load_neither_pendulum_nor_cloudpickle():
    script = "import sys, prefect.model.state as s; s.Success(result=1).serialize(); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"pendulum", "cloudpickle", "dask", "dateutil", "croniter"} & set(answer.stdout.split())
