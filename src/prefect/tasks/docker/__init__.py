"""Tasks for a Docker engine."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "CreateContainer",
                "GetContainerLogs",
                "ListContainers",
                "RemoveContainer",
                "StartContainer",
                "StopContainer",
                "WaitOnContainer",
            ),
            "prefect.tasks.docker.containers",
        ),
        **dict.fromkeys(
            (
                "BuildImage",
                "ListImages",
                "PullImage",
                "PushImage",
                "RemoveImage",
                "TagImage",
            ),
            "prefect.tasks.docker.images",
        ),
    },
    rooms=("client", "containers", "images"),
)
