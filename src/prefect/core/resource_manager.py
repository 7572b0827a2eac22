"""Resources that are set up before some tasks and cleaned up after them: ``@resource_manager``.

Three tasks stand for one use of a resource: one makes the manager, one sets the resource up, one cleans it up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from prefect.core.constants import Constant
from prefect.core.parameter import Parameter
from prefect.core.signature import check_run
from prefect.core.task import Task
from prefect.model.signals import SKIP, TRIGGERFAIL
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.core.flow import Flow
    from prefect.model.state import State

__all__ = [
    "ResourceCleanupTask",
    "ResourceContext",
    "ResourceInitTask",
    "ResourceManager",
    "ResourceSetupTask",
    "resource_cleanup_trigger",
    "resource_manager",
]


def resource_cleanup_trigger(upstream_states: dict[Edge, State]) -> bool:
    """Clean up when everything upstream has ended, unless the resource was never set up.

    Raises:
        SKIP: making the manager or setting up the resource failed or was skipped.
        TRIGGERFAIL: something upstream has not ended.
    """
    states_by_key = {edge.key: state for edge, state in upstream_states.items()}
    for key, step in (("mgr", "init"), ("resource", "setup")):
        state = states_by_key.get(key)
        if state is None or not state.is_finished():
            continue
        if state.is_skipped():
            raise SKIP(f"Resource manager {step} skipped")
        if not state.is_successful():
            raise SKIP(f"Resource manager {step} failed")
    for edge, state in upstream_states.items():
        children = state.map_states if state.is_mapped() and not edge.mapped else [state]  # type: ignore[attr-defined]
        if not all(child is not None and child.is_finished() for child in children):
            raise TRIGGERFAIL(
                "Trigger was 'resource_cleanup_trigger' but some of the upstream tasks were not finished."
            )
    return True


# The names under which these travel are those of 1.x, where they are defined in another module.
resource_cleanup_trigger.public_name = (  # type: ignore[attr-defined]
    "prefect.tasks.core.resource_manager.resource_cleanup_trigger"
)


class ResourceInitTask(Task):
    """Makes the manager of a resource: its inputs are the arguments of the manager's class."""

    public_name = "prefect.tasks.core.resource_manager.ResourceInitTask"
    resource_role = "init"

    def __init__(self, resource_class: type, **kwargs: Any) -> None:
        check_run(resource_class)
        self.resource_class = resource_class
        self.run = resource_class  # type: ignore[method-assign]
        super().__init__(**kwargs)

    def _how_to_write(self) -> str:
        return self.resource_class.__name__


class ResourceSetupTask(Task):
    """Sets up a resource; its result is the resource."""

    public_name = "prefect.tasks.core.resource_manager.ResourceSetupTask"
    resource_role = "setup"

    def run(self, mgr: Any) -> Any:
        """Give what the manager's ``setup`` gives."""
        return mgr.setup()


class ResourceCleanupTask(Task):
    """Cleans up a resource."""

    public_name = "prefect.tasks.core.resource_manager.ResourceCleanupTask"
    resource_role = "cleanup"

    def run(self, mgr: Any, resource: Any = None) -> None:
        """Call the manager's ``cleanup`` with the resource."""
        mgr.cleanup(resource)


class ResourceContext:
    """One use of a resource in a flow: a ``with`` block that ties the tasks inside to set-up and clean-up."""

    def __init__(self, init_task: Task, setup_task: Task | None, cleanup_task: Task, flow: Flow) -> None:
        self.init_task = init_task
        self.setup_task = setup_task
        self.cleanup_task = cleanup_task
        self._flow = flow
        # A dictionary for its order: edges are added in the order of the tasks.
        self._tasks: dict[Task, None] = {}
        self._block: Any = None

    def add_task(self, task: Task, flow: Flow) -> None:
        """Note a task that was added to the flow inside the block.

        Raises:
            ValueError: it was added to another flow.
        """
        if self._flow is not flow:
            raise ValueError("Multiple flows cannot be used with the same resource block")
        if not isinstance(task, (Parameter, Constant)):
            self._tasks[task] = None

    def __enter__(self) -> Task | None:
        """Begin the block, and give the task whose result is the resource, if the manager has a ``setup``."""
        self._block = context(resource=self)
        self._block.__enter__()
        return self.setup_task

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._block.__exit__(kind, error, traceback)
        if kind is not None:
            return
        flow, inside = self._flow, self._tasks
        for task in inside:
            upstream = flow.upstream_tasks(task)
            if self.setup_task is not None and self.setup_task not in upstream and upstream.isdisjoint(inside):
                flow.add_edge(self.setup_task, task)
            if flow.downstream_tasks(task).isdisjoint(inside):
                flow.add_edge(task, self.cleanup_task)


