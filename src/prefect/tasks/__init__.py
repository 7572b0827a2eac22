"""The task library: one folder for each system that tasks talk to, loaded on first use."""

import sys
from pathlib import Path

from prefect._lazy import lazy

_rooms = sorted(
    path.stem
    for path in Path(__file__).parent.iterdir()
    if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
)

__getattr__, __dir__ = lazy(__name__, {"Task": "prefect.core.task"}, rooms=_rooms)


class _Guide:
    """Asked last of all: says what there is to whoever imports a module of the library that there is not."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        package, _, name = fullname.rpartition(".")
        if package != __name__ and not package.startswith(f"{__name__}."):
            return
        from difflib import get_close_matches
        from importlib import import_module
        from pkgutil import iter_modules

        there = sorted({one.name for one in iter_modules(getattr(import_module(package), "__path__", ()))})
        there = [one for one in there if not one.startswith("_")]
        if not there:
            return
        near = get_close_matches(name, there, n=1, cutoff=0.5)
        meant = f" Did you mean {package}.{near[0]}?" if near else ""
        raise ModuleNotFoundError(
            f"No module named {fullname!r}.{meant} {package} has: {', '.join(there)}.", name=fullname
        )


sys.meta_path.append(_Guide())
