"""Face of ``prefect.core.operators``."""

from prefect.core.operators import *  # noqa: F403 - a face hands on everything
from prefect.core.operators import __all__

__all__ = list(__all__)
