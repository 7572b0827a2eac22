"""Face of ``prefect.core.constants``."""

from prefect.core.constants import Constant

__all__ = ["Constant"]
