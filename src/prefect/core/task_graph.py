"""Tasks and the edges between them: the part of a flow that is built up, changed and asked.

Knows the graph only; a flow adds the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from prefect.core.annotations import EdgeAnnotation
from prefect.core.constants import Constant
from prefect.core.conversion import as_task, contains_task
from prefect.core.edge import Edge, check_key
from prefect.core.graph import CycleFound, LinkSet, reachable, topological_order
from prefect.core.parameter import Parameter
from prefect.core.signature import run_signature
from prefect.core.task import Task
from prefect.utilities.context import context


class TaskGraph:
    """Tasks, and the edges by which they wait for each other and pass on their results.

    Attributes:
        tasks: all tasks.
        slugs: task -> what it is called in this graph.
        constants: task -> argument -> value, for values that need no task of their own.
    """

    def __init__(self) -> None:
        self.tasks: set[Task] = set()
        self._edges: LinkSet[Edge] = LinkSet()
        self.slugs: dict[Task, str] = {}
        self.constants: defaultdict[Task, dict[str, Any]] = defaultdict(dict)
        self._reference_tasks: set[Task] = set()
        self._slug_counters: dict[str, int] = {}
        self._used_slugs: set[str] = set()
        self._order: tuple[int, frozenset[Task], tuple[Task, ...]] | None = None

    @property
    def edges(self) -> set[Edge]:
        """The edges of this flow."""
        return self._edges

    @edges.setter
    def edges(self, edges: Iterable[Edge]) -> None:
        self._edges = LinkSet(edges)
        self._order = None

    def _copy_graph(self, new: TaskGraph) -> None:
        """Give another flow its own collections with the same content."""
        new.tasks = set(self.tasks)
        new._edges = self._edges.copy()
        new.slugs = dict(self.slugs)
        new.constants = self.constants.copy()
        new._reference_tasks = set(self._reference_tasks)
        new._slug_counters = dict(self._slug_counters)
        new._used_slugs = set(self._used_slugs)
        new._order = None

    # --- adding --------------------------------------------------------------------------------------------------

    def add_task(self, task: Task) -> Task:
        """Add a task, without any edge; one that is there already stays as it is.

        Raises:
            TypeError: it is no task.
            ValueError: its slug is another task's.
        """
        if not isinstance(task, Task):
            raise TypeError(f"Tasks must be Task instances (received {type(task)})")
        if task in self.tasks:
            return task
        self._enter_slug(task)
        self.tasks.add(task)
        unused = context.get("_unused_task_tracker")
        if unused is not None:
            unused.discard(task)
        self._join_blocks(task)
        return task

    def _join_blocks(self, task: Task) -> None:
        """Tell the ``case`` and resource blocks around this point of the program that a task was added."""
        for block_name in ("case", "resource"):
            block = context.get(block_name)
            if block is not None:
                block.add_task(task, self)

    def _enter_slug(self, task: Task) -> None:
        used = self._used_slugs
        if len(used) != len(self.slugs):
            # Somebody has changed the dictionary of slugs directly.
            used = self._used_slugs = set(self.slugs.values())
        slug = task.slug or ""
        if not slug or slug == task._generated_slug:
            stem = "-".join([task.name, *sorted(task.tags)]) if task.tags else task.name
            number = self._slug_counters.get(stem, 1)
            while (slug := f"{stem}-{number}") in used:
                number += 1
            self._slug_counters[stem] = number + 1
        elif slug in used:
            raise ValueError(f'A task with the slug "{slug}" already exists in this flow. ({self!r})')
        used.add(slug)
        self.slugs[task] = slug

    def add_edge(
        self,
        upstream_task: Any,
        downstream_task: Any,
        key: str | None = None,
        mapped: bool = False,
        flattened: bool = False,
        validate: bool | None = None,
    ) -> Edge:
        """Let one task wait for another, and use its result when a key is given.

        A value for a keyed edge that is neither mapped nor flattened is kept in ``constants`` instead of as a task.

        Args:
            upstream_task, downstream_task: tasks, values that become tasks, or either with a mark around it.
            key: the argument of the downstream task that gets the upstream result.
            mapped: run the downstream task once for each element of the upstream result.
            flattened: take the upstream result, a list of lists, as one list.
            validate: check the key and look for cycles; default: as configured in ``flows.eager_edge_validation``.

        Raises:
            ValueError: the downstream task is a parameter or the upstream task itself; the key is no identifier; a
                mapped edge inside ``apply_map``; when checked, a key already used or a cycle.
            TypeError: when checked, the downstream task has no such argument.
        """
        if validate is None:
            validate = bool(context.config.flows.eager_edge_validation)
        added = self._add_edge(upstream_task, downstream_task, key, mapped, flattened, validate)
        if isinstance(added, Edge):
            return added
        return Edge(as_task(upstream_task), added, key=key)

    def _add_edge(
        self, upstream: Any, downstream: Any, key: str | None, mapped: bool, flattened: bool, validate: bool
    ) -> Edge | Task:
        """Add an edge and give it, or note a constant and give the downstream task."""
        if mapped and context.get("mapped", False):
            # Said by hand; an annotation says what is so anyway, and is no mistake.
            raise ValueError("Cannot set `mapped=True` when running from inside a mapped context")
        for end in (upstream, downstream):
            if isinstance(end, EdgeAnnotation):
                mapped = end.annotations.get("mapped", mapped)
                flattened = end.annotations.get("flattened", flattened)
        if isinstance(upstream, EdgeAnnotation):
            upstream = upstream.value
        if isinstance(downstream, Parameter):
            raise ValueError("Parameters must be root tasks and can not have upstream dependencies.")
        if key is not None:
            check_key(key)
        downstream = as_task(downstream, flow=self)
        if upstream is downstream:
            raise ValueError("Edges can not connect a task to itself.")
        # Only now, so that an edge that is refused leaves no trace.
        self.add_task(downstream)

        if key is not None and not mapped and not flattened:
            # In ``apply_map`` a constant may be what is mapped over: it stays a task until that is known.
            if isinstance(upstream, Constant) and not context.get("mapped", False):
                return self._add_constant(upstream.value, downstream, key, validate)
            if not contains_task(upstream):
                return self._add_constant(upstream, downstream, key, validate)
        upstream = as_task(upstream, flow=self)
        # Made before the tasks are added, so that a refused edge leaves no trace of its upstream task.
        edge = Edge.between(upstream, downstream, key, bool(mapped), bool(flattened))
        if validate:
            self._check_argument(downstream, key)
        self.add_task(upstream)
        self._edges.add(edge)
        if validate:
            self.validate()
        return edge

    def _add_constant(self, value: Any, downstream: Task, key: str, validate: bool) -> Task:
        if validate:
            self._check_argument(downstream, key)
        self.constants[downstream][key] = value
        return downstream

    def _check_argument(self, task: Task, key: str | None) -> None:
        if key is None:
            return
        if key in self.constants.get(task, ()) or any(edge.key == key for edge in self._edges.entering(task)):
            raise ValueError(
                f'Argument "{key}" for task {task} has already been assigned in this flow. If you are trying to call '
                "the task again with new arguments, call Task.copy() before adding the result to this flow."
            )
        signature = run_signature(task.run)
        if not signature.takes(key):
            # Says what is wrong, if it is: the key may be one of ``**kwargs``.
            signature.signature_of(task.run).bind_partial(**{key: None})

    def chain(self, *tasks: Any, validate: bool | None = None) -> list[Edge]:
        """Let each of these tasks wait for the one before it, and give the edges."""
        converted = [as_task(task, flow=self) for task in tasks]
        return [
            self.add_edge(upstream_task=before, downstream_task=after, validate=validate)
            for before, after in pairwise(converted)
        ]

    def set_dependencies(
        self,
        task: Any,
        upstream_tasks: Iterable[Any] | None = None,
        downstream_tasks: Iterable[Any] | None = None,
        keyword_tasks: Mapping[str, Any] | None = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Add a task together with its edges.

        Args:
            task: a task, or a value that becomes one.
            upstream_tasks: what it waits for without using the results.
            downstream_tasks: what waits for it.
            keyword_tasks: argument of ``run`` -> task or value.
            mapped: for the edges to it, not those from it: run once for each element.
            validate: see ``add_edge``.
        """
        if validate is None:
            validate = bool(context.config.flows.eager_edge_validation)
        task = self.add_task(as_task(task, flow=self))
        for upstream in upstream_tasks or ():
            self._add_edge(upstream, task, None, mapped, False, validate)
        for downstream in downstream_tasks or ():
            self._add_edge(task, downstream, None, False, False, validate)
        if keyword_tasks:
            for key, upstream in keyword_tasks.items():
                self._add_edge(upstream, task, key, mapped, False, validate)

    # --- changing ------------------------------------------------------------------------------------------------

    def replace(self, old: Task, new: Any, validate: bool = True) -> None:
        """Put another task in the place of one, with its edges; constants of the old task are not taken over.

        Raises:
            ValueError: the old task is not in this flow, or the new one cannot stand there.
        """
        self._require(old)
        new = as_task(new, flow=self)
        moved = [
            (
                edge,
                new if edge.upstream_task is old else edge.upstream_task,
                new if edge.downstream_task is old else edge.downstream_task,
            )
            for edge in (*self._edges.entering(old), *self._edges.leaving(old))
        ]
        if any(upstream is downstream for _, upstream, downstream in moved):
            raise ValueError("Edges can not connect a task to itself.")
        self.tasks.remove(old)
        self._used_slugs.discard(self.slugs.pop(old))
        self.constants.pop(old, None)
        for edge, _, _ in moved:
            self._edges.discard(edge)
        self.add_task(new)
        if old in self._reference_tasks:
            self._reference_tasks = (self._reference_tasks - {old}) | {new}
        for edge, upstream, downstream in moved:
            self._add_edge(upstream, downstream, edge.key, edge.mapped, edge.flattened, False)
        if validate:
            self.validate()

    def update(
        self,
        flow: TaskGraph,
        merge_parameters: bool = False,
        validate: bool | None = None,
        merge_reference_tasks: bool = False,
    ) -> None:
        """Add the tasks, edges and constants of another flow.

        Args:
            merge_parameters: a parameter of the other flow takes the place of ours of the same name; otherwise two of
                one name are an error.
            validate: see ``add_edge``.
            merge_reference_tasks: the reference tasks become those of both flows.
        """
        for task in flow._tasks_in_order():
            if task in self.tasks:
                continue
            if merge_parameters and isinstance(task, Parameter):
                ours = self.get_tasks(name=task.name, task_type=Parameter)
                if ours:
                    self.replace(ours[0], task)
                    continue
            self.add_task(task)
        for edge in flow.edges:
            if edge not in self._edges:
                self.add_edge(edge.upstream_task, edge.downstream_task, edge.key, edge.mapped, edge.flattened, validate)
        for task, values in flow.constants.items():
            self.constants[task].update(values)
        if merge_reference_tasks:
            self.set_reference_tasks(self.reference_tasks() | flow.reference_tasks())

    # --- asking --------------------------------------------------------------------------------------------------

    def _require(self, task: Task) -> None:
        if task not in self.tasks:
            raise ValueError(f"Task {task} was not found in Flow {self}")

    def _tasks_in_order(self) -> list[Task]:
        """Give the tasks in the order in which they were added."""
        tasks = [task for task in self.slugs if task in self.tasks]
        if len(tasks) != len(self.tasks):
            tasks.extend(sorted(self.tasks.difference(tasks), key=lambda task: task.name))
        return tasks

    def has_edges_of(self, task: Task) -> bool:
        """Tell whether a task is in this flow and has an edge."""
        return task in self.tasks and bool(self._edges.entering(task) or self._edges.leaving(task))

    def get_tasks(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        task_type: type | None = None,
    ) -> list[Task]:
        """Find the tasks that have this name, this slug, all these tags and this type."""

        def fits(task: Task) -> bool:
            return (
                (name is None or task.name == name)
                and (slug is None or slug in (task.slug, self.slugs.get(task)))
                and (tags is None or task.tags.issuperset(tags))
                and (task_type is None or isinstance(task, task_type))
            )

        return [task for task in self._tasks_in_order() if fits(task)]

    def parameters(self) -> set[Parameter]:
        """Give the parameters of this flow."""
        return {task for task in self.tasks if isinstance(task, Parameter)}

    def root_tasks(self) -> set[Task]:
        """Give the tasks that wait for nothing."""
        return {task for task in self.tasks if not self._edges.entering(task)}

    def terminal_tasks(self) -> set[Task]:
        """Give the tasks that nothing waits for."""
        return {task for task in self.tasks if not self._edges.leaving(task)}

    def reference_tasks(self) -> set[Task]:
        """Give the tasks whose states decide the state of a run."""
        if self._reference_tasks:
            return set(self._reference_tasks)
        return {
            task
            for task in self.tasks
            if task.resource_role not in ("init", "cleanup")
            and all(edge.downstream_task.resource_role == "cleanup" for edge in self._edges.leaving(task))
        }

    def set_reference_tasks(self, tasks: Iterable[Task]) -> None:
        """Let these tasks decide the state of a run; none goes back to the default.

        Raises:
            ValueError: a task is not in this flow.
        """
        chosen = set(tasks)
        if not chosen <= self.tasks:
            raise ValueError("reference tasks must be part of the flow.")
        self._reference_tasks = chosen

    def all_upstream_edges(self) -> dict[Task, set[Edge]]:
        """Give, for every task, the edges to it."""
        return {task: set(self._edges.entering(task)) for task in self._tasks_in_order()}

    def all_downstream_edges(self) -> dict[Task, set[Edge]]:
        """Give, for every task, the edges from it."""
        return {task: set(self._edges.leaving(task)) for task in self._tasks_in_order()}

    def edges_to(self, task: Task) -> set[Edge]:
        """Give the edges to a task (ValueError if it is not in this flow)."""
        self._require(task)
        return set(self._edges.entering(task))

    def edges_from(self, task: Task) -> set[Edge]:
        """Give the edges from a task (ValueError if it is not in this flow)."""
        self._require(task)
        return set(self._edges.leaving(task))

    def upstream_tasks(self, task: Task) -> set[Task]:
        """Give the tasks that a task waits for (ValueError if it is not in this flow)."""
        return {edge.upstream_task for edge in self.edges_to(task)}

    def downstream_tasks(self, task: Task) -> set[Task]:
        """Give the tasks that wait for a task (ValueError if it is not in this flow)."""
        return {edge.downstream_task for edge in self.edges_from(task)}

    def validate(self) -> None:
        """Check that this flow can be run.

        Raises:
            ValueError: an edge or reference task is not of this flow, or tasks wait for each other.
        """
        if any(edge.upstream_task not in self.tasks or edge.downstream_task not in self.tasks for edge in self._edges):
            raise ValueError("Some edges refer to tasks not contained in this flow.")
        if not self._reference_tasks <= self.tasks:
            raise ValueError("Some reference tasks are not contained in this flow.")
        self.sorted_tasks()

    def sorted_tasks(self, root_tasks: Iterable[Task] | None = None) -> tuple[Task, ...]:
        """Give the tasks so that each stands behind all that it waits for, otherwise in the order they were added.

        Args:
            root_tasks: only these and everything downstream of them.

        Raises:
            ValueError: a root task is not in this flow, or tasks wait for each other.
        """
        known = self._order
        if known is None or known[0] != self._edges.version or known[1] != self.tasks:
            entering = self._edges.entering
            try:
                in_order = topological_order(
                    self._tasks_in_order(), lambda task: [edge.upstream_task for edge in entering(task)]
                )
            except CycleFound as cycle:
                way = " -> ".join(map(repr, reversed(cycle.nodes)))
                raise ValueError(f"{cycle} In {self!r}: {way}") from None
            known = self._order = (self._edges.version, frozenset(self.tasks), in_order)
        roots = set(root_tasks or ())
        if not roots:
            return known[2]
        for task in roots:
            self._require(task)
        leaving = self._edges.leaving
        wanted = reachable(roots, lambda task: [edge.downstream_task for edge in leaving(task)])
        return tuple(task for task in known[2] if task in wanted)
