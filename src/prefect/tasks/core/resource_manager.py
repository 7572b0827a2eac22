"""Face of ``prefect.core.resource_manager``."""

from prefect.core.resource_manager import *  # noqa: F403 - a face hands on everything
from prefect.core.resource_manager import __all__

__all__ = list(__all__)
