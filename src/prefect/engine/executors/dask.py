"""The Dask executors under their former path; use ``prefect.executors``."""

from prefect.engine.executors import DaskExecutor, LocalDaskExecutor

__all__ = ["DaskExecutor", "LocalDaskExecutor"]
