"""Tasks for GitHub."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "CreateIssueComment": "prefect.tasks.github.comments",
        "OpenGitHubIssue": "prefect.tasks.github.issues",
        "CreateGitHubPR": "prefect.tasks.github.prs",
        **dict.fromkeys(
            (
                "CreateBranch",
                "GetRepoInfo",
            ),
            "prefect.tasks.github.repos",
        ),
    },
    rooms=("client", "comments", "issues", "prs", "repos"),
)
