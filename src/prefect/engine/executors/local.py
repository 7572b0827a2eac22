"""The local executor under its former path; use ``prefect.executors``."""

from prefect.engine.executors import LocalExecutor

__all__ = ["LocalExecutor"]
