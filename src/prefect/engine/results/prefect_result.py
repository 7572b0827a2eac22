"""Public path of PrefectResult; defined in ``prefect.model.result``."""

from prefect.model.result import PrefectResult

__all__ = ["PrefectResult"]
