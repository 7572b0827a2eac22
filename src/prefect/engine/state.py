"""Public path of the states; defined in ``prefect.model.state``."""

from prefect.model.state import *  # noqa: F403
from prefect.model.state import __all__ as __all__
