"""Public path of the states; defined in ``prefect.model.state``."""

from typing import TYPE_CHECKING

from prefect._lazy import lazy
from prefect.model.state import *  # noqa: F403
from prefect.model.state import __all__ as __all__

if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__, {"Result": "prefect.engine.result", "prefect": "prefect:", "_MetaState": "prefect.model.state"}
    )
