"""The place where 1.x defined the state handlers that tell people."""

from prefect.utilities import notifications as _public

__getattr__, __dir__ = _public.__getattr__, _public.__dir__