class ResourceManager:
    """What ``@resource_manager`` makes of a class: call it in a flow, and use the outcome as a ``with`` block.

    Args:
        resource_class: has ``setup(self)``, which gives the resource, and ``cleanup(self, resource)``.
        name: default: the name of the class.
        init_task_kwargs, setup_task_kwargs, cleanup_task_kwargs: arguments of the three tasks, as for ``Task``.
    """

    def __init__(
        self,
        resource_class: type,
        name: str | None = None,
        init_task_kwargs: dict[str, Any] | None = None,
        setup_task_kwargs: dict[str, Any] | None = None,
        cleanup_task_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.resource_class = resource_class
        self.name = name or getattr(resource_class, "__name__", type(resource_class).__name__)
        self.init_task_kwargs = {"name": self.name, **(init_task_kwargs or {})}
        # Connections cannot be written to a result, and what was set up in another process is gone.
        self.setup_task_kwargs = {"name": f"{self.name}.setup", "checkpoint": False, **(setup_task_kwargs or {})}
        self.cleanup_task_kwargs = {
            "name": f"{self.name}.cleanup",
            "checkpoint": False,
            "skip_on_upstream_skip": False,
            "trigger": resource_cleanup_trigger,
            **(cleanup_task_kwargs or {}),
        }

    def __call__(self, *args: Any, flow: Flow | None = None, **kwargs: Any) -> ResourceContext:
        """Add the tasks of one use of the resource to a flow; the arguments are those of the class.

        Raises:
            TypeError: the arguments do not fit the class.
            ValueError: there is no flow.
        """
        init_task = ResourceInitTask(self.resource_class, **self.init_task_kwargs)
        flow = flow if flow is not None else context.get("flow")
        if flow is None:
            raise ValueError("Could not infer an active Flow context.")
        init_task.bind(*args, flow=flow, **kwargs)
        setup_task: Task | None = None
        if hasattr(self.resource_class, "setup"):
            setup_task = ResourceSetupTask(**self.setup_task_kwargs).bind(mgr=init_task, flow=flow)
        cleanup_task = ResourceCleanupTask(**self.cleanup_task_kwargs)
        inputs = {"mgr": init_task} if setup_task is None else {"mgr": init_task, "resource": setup_task}
        cleanup_task.bind(**inputs, flow=flow)
        return ResourceContext(init_task, setup_task, cleanup_task, flow)


@overload
def resource_manager(resource_class: type, /) -> ResourceManager: ...


@overload
def resource_manager(
    *,
    name: str | None = None,
    init_task_kwargs: dict[str, Any] | None = None,
    setup_task_kwargs: dict[str, Any] | None = None,
    cleanup_task_kwargs: dict[str, Any] | None = None,
) -> Callable[[type], ResourceManager]: ...


def resource_manager(
    resource_class: type | None = None,
    *,
    name: str | None = None,
    init_task_kwargs: dict[str, Any] | None = None,
    setup_task_kwargs: dict[str, Any] | None = None,
    cleanup_task_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Make a resource manager of a class, with or without arguments for the decorator; see ``ResourceManager``."""

    def make(cls: type) -> ResourceManager:
        return ResourceManager(cls, name, init_task_kwargs, setup_task_kwargs, cleanup_task_kwargs)

    return make if resource_class is None else make(resource_class)
