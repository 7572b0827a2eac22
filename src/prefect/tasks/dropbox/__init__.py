"""Tasks for Dropbox."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "DropboxDownload": "prefect.tasks.dropbox.dropbox",
    },
    rooms=("dropbox",),
)
