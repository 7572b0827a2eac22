"""Where a flow's code lies, one module per kind of place."""

from __future__ import annotations

from prefect._lazy import lazy

_NAMES = {
    "Storage": "prefect.storage.base",
    "Local": "prefect.storage.local",
    "Module": "prefect.storage.module",
    "Docker": "prefect.storage.docker",
    "S3": "prefect.storage.s3",
    "GCS": "prefect.storage.gcs",
    "Azure": "prefect.storage.azure",
    "Git": "prefect.storage.git",
    "GitHub": "prefect.storage.github",
    "GitLab": "prefect.storage.gitlab",
    "Bitbucket": "prefect.storage.bitbucket",
    "CodeCommit": "prefect.storage.codecommit",
    "Webhook": "prefect.storage.webhook",
    "get_default_storage_class": "prefect.storage.default",
}

__getattr__, __dir__ = lazy(__name__, _NAMES, rooms=("base", "local", "module", "loading"))
