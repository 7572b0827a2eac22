"""A flow: tasks and the edges between them, with the rules by which it is scheduled, stored and judged.

Knows the graph. How it is run is in ``flow_run``, its JSON in ``serialize``, its picture in ``visualize``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect._version import __version__
from prefect.core.edge import Edge
from prefect.core.handlers import handlers_with_failure
from prefect.core.parameter import Parameter
from prefect.core.task import Task
from prefect.core.task_graph import TaskGraph
from prefect.utilities.context import context
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from prefect.model.result import Result
    from prefect.model.state import State
    from prefect.run_configs import RunConfig
    from prefect.schedules import Schedule

__all__ = ["Edge", "Flow", "Parameter", "Task"]


class Flow(TaskGraph):
    """Tasks, and the edges by which they wait for each other and pass on their results.

    Args:
        name: what the flow is called; one project has no two flows of one name.
        schedule: when runs are made by themselves.
        executor: how tasks are submitted; default: as configured.
        run_config: how runs are launched by agents.
        storage: where the flow's code is kept.
        tasks, edges: what it starts with.
        reference_tasks: tasks that decide the state of a run; default: those with nothing downstream.
        state_handlers: called as ``f(flow, old_state, new_state)``; each may return another state.
        on_failure: called as ``f(flow, state)`` when a run enters a failed state.
        validate: check the edges given; default: as configured in ``flows.eager_edge_validation``.
        result: where results of tasks are written that do not say it themselves.
        terminal_state_handler: called as ``f(flow, state, reference_task_states)``; may return another final state.

    Raises:
        ValueError: the name is empty.
        TypeError: the handlers are no sequence.
    """

    def __init__(
        self,
        name: str,
        schedule: Schedule | None = None,
        executor: Any = None,
        run_config: RunConfig | None = None,
        storage: Any = None,
        tasks: Iterable[Task] | None = None,
        edges: Iterable[Edge] | None = None,
        reference_tasks: Iterable[Task] | None = None,
        state_handlers: Iterable[Callable[..., Any]] | None = None,
        on_failure: Callable[..., Any] | None = None,
        validate: bool | None = None,
        result: Result | None = None,
        terminal_state_handler: Callable[..., State | None] | None = None,
    ) -> None:
        if not name:
            raise ValueError("A name must be provided for the flow.")
        if not isinstance(name, str):
            raise TypeError(f"A flow's name must be text, not {type(name).__name__}")
        super().__init__()
        self.name = name
        self.schedule = schedule
        self.executor = executor
        self.run_config = run_config
        self.storage = storage
        self.result = result
        self.terminal_state_handler = terminal_state_handler
        self.state_handlers = handlers_with_failure(state_handlers, on_failure)

        self._prefect_version = __version__
        self._open_blocks: list[Any] = []

        for task in tasks or ():
            self.add_task(task)
        for edge in edges or ():
            self.add_edge(
                upstream_task=edge.upstream_task,
                downstream_task=edge.downstream_task,
                key=edge.key,
                mapped=edge.mapped,
                flattened=edge.flattened,
                validate=validate,
            )
        self.set_reference_tasks(reference_tasks or ())

    def __repr__(self) -> str:
        return f'<Flow: name="{self.name}">'

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Flow):
            return False
        return (self.name, self.tasks, self._edges, self.reference_tasks()) == (
            other.name,
            other.tasks,
            other._edges,
            other.reference_tasks(),
        )

    # Two flows are equal when their content is, and that can change.
    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[Task]:
        return iter(self.sorted_tasks())

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("logger", None)
        state.update(_open_blocks=[], _order=None)
        return state

    @cached_property
    def logger(self) -> logging.Logger:
        return get_logger(self.name)

    def copy(self) -> Flow:
        """Copy this flow: the tasks are the same, and what is added to one flow is not in the other."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        self._copy_graph(new)
        new.state_handlers = list(self.state_handlers)
        new._open_blocks = []
        return new

    __copy__ = copy

    # --- the with block ------------------------------------------------------------------------------------------

    def __enter__(self) -> Flow:
        unused: set[Task] = set()
        block = context(flow=self, _unused_task_tracker=unused)
        block.__enter__()
        self._open_blocks.append((block, unused))
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        block, unused = self._open_blocks.pop()
        block.__exit__(kind, error, traceback)
        if unused and kind is None:
            warnings.warn(
                f"Tasks were created but not added to the flow: {unused}. This can occur when `Task` classes, "
                "including `Parameters`, are instantiated inside a `with flow:` block but not added to the flow either "
                "explicitly or as the input to another task.",
                stacklevel=2,
            )

    # --- what is done with a flow: each word has a module of its own ---------------------------------------------

    def run(
        self,
        parameters: dict[str, Any] | None = None,
        run_on_schedule: bool | None = None,
        runner_cls: type | None = None,
        **kwargs: Any,
    ) -> State:
        """Run this flow here and now, and with a schedule again at each of its times until there are no more.

        Args:
            parameters: name -> value; parameters can be given as keywords too, which win.
            run_on_schedule: heed the schedule; default: as configured in ``flows.run_on_schedule``.
            runner_cls: default: as configured.
            **kwargs: parameters, and what the runner takes: ``executor``, ``context``, ``task_contexts``,
                ``task_states``, ``state``, ``task_runner_state_handlers``; also ``flow_run_id``, ``flow_run_name``.

        Returns:
            The final state of the last run, whose ``result`` is task -> state; None while a flow's file is loaded.

        Raises:
            RuntimeError: called inside this flow's ``with`` block.
            ValueError: a parameter is unknown or missing, or the schedule has no time left.
        """
        from prefect.core.flow_run import run_flow

        self._refuse_inside_block(RuntimeError, "run")
        if self._is_being_loaded("run"):
            # Not in the annotation: whoever gets it has no use for it, and everybody else would have to check.
            return None  # type: ignore[return-value]
        return run_flow(self, parameters, run_on_schedule, runner_cls, kwargs)

    def _refuse_inside_block(self, error: type[Exception], method: str) -> None:
        if context.get("flow") is self:
            from inspect import cleandoc

            raise error(
                cleandoc(f"""Don't call `flow.{method}()` from within a `Flow` context manager.

                Do:

                  with Flow(...) as flow:
                      ...
                  flow.{method}(...)

                Don't:

                  with Flow(...) as flow:
                      ...
                      flow.{method}(...)""")
            )

    def _is_being_loaded(self, method: str) -> bool:
        if not context.get("loading_flow", False):
            return False
        warnings.warn(
            f"Attempting to call `flow.{method}` during execution of flow file will lead to unexpected results.",
            stacklevel=3,
        )
        return True

    def _repr_html_(self) -> str:
        """What a notebook shows: the graph, drawn without graphviz."""
        from prefect.core.picture import html_of

        return html_of(self)

    def visualize(
        self,
        flow_state: State | None = None,
        filename: str | None = None,
        format: str | None = None,
        horizontal: bool = False,
    ) -> Any:
        """Draw this flow with graphviz.

        Args:
            flow_state: the state of a run; tasks get the colours of their states.
            filename: write the picture there, without the ending that ``format`` gives it.
            format: default ``pdf``.
            horizontal: from left to right instead of from top to bottom.

        Returns:
            The ``graphviz.Digraph``.
        """
        from prefect.core.visualize import draw

        return draw(self, flow_state=flow_state, filename=filename, format=format, horizontal=horizontal)

    def serialize(self, build: bool = False) -> dict[str, Any]:
        """Give this flow as JSON.

        Args:
            build: put the flow into its storage and build that first.

        Raises:
            ValueError: this flow cannot be run (see ``validate``), or has no storage to build.
        """
        from prefect.core.as_json import serialize_flow

        return serialize_flow(self, build=build)

    def serialized_hash(self, build: bool = False) -> str:
        """Give the SHA-256 of this flow's JSON, as hexadecimal text."""
        from prefect.core.as_json import hash_flow

        return hash_flow(self, build=build)

    def register(
        self,
        project_name: str | None = None,
        build: bool = True,
        labels: Collection[str] | None = None,
        set_schedule_active: bool = True,
        version_group_id: str | None = None,
        no_url: bool = False,
        idempotency_key: str | None = None,
        **kwargs: Any,
    ) -> str | None:
        """Make this flow, or a new version of it, known to the backend.

        Args:
            project_name: a project that exists.
            build: build the storage.
            labels: added to those of the run config; only agents with all of them get its runs.
            set_schedule_active: runs are made by the schedule from now on.
            version_group_id: the group of versions that it belongs to; default: that of its name in the project.
            no_url: do not print where it can be seen.
            idempotency_key: no new version is made when the newest has this key.
            **kwargs: for the default storage, when the flow has none.

        Returns:
            The id of the flow; None while a flow's file is loaded.
        """
        from prefect.core import plugs

        self._refuse_inside_block(ValueError, "register")
        if self._is_being_loaded("register"):
            return None
        if self.storage is None:
            self.storage = plugs.storage_class()(**kwargs)
        if self.run_config is None:
            self.run_config = plugs.run_config_class()()
        self.run_config.labels.update(labels or ())
        self.run_config.labels.update(self.storage.labels)
        if self.result is None:
            self.result = self.storage.result
        flow_id: str = plugs.client_class()().register(
            flow=self,
            build=build,
            project_name=project_name,
            set_schedule_active=set_schedule_active,
            version_group_id=version_group_id,
            no_url=no_url,
            idempotency_key=idempotency_key,
        )
        return flow_id

    def run_agent(
        self,
        token: str | None = None,
        show_flow_logs: bool = False,
        log_to_cloud: bool | None = None,
        api_key: str | None = None,
    ) -> None:
        """Start a local agent with the labels of this flow's run config, and stay until it is stopped."""
        from prefect.core import plugs
        from prefect.utilities.configuration import set_temporary_config

        key = api_key or token
        with set_temporary_config({"cloud.api_key": key} if key else {}):
            plugs.local_agent_class()(
                labels=list(self.run_config.labels) if self.run_config is not None else None,
                show_flow_logs=show_flow_logs,
                no_cloud_logs=None if log_to_cloud is None else not log_to_cloud,
            ).start()

    def save(self, fpath: str | None = None) -> str:
        """Write this flow to a file and give its path; default: ``<home>/flows/<name as slug>.prefect``."""
        from pathlib import Path

        from prefect.core import plugs

        path = Path(fpath) if fpath is not None else _flow_path(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        to_bytes, _ = plugs.flow_pickling()
        path.write_bytes(to_bytes(self))
        return str(path)

    @classmethod
    def load(cls, fpath: str) -> Flow:
        """Read a flow from an absolute path, or by its name from ``<home>/flows``."""
        from pathlib import Path

        from prefect.core import plugs

        path = Path(fpath) if Path(fpath).is_absolute() else _flow_path(str(fpath))
        _, from_bytes = plugs.flow_pickling()
        flow: Flow = from_bytes(path.read_bytes())
        return flow

    def diagnostics(self, include_secret_names: bool = False) -> str:
        """Describe this flow and this installation as JSON text, for a report of a problem."""
        from prefect.core import plugs

        return plugs.diagnostic_info()(flow=self, include_secret_names=include_secret_names)


def _flow_path(name: str) -> Path:
    from pathlib import Path

    from prefect.utilities.slugs import slugify

    stem = name.removesuffix(".prefect")
    return Path(context.config.home_dir).expanduser() / "flows" / f"{slugify(stem)}.prefect"


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Executor": "prefect.executors.base",
            "Result": "prefect.engine.result",
            "RunConfig": "prefect.run_configs.base",
            "Schedule": "prefect.schedules",
            "State": "prefect.engine.state",
            "Storage": "prefect.storage.base",
            "UniversalRun": "prefect.run_configs.base",
            "as_task": "prefect.utilities.tasks",
            "prefect": "prefect:",
        },
    )
