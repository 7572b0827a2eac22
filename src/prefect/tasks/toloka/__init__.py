"""Tasks for Toloka."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "download_json": "prefect.tasks.toloka.helpers",
        **dict.fromkeys(
            (
                "accept_assignment",
                "create_exam_pool",
                "create_pool",
                "create_project",
                "create_tasks",
                "get_assignments",
                "get_assignments_df",
                "open_exam_pool",
                "open_pool",
                "reject_assignment",
                "wait_pool",
            ),
            "prefect.tasks.toloka.operations",
        ),
    },
    rooms=("helpers", "operations", "utils"),
)
