"""Public path of the cache validators; defined in ``prefect.core.cache_validators``."""

from prefect.core.cache_validators import *  # noqa: F403
from prefect.core.cache_validators import __all__ as __all__
