"""The executors under their former path; use ``prefect.executors``."""

from __future__ import annotations

import warnings
from typing import Any

from prefect.executors.base import Executor as _Executor
from prefect.executors.dask import DaskExecutor as _DaskExecutor
from prefect.executors.local import LocalExecutor as _LocalExecutor
from prefect.executors.local_dask import LocalDaskExecutor as _LocalDaskExecutor


def _moved(cls: type) -> type:
    name = cls.__name__

    def __new__(new_cls: type, *args: Any, **kwargs: Any) -> Any:
        warnings.warn(
            f"prefect.engine.executors.{name} has been moved to `prefect.executors.{name}`, please update your imports",
            UserWarning,
            stacklevel=2,
        )
        return object.__new__(new_cls)

    return type(name, (cls,), {"__new__": __new__, "__module__": __name__, "__doc__": cls.__doc__})


Executor: Any = _moved(_Executor)
DaskExecutor: Any = _moved(_DaskExecutor)
LocalExecutor: Any = _moved(_LocalExecutor)
LocalDaskExecutor: Any = _moved(_LocalDaskExecutor)
