"""What the tasks of the library are written with: one way for arguments, packages, credentials, web services, databases
and jobs that run elsewhere. ``docs/guides/write-a-task.md`` shows how to write your own."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "DatabaseTask": "prefect.tasks.authoring.database",
        "DeclaredTask": "prefect.tasks.authoring.declared",
        "Progress": "prefect.tasks.authoring.remote",
        "RemoteJob": "prefect.tasks.authoring.remote",
        "RemoteJobFailed": "prefect.tasks.authoring.remote",
        "ServiceFailed": "prefect.tasks.authoring.web",
        "WebService": "prefect.tasks.authoring.web",
        "WebTask": "prefect.tasks.authoring.declared",
    },
    rooms=("database", "declared", "remote", "web"),
)
