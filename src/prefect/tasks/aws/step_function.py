"""State machines of AWS Step Functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask


class StepActivate(
    AwsTask,
    init="state_machine_arn execution_name execution_input boto_kwargs",
    run="credentials state_machine_arn execution_name execution_input boto_kwargs",
):
    """Starts an execution of a state machine; does not wait for it.

    Args:
        execution_name: absent means that AWS makes one up. A name starts one execution within 90 days.
        execution_input: JSON text.
    """

    needs: ClassVar[dict[str, str]] = {"state_machine_arn": "A state machine ARN must be provided"}
    state_machine_arn: str | None = None
    execution_name: str | None = None
    execution_input: str = "{}"

    def work(self) -> dict[str, Any]:
        """Start the execution and give the answer of AWS, with ``executionArn``."""
        named = {"name": self.execution_name} if self.execution_name else {}
        answer: dict[str, Any] = self.aws("stepfunctions").start_execution(
            stateMachineArn=self.state_machine_arn, input=self.execution_input, **named
        )
        return answer


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
