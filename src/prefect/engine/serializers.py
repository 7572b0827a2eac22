"""Public path of the serializers; defined in ``prefect.model.serializers``."""

from prefect.model.serializers import *  # noqa: F403
from prefect.model.serializers import __all__ as __all__
