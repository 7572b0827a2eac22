"""Public path of Result and what it raises; defined in ``prefect.model.result``."""

from prefect.model.result import NoResult, NoResultType, Result, ResultNotImplementedError

__all__ = ["NoResult", "NoResultType", "Result", "ResultNotImplementedError"]
