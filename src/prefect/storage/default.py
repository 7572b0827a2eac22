"""Which storage a flow gets that names none."""

from __future__ import annotations

import warnings

from prefect.storage.base import Storage
from prefect.storage.local import Local
from prefect.utilities.context import context
from prefect.utilities.importtools import import_object


def get_default_storage_class() -> type[Storage]:
    """Give the configured class of storage, else :class:`prefect.storage.local.Local`.

    Warns:
        UserWarning: the configured class cannot be imported.
    """
    configured = context.config.flows.defaults.storage.default_class
    if isinstance(configured, type):
        return configured
    try:
        found: type[Storage] = import_object(configured)
    except (ImportError, AttributeError):
        warnings.warn(f"Could not import {configured}; using prefect.storage.Local instead.", stacklevel=2)
        return Local
    return found
