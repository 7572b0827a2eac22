"""Face of ``prefect.core.function``."""

from prefect.core.function import FunctionTask

__all__ = ["FunctionTask"]
