"""Projects, pools, tasks and assignments of Toloka.

Each is a function of a client and its own arguments; as a task it takes what makes the client: ``token``, else the
secret ``secret_name``, and ``env``, ``PRODUCTION`` or ``SANDBOX``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.tasks.toloka.utils import extract_id, operation, structure_from_conf
from prefect.utilities.importtools import import_needed


def _class(module: str, name: str) -> Any:
    return getattr(import_needed(f"toloka.client.{module}", by="A task for Toloka"), name)


@operation
def create_project(client: Any, obj: Any) -> Any:
    """Create a project, from a ``Project``, a mapping or JSON, and give it."""
    return client.create_project(structure_from_conf(obj, _class("project", "Project")))


@operation
def create_exam_pool(client: Any, obj: Any, *, project_id: Any = None) -> Any:
    """Create a training, from a ``Training``, a mapping or JSON, and give it.

    Args:
        project_id: of the project, or the project; absent means the one that ``obj`` names.
    """
    training = structure_from_conf(obj, _class("training", "Training"))
    if project_id is not None:
        training.project_id = extract_id(project_id)
    return client.create_training(training)


@operation
def create_pool(
    client: Any,
    obj: Any,
    *,
    project_id: Any = None,
    exam_pool_id: Any = None,
    expiration: datetime | timedelta | None = None,
    reward_per_assignment: float | None = None,
) -> Any:
    """Create a pool, from a ``Pool``, a mapping or JSON, and give it.

    Args:
        project_id: of the project, or the project; absent means the one that ``obj`` names.
        exam_pool_id: of the training that performers need, or the training.
        expiration: when the pool closes, or how long from now.
        reward_per_assignment: dollars.
    """
    pool = structure_from_conf(obj, _class("pool", "Pool"))
    if project_id is not None:
        pool.project_id = extract_id(project_id)
    if exam_pool_id is not None:
        pool.quality_control.training_requirement.training_pool_id = extract_id(exam_pool_id)
    if expiration is not None:
        pool.will_expire = datetime.now(UTC) + expiration if isinstance(expiration, timedelta) else expiration
    if reward_per_assignment is not None:
        pool.reward_per_assignment = reward_per_assignment
    return client.create_pool(pool)


@operation
def create_tasks(
    client: Any,
    tasks: list[Any],
    *,
    pool_id: Any = None,
    allow_defaults: bool = False,
    open_pool: bool = False,
    skip_invalid_items: bool = False,
) -> Any:
    """Create tasks, from ``Task`` objects or mappings, and give the answer of Toloka.

    Args:
        pool_id: of the pool, or the pool; absent means those that the tasks name.
    """
    made = [structure_from_conf(one, _class("task", "Task")) for one in tasks]
    if pool_id is not None:
        for one in made:
            one.pool_id = extract_id(pool_id)
    how = {"allow_defaults": allow_defaults, "open_pool": open_pool, "skip_invalid_items": skip_invalid_items}
    return client.create_tasks(made, **how)


@operation
def open_pool(client: Any, obj: Any) -> Any:
    """Open a pool, given itself or by its id, and give it."""
    return client.open_pool(extract_id(obj))


@operation
def open_exam_pool(client: Any, obj: Any) -> Any:
    """Open a training, given itself or by its id, and give it."""
    return client.open_training(extract_id(obj))


@operation
def wait_pool(client: Any, pool_id: Any, period: timedelta = timedelta(seconds=60), *, open_pool: bool = False) -> Any:
    """Wait until a pool is closed, and give it.

    Args:
        period: between two looks.
        open_pool: open it first.
    """
    from prefect.tasks.authoring.remote import pause

    found = extract_id(pool_id)
    if open_pool:
        client.open_pool(found)
    while (pool := client.get_pool(found)).is_open():
        pause(period.total_seconds())
    return pool


@operation
def get_assignments(
    client: Any,
    pool_id: Any,
    status: Any = None,
    **kwargs: Any,
) -> list[Any]:
    """List the assignments of a pool.

    Args:
        status: one status, or a list of them; absent means all.
        **kwargs: further conditions of ``get_assignments`` of the package.
    """
    return list(client.get_assignments(pool_id=extract_id(pool_id), status=status, **kwargs))


@operation
def get_assignments_df(
    client: Any,
    pool_id: Any,
    status: Any = None,
    *,
    start_time_from: datetime | None = None,
    start_time_to: datetime | None = None,
    exclude_banned: bool = False,
    field: list[Any] | None = None,
) -> Any:
    """Give the assignments of a pool as a frame of pandas.

    Args:
        status: one status, or a list of them; absent means all.
        start_time_from, start_time_to: only those begun in this time.
        exclude_banned: without those of banned performers.
        field: the columns; absent means all.
    """
    how: dict[str, Any] = {"start_time_from": start_time_from, "start_time_to": start_time_to, "field": field}
    given = {name: value for name, value in how.items() if value is not None}
    if status is not None:
        given["status"] = [status] if isinstance(status, str) else status
    return client.get_assignments_df(extract_id(pool_id), exclude_banned=exclude_banned, **given)


def _settle(verb: str, assignment_id: Any, public_comment: str, fail_if_already_set: bool, client: Any) -> Any:
    """Accept or reject an assignment, unless that was done before."""
    found = extract_id(assignment_id)
    wanted = {"accept": "ACCEPTED", "reject": "REJECTED"}[verb]
    status = client.get_assignment(found).status
    if str(getattr(status, "value", status)) == wanted and not fail_if_already_set:
        return client.get_assignment(found)
    return getattr(client, f"{verb}_assignment")(found, public_comment)


@operation
def accept_assignment(
    client: Any,
    assignment_id: Any,
    public_comment: str,
    fail_if_already_set: bool = False,
) -> Any:
    """Accept an assignment, given itself or by its id, and give it.

    Args:
        public_comment: for the performer.
        fail_if_already_set: fail when it is accepted already.
    """
    return _settle("accept", assignment_id, public_comment, fail_if_already_set, client)


@operation
def reject_assignment(
    client: Any,
    assignment_id: Any,
    public_comment: str,
    fail_if_already_set: bool = False,
) -> Any:
    """Reject an assignment, given itself or by its id, and give it.

    Args:
        public_comment: for the performer.
        fail_if_already_set: fail when it is rejected already.
    """
    return _settle("reject", assignment_id, public_comment, fail_if_already_set, client)
