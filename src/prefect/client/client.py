"""The client of the API: one short method per operation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect.client.connection import encode
from prefect.client.many_runs import ManyRuns
from prefect.contract import errors, limits, operations
from prefect.contract.fitting import fitted
from prefect.exceptions import ClientError, ObjectNotFoundError
from prefect.utilities import written
from prefect.utilities.context import context
from prefect.utilities.written import Written

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.model.state import State
    from prefect.run_configs.base import RunConfig


class TaskRunInfoResult(NamedTuple):
    """A task run as its runner needs to know it; ``task_slug`` is empty when only ids were asked for."""

    id: str
    task_id: str
    task_slug: str
    version: int
    state: State


class ProjectInfo(NamedTuple):
    id: str
    name: str


class FlowRunInfoResult(NamedTuple):
    """A flow run as its runner needs to know it, with its task runs but for mapped children."""

    id: str
    name: str
    flow_id: str
    project: ProjectInfo
    parameters: dict[str, Any]
    context: dict[str, Any]
    version: int
    scheduled_start_time: datetime
    state: State
    task_runs: list[TaskRunInfoResult]


class Client(ManyRuns):
    """A client of the API at one address.

    Args:
        api_server: the address; absent means ``config.cloud.api``.
        api_key: absent means ``config.cloud.api_key``, then the key stored by ``prefect auth login``.
        tenant_id: absent means ``config.cloud.tenant_id``, then the stored one, then the API's own choice.
    """

    # ----- tenants

    def create_tenant(self, name: str, slug: str | None = None) -> str:
        """Create a tenant, its slug made from the name unless given, and give its id."""
        if context.config.backend != "server":
            raise ValueError("To create a tenant with Prefect Cloud, please signup at https://cloud.prefect.io/")
        if slug is None:
            from prefect.utilities.slugs import slugify

            slug = slugify(name)
        return self.change(operations.CREATE_TENANT, {"name": name, "slug": slug})["id"]

    def get_available_tenants(self) -> list[dict[str, Any]]:
        """List the tenants that may be used, by slug, each with id, slug and name as keys and as attributes."""
        from prefect.utilities.graphql import GraphQLResult

        return [GraphQLResult(tenant) for tenant in self.ask(operations.TENANTS_BY_SLUG_ORDER)["tenant"]]

    def get_default_tenant_slug(self) -> str:
        """Give the slug of the current tenant."""
        tenants = self.ask(operations.TENANT_SLUGS)["tenant"]
        slugs = {tenant["id"]: tenant["slug"] for tenant in tenants}
        if self.tenant_id not in slugs:
            raise ValueError(f"Failed to find current tenant {self.tenant_id!r} in {tenants!r}")
        return slugs[self.tenant_id]

    def switch_tenant(self, tenant_slug: str | None = None, tenant_id: str | None = None) -> str:
        """Make another tenant the current one, by slug or by id, and give its id."""
        if tenant_slug is None and tenant_id is None:
            raise ValueError("A `tenant_id` or `tenant_slug` must be provided.")
        if tenant_slug is not None and tenant_id is not None:
            raise ValueError("Received both `tenant_slug` and `tenant_id`; only one is allowed.")
        if tenant_id is None:
            found = self.ask(operations.TENANT_OF_SLUG, slug=tenant_slug)["tenant"]
            if not found:
                raise ValueError(f"No matching tenant found for slug {tenant_slug!r}.")
            tenant_id = found[0]["id"]
        self.tenant_id = tenant_id
        if context.config.backend == "cloud" or self.api_key:
            self._tenant_of_key()
        return self.tenant_id

    # ----- projects and flows

    def create_project(self, project_name: str, project_description: str | None = None) -> str:
        """Create a project and give its id; an existing project of this name is given as it is."""
        if project_name is None:
            raise TypeError("'project_name' is a required field for creating a project")
        values = {"name": project_name, "description": project_description, "tenant_id": self.tenant_id}
        try:
            return self.change(operations.CREATE_PROJECT, values)["id"]
        except ClientError as error:
            if errors.UNIQUENESS_VIOLATION not in str(error):
                raise
        project_id = self._project_id(project_name)
        if project_id is None:
            raise ObjectNotFoundError(f"Project {project_name} was deleted while it was being looked up.")
        return project_id

    def delete_project(self, project_name: str) -> bool:
        """Delete a project with its flows and their runs."""
        if not project_name:
            raise TypeError("'project_name' is a required field for deleting a project")
        project_id = self._project_id(project_name)
        if project_id is None:
            raise ValueError(f"Project {project_name} not found.")
        return self.change(operations.DELETE_PROJECT, {"project_id": project_id})["success"]

    def _project_id(self, project_name: str) -> str | None:
        projects = self.ask(operations.PROJECT_OF_NAME, name=project_name)["project"]
        return projects[0]["id"] if projects else None

    def register(
        self,
        flow: Flow,
        project_name: str | None = None,
        build: bool = True,
        set_schedule_active: bool = True,
        version_group_id: str | None = None,
        compressed: bool = True,
        no_url: bool = False,
        idempotency_key: str | None = None,
    ) -> str:
        """Register a flow as the newest version of its group and give the version's id.

        Args:
            build: store the flow first.
            version_group_id: absent means the group of the flow of the same name in the project, or a new one.
            no_url: print nothing.
            idempotency_key: when the group's last registration had the same key, nothing is registered.

        Raises:
            TypeError: no project was named.
            ValueError: the project does not exist, or the flow cannot be loaded back from its serialized form.
            ClientError: the flow has a schedule and required parameters that not every clock gives.
        """
        from prefect.client.registration import register

        return register(
            self,
            flow,
            project_name=project_name,
            build=build,
            set_schedule_active=set_schedule_active,
            version_group_id=version_group_id,
            compressed=compressed,
            no_url=no_url,
            idempotency_key=idempotency_key,
        )

    def get_cloud_url(self, subdirectory: str, id: str, as_user: bool = True) -> str:  # noqa: A002,RUF100 - the 1.x name
        """Give the address in the web UI of a flow (by any version's id), a flow run or a task run."""
        base = _ui_address(self.api_server)
        return "/".join([base, self.get_default_tenant_slug(), subdirectory, id])

    # ----- flow runs

    def create_flow_run(
        self,
        flow_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        run_config: RunConfig | None = None,
        labels: Iterable[str] | None = None,
        scheduled_start_time: datetime | str | None = None,
        idempotency_key: str | None = None,
        run_name: str | None = None,
        version_group_id: str | None = None,
        *,
        flow_run_name: str | None = None,
        flow_group_id: str | None = None,
        priority: int | None = None,
    ) -> str:
        """Create a run of a flow and give its id.

        Args:
            flow_id: a version of the flow; else ``version_group_id`` or ``flow_group_id`` for its newest version.
            context: entries of ``prefect.context`` during the run.
            labels: absent means those of the flow; an empty list means none.
            scheduled_start_time: when to start it; absent means now; without a time zone it is UTC.
            idempotency_key: two calls with the same key for the same flow (or group) give the same run, for ever.
            run_name: the run's name; ``flow_run_name`` means the same.
            priority: whose turn it is among the runs that are due, 1 (first), 0 or -1 (last); absent means that of the
                flow, or 0. Only this package's own server knows it.

        Raises:
            ValueError: no flow was named, or two different names were given.
            ClientError: the API refused; nothing was created.
        """
        values = _run_values(
            flow_id=flow_id,
            context=context,
            parameters=parameters,
            run_config=run_config,
            labels=labels,
            scheduled_start_time=scheduled_start_time,
            idempotency_key=idempotency_key,
            run_name=run_name,
            version_group_id=version_group_id,
            flow_run_name=flow_run_name,
            flow_group_id=flow_group_id,
            priority=priority,
        )
        return self.change(operations.CREATE_FLOW_RUN, values, retry_on_api_error=False)["id"]

    def create_flow_runs(self, runs: Iterable[Mapping[str, Any]]) -> list[str]:
        """Create many flow runs in one transaction, all or none, and give their ids in the same order.

        Args:
            runs: for each run the arguments of ``create_flow_run``; the API takes at most 1,000 at once.

        Raises:
            ValueError: one of them names no flow, or two different names.
            ClientError: the API refused; the text says which, and nothing was created.
        """
        values = [_run_values(**run) for run in runs]
        return list(self.change(operations.CREATE_FLOW_RUNS, {"flow_runs": values})["flow_run_ids"])

    def cancel_flow_run(self, flow_run_id: str) -> str:
        """Ask a flow run to end, and give the name of the state it is in now."""
        return self.change(operations.CANCEL_FLOW_RUN, {"flow_run_id": flow_run_id})["state"]

    def set_flow_run_name(self, flow_run_id: str, name: str) -> bool:
        """Rename a flow run."""
        return self.change(operations.SET_FLOW_RUN_NAME, {"flow_run_id": flow_run_id, "name": name})["success"]

    def update_flow_run_heartbeat(self, flow_run_id: str) -> None:
        """Say that the process of a flow run is alive."""
        headers = {"X-PREFECT-HEARTBEAT-ID": flow_run_id}
        self.change(operations.UPDATE_FLOW_RUN_HEARTBEAT, {"flow_run_id": flow_run_id}, headers=headers)

    def report_process_end(self, flow_run_id: str, process: str, how: str) -> bool:
        """Say that the process that works on a flow run has ended, and how; gives whether it left work undone.

        Only this package's own server knows this.

        Args:
            process: the name that it had.
        """
        values = {"flow_run_id": flow_run_id, "process": process, "how": how}
        return bool(self.change(operations.REPORT_PROCESS_END, values)["settled"])

    def get_flow_run_info(self, flow_run_id: str) -> FlowRunInfoResult:
        """Read what the runner of a flow run needs to know."""
        run = self.ask(operations.FLOW_RUN_INFO, id=flow_run_id)["flow_run_by_pk"]
        if run is None:
            raise ClientError(f'Flow run ID not found: "{flow_run_id}"')
        project = run["flow"]["project"]
        return FlowRunInfoResult(
            id=run["id"],
            name=run["name"],
            flow_id=run["flow_id"],
            project=ProjectInfo(project["id"], project["name"]),
            parameters=run["parameters"] or {},
            context=run["context"] or {},
            version=run["version"],
            scheduled_start_time=_user_time(run["scheduled_start_time"]),
            state=_state(run["serialized_state"]),
            task_runs=[
                TaskRunInfoResult(
                    id=task_run["id"],
                    task_id=task_run["task"]["id"],
                    task_slug=task_run["task"]["slug"],
                    version=task_run["version"],
                    state=_state(task_run["serialized_state"]),
                )
                for task_run in run["task_runs"]
            ],
        )

    def get_flow_run_state(self, flow_run_id: str) -> State:
        """Read the state of a flow run."""
        run = self.ask(operations.FLOW_RUN_STATE, id=flow_run_id)["flow_run_by_pk"]
        if run is None:
            raise ObjectNotFoundError(f"Flow run {flow_run_id!r} not found.")
        return _state(run["serialized_state"])

    def set_flow_run_state(self, flow_run_id: str, state: State, version: int | None = None) -> State:
        """Propose a state for a flow run.

        Args:
            version: the version of the run that the proposal is based on; absent means whatever it is.

        Returns:
            The state that holds now: the given one, or Queued when the run has to wait for a free slot.
        """
        item = {"flow_run_id": flow_run_id, "version": version, "state": _document_of(state)}
        return self._set_state(operations.SET_FLOW_RUN_STATES, item, state)

    # ----- task runs

    def get_task_run_info(self, flow_run_id: str, task_id: str, map_index: int | None = None) -> TaskRunInfoResult:
        """Read a task run, which is created if there is none; ``map_index`` is absent for an unmapped one."""
        values = {"flow_run_id": flow_run_id, "task_id": task_id, "map_index": -1 if map_index is None else map_index}
        found = self.change(operations.GET_OR_CREATE_TASK_RUN, values)
        return TaskRunInfoResult(
            id=found["id"],
            task_id=task_id,
            task_slug="",
            version=found["version"],
            state=_state(found["serialized_state"]),
        )

    def get_task_run_state(self, task_run_id: str) -> State:
        """Read the state of a task run."""
        found = self.ask(operations.TASK_RUN_STATE, id=task_run_id)["get_task_run_info"]
        if found is None:
            raise ObjectNotFoundError(f"Task run {task_run_id!r} not found.")
        return _state(found["serialized_state"])

    def set_task_run_state(
        self,
        task_run_id: str,
        state: State,
        version: int | None = None,
        cache_for: timedelta | None = None,
    ) -> State:
        """Propose a state for a task run; see :meth:`set_flow_run_state`."""
        item = {"task_run_id": task_run_id, "version": version, "state": _document_of(state)}
        return self._set_state(operations.SET_TASK_RUN_STATES, item, state)

    def propose_task_run_states(self, proposals: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Propose states for task runs, all or none, in one request; at most 50 are one transaction of the server.

        Args:
            proposals: each as :func:`proposal_of` makes it.

        Returns:
            For each, in order, ``status`` and ``message``, which :func:`state_after` reads.
        """
        answers: list[dict[str, Any]] = self.change_with_extras(
            operations.SET_TASK_RUN_STATES,
            {"states": proposals},
            plain=lambda: {"states": _without_ids(proposals)},
        )["states"]
        return answers

    def get_mapped_task_runs(self, flow_run_id: str, task_id: str, first: int, count: int) -> list[TaskRunInfoResult]:
        """Read the task runs of children of a mapped task, which are created where there are none.

        Args:
            first: index of the first of them.
            count: how many, at most 500.
        """
        values = {"flow_run_id": flow_run_id, "task_id": task_id, "first": first, "count": count}
        found = self.change(operations.GET_OR_CREATE_MAPPED_TASK_RUNS, values)
        states = found["serialized_states"]
        if not len(found["ids"]) == len(found["versions"]) == count:
            raise ClientError(f"Malformed response received from {self.api_server}: expected {count} task runs.")
        return [
            TaskRunInfoResult(one_id, task_id, "", version, _state(states.get(str(first + place))))
            for place, (one_id, version) in enumerate(zip(found["ids"], found["versions"], strict=True))
        ]

    def set_task_run_name(self, task_run_id: str, name: str) -> bool:
        """Rename a task run."""
        return self.change(operations.SET_TASK_RUN_NAME, {"task_run_id": task_run_id, "name": name})["success"]

    def get_latest_cached_states(self, task_id: str, cache_key: str | None, created_after: datetime) -> list[State]:
        """Read the Cached states of a task, or of all tasks with a cache key, newest first, at most 100."""
        where: dict[str, Any] = {
            "state": {"_eq": "Cached"},
            "state_timestamp": {"_gte": _as_utc(created_after).isoformat()},
        }
        where |= {"cache_key": {"_eq": cache_key}} if cache_key is not None else {"task_id": {"_eq": task_id}}
        return [_state(row["serialized_state"]) for row in self.ask(operations.CACHED_STATES, where=where)["task_run"]]

    def _set_state(self, document: str, item: dict[str, Any], state: State) -> State:
        # The new state's own id makes it safe to send the proposal again when its answer was lost.
        from prefect.utilities.ids import following_id

        named = {**item, "id": following_id()}
        answer = self.change_with_extras(document, {"states": [named]}, plain={"states": [item]})["states"][0]
        return state_after(answer, state)

    # ----- logs and agents

    def write_run_logs(self, logs: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
        """Store log records of runs; a record that carries an ``id`` is stored once however often it is sent."""
        records: list[Mapping[str, Any]] = [logs] if isinstance(logs, Mapping) else list(logs)
        answer = self.change_with_extras(
            operations.WRITE_RUN_LOGS, {"logs": records}, plain=lambda: {"logs": _without_ids(records)}
        )
        if not answer["success"]:
            raise ValueError("Writing logs failed.")

    def register_agent(
        self,
        agent_type: str,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        agent_config_id: str | None = None,
    ) -> str:
        """Register an agent and give its id; the same agent registered again keeps its id."""
        values = {
            "type": agent_type,
            "name": name,
            "labels": list(labels or []),
            "tenant_id": self.tenant_id,
            "agent_config_id": agent_config_id,
        }
        agent_id = self.change(operations.REGISTER_AGENT, values)["id"]
        if not agent_id:
            raise ValueError("Error registering agent")
        return agent_id

    def get_agent_config(self, agent_config_id: str) -> dict[str, Any]:
        """Read the settings of an agent configuration."""
        found = self.ask(operations.AGENT_CONFIG, id=agent_config_id)["agent_config"]
        if not found:
            raise ObjectNotFoundError(f"Agent config {agent_config_id!r} not found.")
        return found[0]["settings"]

    # ----- artifacts, secrets, limits

    def create_task_run_artifact(
        self, task_run_id: str, kind: str, data: Mapping[str, Any], tenant_id: str | None = None
    ) -> str:
        """Store an artifact of a task run and give its id."""
        if task_run_id is None:
            raise ValueError("The ID of an existing task run must be provided.")
        values = {"task_run_id": task_run_id, "kind": kind, "data": data, "tenant_id": tenant_id}
        artifact_id = self.change(operations.CREATE_ARTIFACT, values)["id"]
        if not artifact_id:
            raise ValueError("Creating the task run artifact failed.")
        return artifact_id

    def update_task_run_artifact(self, task_run_artifact_id: str, data: Mapping[str, Any]) -> None:
        """Replace the data of an artifact."""
        _require_artifact(task_run_artifact_id)
        values = {"task_run_artifact_id": task_run_artifact_id, "data": data}
        if not self.change(operations.UPDATE_ARTIFACT, values)["success"]:
            raise ValueError("Updating the task run artifact failed.")

    def delete_task_run_artifact(self, task_run_artifact_id: str) -> None:
        """Delete an artifact."""
        _require_artifact(task_run_artifact_id)
        if not self.change(operations.DELETE_ARTIFACT, {"task_run_artifact_id": task_run_artifact_id})["success"]:
            raise ValueError("Deleting the task run artifact failed.")

    def set_secret(self, name: str, value: Any) -> None:
        """Store a secret under a name."""
        if not self.change(operations.SET_SECRET, {"name": name, "value": value})["success"]:
            raise ValueError("Setting secret failed.")

    def get_task_tag_limit(self, tag: str) -> int | None:
        """Read how many task runs with a tag may run at once; absent means no limit."""
        found = self.ask(operations.TASK_TAG_LIMIT, tag=tag)["task_tag_limit"]
        return found[0]["limit"] if found else None

    def update_task_tag_limit(self, tag: str, limit: int) -> None:
        """Limit how many task runs with a tag may run at once."""
        if limit < 0:
            raise ValueError("Concurrency limits must be >= 0")
        if not self.change(operations.UPDATE_TASK_TAG_LIMIT, {"tag": tag, "limit": limit})["id"]:
            raise ValueError("Updating the task tag concurrency limit failed.")

    def delete_task_tag_limit(self, limit_id: str) -> None:
        """Remove the limit of a tag."""
        if not self.change(operations.DELETE_TASK_TAG_LIMIT, {"limit_id": limit_id})["success"]:
            raise ValueError("Deleting the task tag concurrency limit failed.")


def proposal_of(task_run_id: str, version: int | None, state: State) -> Written:
    """Give what a request says of one proposed state, under an id of its own."""
    from prefect.utilities.ids import following_id

    document, text = _document_and_text_of(state)
    state_id = following_id()
    fields = {"task_run_id": task_run_id, "version": version, "state": document, "id": state_id}
    known = "null" if version is None else int(version)
    said = f'{{"task_run_id":{written.encode(task_run_id)},"version":{known},"state":{text},"id":"{state_id}"}}'
    return Written(fields, said)


def _without_ids(objects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != "id"} for one in objects]


def state_after(answer: Mapping[str, Any], state: State) -> State:
    """Give the state that holds after a proposal was answered: the proposed one, or Queued."""
    if answer["status"] != errors.QUEUED:
        return state
    from prefect.model.state import Queued

    start_time = datetime.now(UTC) + timedelta(seconds=float(context.config.cloud.queue_interval))
    return Queued(message=answer.get("message"), start_time=start_time)


def _document_of(state: State) -> dict[str, Any]:
    """Serialize a state so that it can be sent and kept: its words are shortened, what is no JSON is left out."""
    return _document_and_text_of(state)[0]


def _document_and_text_of(state: State) -> tuple[dict[str, Any], str]:
    """Give the same, and its JSON."""
    try:
        document = state.serialize()
    except ValueError as error:
        bare = copy(state)
        bare.context = {}
        for name in ("cached_parameters", "hashed_inputs"):
            if hasattr(bare, name):
                setattr(bare, name, None)
        bare.message = f"{state.message or ''} [left out: {str(error)[:500]}]".strip()
        document = bare.serialize()
    try:
        text = (written.encode_texts if _has_only_texts(document) else written.encode)(document)
    except (ValueError, TypeError, RecursionError):
        text = ""
    # Escaped are U+0000 and halves of surrogate pairs, which cannot be kept, and much that can. Spaces may be counted,
    # and a character takes four bytes at most.
    most_bytes = len(text) * (2 if text.isascii() else 8)
    if not text or "\\u" in text or most_bytes > limits.STATE_PAYLOAD_BYTES:
        document = fitted(document, limits.STATE_PAYLOAD_BYTES, leave_out=False)
        text = encode(document).decode()
    return document, text


_COMMON_FIELDS = frozenset({"type", "message", "context", "cached_inputs", "_result", "__version__"})


def _has_only_texts(document: Mapping[str, Any]) -> bool:
    """Tell whether a state is one of the common ones, in which there are no numbers that JSON has not."""
    context, result = document.get("context"), document.get("_result")
    return (
        document.keys() <= _COMMON_FIELDS
        and not document["cached_inputs"]
        and (not context or context.keys() == {"tags"})
        and type(result) is dict
        and all(value is None or type(value) is str for value in result.values())
    )


def _state(serialized: Mapping[str, Any] | str | None) -> State:
    from prefect.model.state import Pending, State

    if serialized is None:
        return Pending()
    return State.deserialize(json.loads(serialized) if isinstance(serialized, str) else serialized)


def _require_artifact(task_run_artifact_id: str | None) -> None:
    if task_run_artifact_id is None:
        raise ValueError("The ID of an existing task run artifact must be provided.")


def _run_values(
    *,
    flow_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    run_config: RunConfig | None = None,
    labels: Iterable[str] | None = None,
    scheduled_start_time: datetime | str | None = None,
    idempotency_key: str | None = None,
    run_name: str | None = None,
    version_group_id: str | None = None,
    flow_run_name: str | None = None,
    flow_group_id: str | None = None,
    priority: int | None = None,
) -> dict[str, Any]:
    """Give the input of ``create_flow_run``; what is absent is not sent."""
    values: dict[str, Any] = {
        "flow_id": flow_id,
        "version_group_id": version_group_id,
        "flow_group_id": flow_group_id,
    }
    # An empty text means that nothing was given, here and below: callers pass on variables that are not set.
    values = {key: value for key, value in values.items() if value}
    if not values:
        raise ValueError("One of flow_id, version_group_id or flow_group_id must be provided")
    if run_name and flow_run_name and run_name != flow_run_name:
        raise ValueError("Received both `run_name` and `flow_run_name`; only one is allowed.")
    optional = {
        "parameters": None if parameters is None else _mapping(parameters, "parameters"),
        "context": None if context is None else _mapping(context, "context"),
        "run_config": None if run_config is None else run_config.serialize(),
        "labels": None if labels is None else _labels(labels),
        "scheduled_start_time": _start_time(scheduled_start_time),
        "flow_run_name": flow_run_name or run_name or None,
        "priority": priority,
    }
    values |= {key: value for key, value in optional.items() if value is not None}
    # A key makes it safe to send the request again when its answer was lost.
    if not idempotency_key:
        import uuid

        idempotency_key = uuid.uuid4().hex
    values["idempotency_key"] = idempotency_key
    return values


def _labels(labels: Iterable[str]) -> list[str]:
    if isinstance(labels, str):
        raise TypeError(f"`labels` must be a list of texts. Got the text {labels!r}.")
    return list(labels)


def _mapping(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise TypeError(f"`{name}` must be a dictionary. Got {values!r}.")
    return dict(values)


def _start_time(time: datetime | str | None) -> str | None:
    if time is None or time == "":
        return None
    if isinstance(time, str):
        # The server says what is wrong with a text that is no time.
        return time
    if not isinstance(time, datetime):
        raise TypeError(f"`scheduled_start_time` must be a datetime. Got {time!r}.")
    return _as_utc(time).isoformat()


def _as_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _user_time(text: str) -> datetime:
    """Read a time as the user's side gets it."""
    # pendulum takes 40 ms to import.
    from prefect.model.user_time import user_time

    return user_time(datetime.fromisoformat(text))


def _ui_address(api_server: str) -> str:
    if ".prefect.io" in api_server:
        return api_server.replace("api-", "", 1) if "api-" in api_server else api_server.replace("api", "cloud", 1)
    if api_server.startswith("embedded"):  # there are no pages but those of a server that is started on the file
        return f"{context.config.server.host}:{context.config.server.port}"
    pages = str(context.config.server.ui.endpoint).rstrip("/")
    # Unless somebody set another place for them, the pages come from the server that is asked.
    return api_server if pages == str(context.config.server.endpoint).rstrip("/") else pages
