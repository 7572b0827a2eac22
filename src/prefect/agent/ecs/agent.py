"""The ECS agent: each flow run is a task of AWS ECS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.agent.containers import ContainerAgent, package, read_yaml
from prefect.agent.ecs.definitions import (
    DEFAULT_DEFINITION,
    build_definition,
    build_overrides,
    flow_container,
    merge_arguments,
)
from prefect.run_configs import ECSRun
from prefect.utilities.agent import get_flow_image, get_flow_run_command
from prefect.utilities.aws import get_boto_client
from prefect.utilities.graphql import GraphQLResult

LAUNCH_TYPES = ("FARGATE", "EC2", "EXTERNAL")


class ECSAgent(ContainerAgent):
    """Starts each flow run as a task of ECS.

    Args:
        task_definition_path: a task definition in YAML that is filled in, in place of the built-in one.
        run_task_kwargs_path: further arguments of boto3's ``run_task``, in YAML.
        aws_access_key_id: absent means as boto3 finds its credentials, as do the two that follow.
        region_name: absent means as boto3 finds it.
        cluster: absent means the default one.
        launch_type: ``FARGATE``, ``EC2`` or ``EXTERNAL``; absent means ``FARGATE``.
        task_role_arn: the role of tasks that name none.
        execution_role_arn: the role that starts tasks that name none.
        botocore_config: arguments of botocore's ``Config``.

    Raises:
        ImportError: the package ``boto3`` is not installed.
        ValueError: another launch type, a file that is no YAML object, or no region.
    """

    def __init__(
        self,
        agent_config_id: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
        task_definition_path: str | None = None,
        run_task_kwargs_path: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        region_name: str | None = None,
        cluster: str | None = None,
        launch_type: str | None = None,
        task_role_arn: str | None = None,
        execution_role_arn: str | None = None,
        botocore_config: Mapping[str, Any] | None = None,
    ) -> None:
        package("boto3", "aws", "ECS agent")
        botocore = package("botocore", "aws", "ECS agent")
        super().__init__(
            agent_config_id=agent_config_id,
            name=name,
            labels=labels,
            env_vars=env_vars,
            max_polls=max_polls,
            agent_address=agent_address,
            no_cloud_logs=no_cloud_logs,
        )
        self.launch_type = (launch_type or "FARGATE").upper()
        if self.launch_type not in LAUNCH_TYPES:
            raise ValueError(f"launch_type: expected one of {', '.join(LAUNCH_TYPES)}, got {launch_type!r}")
        self.cluster = cluster
        self.task_role_arn = task_role_arn
        self.execution_role_arn = execution_role_arn
        self.task_definition_path = task_definition_path
        # Read once, so that a mistake in it is told at the start.
        self.task_definition = read_yaml(task_definition_path) if task_definition_path else DEFAULT_DEFINITION
        self.run_task_kwargs = read_yaml(run_task_kwargs_path) if run_task_kwargs_path else {}
        self._boto_settings: dict[str, Any] = {
            "region_name": region_name,
            "aws_access_key_id": aws_access_key_id,
            "aws_secret_access_key": aws_secret_access_key,
            "aws_session_token": aws_session_token,
            "config": botocore.config.Config(**botocore_config) if botocore_config else None,
        }
        try:
            self.ecs_client = get_boto_client("ecs", **self._boto_settings)
        except botocore.exceptions.BotoCoreError as error:
            raise ValueError(f"no client of ECS: {error}") from error

    # ----- one flow run

    def deploy_flow(self, flow_run: GraphQLResult) -> str:
        """Start the task of a flow run and give its ARN."""
        run_config = self._get_run_config(flow_run, ECSRun)
        if run_config.task_definition_arn is not None:
            return self._run(flow_run, run_config, run_config.task_definition_arn, {"networkMode": "awsvpc"})
        definition = self.generate_task_definition(flow_run, run_config)
        self.logger.debug("Registering task definition %s", definition["family"])
        arn = self.ecs_client.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
        try:
            return self._run(flow_run, run_config, arn, definition)
        finally:
            # The task that runs keeps its definition; nobody else uses it.
            self.ecs_client.deregister_task_definition(taskDefinition=arn)

    def generate_task_definition(self, flow_run: GraphQLResult, run_config: ECSRun) -> dict[str, Any]:
        """Give the task definition that is registered for a flow run."""
        template = self._template(run_config)
        return build_definition(
            template,
            run_config,
            flow_name=flow_run.flow.name,
            image=get_flow_image(flow_run, default=flow_container(template).get("image")),
            launch_type=self.launch_type,
            task_role_arn=self.task_role_arn,
            execution_role_arn=self.execution_role_arn,
        )

    def get_run_task_kwargs(
        self, flow_run: GraphQLResult, run_config: ECSRun, taskdef: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Give the arguments of ``run_task`` for a flow run, without ``taskDefinition``.

        The run's own win over the agent's, and those over ours.

        Args:
            taskdef: the task's definition, as far as it is known; ``networkMode`` says whether it is told its subnets.
        """
        image = flow_container(taskdef).get("image") or ""
        overrides = build_overrides(
            run_config,
            command=get_flow_run_command(flow_run),
            environ=self.populate_env_vars(flow_run, image, run_config),
            task_role_arn=self.task_role_arn,
            execution_role_arn=self.execution_role_arn,
        )
        ours: dict[str, Any] = {
            "launchType": self.launch_type,
            "overrides": overrides,
            **({"cluster": self.cluster} if self.cluster else {}),
        }
        arguments = merge_arguments(ours, self.run_task_kwargs, run_config.run_task_kwargs)
        if arguments.get("capacityProviderStrategy"):
            # ECS takes one or the other.
            arguments.pop("launchType")
        if taskdef.get("networkMode") == "awsvpc" and "networkConfiguration" not in arguments:
            arguments["networkConfiguration"] = self.infer_network_configuration()
        return arguments

    def infer_network_configuration(self) -> dict[str, Any]:
        """Give the network configuration of tasks that name none: all subnets of the default VPC.

        Raises:
            ValueError: there is no default VPC.
        """
        return self._default_network

    @cached_property
    def _default_network(self) -> dict[str, Any]:
        ec2 = get_boto_client("ec2", **self._boto_settings)
        vpcs = ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]
        if not vpcs:
            raise ValueError(
                "There is no default VPC to run tasks in: name subnets as `networkConfiguration`, in the run's "
                "`run_task_kwargs` or the agent's"
            )
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}])["Subnets"]
        # Without an address of its own a Fargate task of a default VPC reaches neither registry nor API.
        public = "ENABLED" if self.launch_type == "FARGATE" else "DISABLED"
        found = sorted(subnet["SubnetId"] for subnet in subnets)
        return {"awsvpcConfiguration": {"subnets": found, "assignPublicIp": public}}

    def operator_variables(self) -> set[str]:
        """Name the variables of the agent's own, and those of its task definition."""
        container = flow_container(self.task_definition)
        return super().operator_variables() | {entry.get("name") or "" for entry in container.get("environment") or ()}

    def _run(
        self, flow_run: GraphQLResult, run_config: ECSRun, definition_arn: str, definition: Mapping[str, Any]
    ) -> str:
        arguments = self.get_run_task_kwargs(flow_run, run_config, definition)
        answer = self.ecs_client.run_task(**{"taskDefinition": definition_arn, **arguments})
        if not answer.get("tasks"):
            reasons = [failure.get("reason") or failure for failure in answer.get("failures", ())]
            raise RuntimeError(f"ECS did not start a task for flow run {flow_run.id}: {reasons}")
        return f"Task {answer['tasks'][0]['taskArn']}"

    def _template(self, run_config: ECSRun) -> Mapping[str, Any]:
        if run_config.task_definition is not None:
            template: Mapping[str, Any] = run_config.task_definition
            return template
        if run_config.task_definition_path is not None:
            return read_yaml(run_config.task_definition_path)
        return self.task_definition


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Agent": "prefect.agent.agent",
            "config": "prefect.configuration",
            "prefect": "prefect:",
        },
    )
