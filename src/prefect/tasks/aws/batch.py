"""Jobs of AWS Batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask


class BatchSubmit(
    AwsTask,
    init="job_name job_definition job_queue boto_kwargs",
    run="job_name job_definition job_queue batch_kwargs credentials",
):
    """Submits a job and gives its id; ``AWSClientWait`` waits for its end.

    Args:
        job_definition: name, or name and revision.
        batch_kwargs: further arguments of ``submit_job``.
    """

    needs: ClassVar[dict[str, str]] = {
        "job_name": "A job name must be provided.",
        "job_definition": "A job definition must be provided.",
        "job_queue": "A job queue must be provided.",
    }
    job_name: str | None = None
    job_definition: str | None = None
    job_queue: str | None = None
    batch_kwargs: dict[str, Any] | None = None

    def work(self) -> str:
        """Submit the job and give its id.

        Raises:
            FAIL: AWS did not take it.
        """
        client = self.aws("batch")
        try:
            answer = client.submit_job(
                jobName=self.job_name,
                jobQueue=self.job_queue,
                jobDefinition=self.job_definition,
                **(self.batch_kwargs or {}),
            )
        except Exception as error:
            from prefect.engine.signals import FAIL

            raise FAIL(f"Failed to submit job '{self.job_name}' to AWS Batch. {error}") from error
        job_id: str = answer["jobId"]
        return job_id


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
