"""Tasks for PowerShell."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "PowershellTask": "prefect.tasks.powershell.powershell",
    },
    rooms=("powershell",),
)
