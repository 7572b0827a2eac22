"""Public path of Result; defined in ``prefect.model.result``."""

from prefect.model.result import NoResult, NoResultType, Result

__all__ = ["NoResult", "NoResultType", "Result"]
