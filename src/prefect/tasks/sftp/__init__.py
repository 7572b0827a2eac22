"""Tasks for SFTP servers."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "SftpDownload",
                "SftpUpload",
            ),
            "prefect.tasks.sftp.sftp",
        ),
    },
    rooms=("sftp",),
)
