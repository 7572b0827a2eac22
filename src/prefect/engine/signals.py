"""Public path of the signals; defined in ``prefect.model.signals``."""

from prefect.exceptions import PrefectSignal as PrefectSignal
from prefect.model.signals import *  # noqa: F403
from prefect.model.signals import __all__ as __all__
