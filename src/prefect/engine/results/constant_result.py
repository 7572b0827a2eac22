"""Public path of ConstantResult; defined in ``prefect.model.result``."""

from prefect.model.result import ConstantResult

__all__ = ["ConstantResult"]
