"""Tasks for machines that are reached by SSH. Not in 1.x; for files see ``prefect.tasks.sftp``."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {"SshCommand": "prefect.tasks.ssh.command"},
    rooms=("command",),
)
