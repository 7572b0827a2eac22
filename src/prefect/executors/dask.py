"""Calls made on a Dask cluster: one that exists, or one that is started for the run and stopped after it."""

from __future__ import annotations

import itertools
import logging
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from prefect.executors.base import Executor
from prefect.executors.local_dask import LocalDaskExecutor
from prefect.executors.processes import CannotTravel
from prefect.utilities.context import context
from prefect.utilities.importtools import import_needed
from prefect.utilities.raised import text_of

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DaskExecutor", "LocalDaskExecutor"]

_RESOURCE_TAG = "dask-resource:"


class DaskExecutor(Executor):
    """Makes calls on a Dask cluster.

    Args:
        address: of the scheduler of a cluster that exists; as configured when absent. Without any, a cluster is
            started for each run.
        cluster_class: class or dotted name of what starts that cluster; ``LocalCluster`` as configured when absent.
        cluster_kwargs: its arguments.
        adapt_kwargs: arguments of its ``adapt``: let the number of workers follow the work.
        client_kwargs: arguments of ``distributed.Client``.
        debug: let a temporary cluster log warnings; as configured in ``debug`` when absent.
        performance_report_path: file for Dask's report on the run.
        disable_cancellation_event: let calls that have not begun go on when the run is interrupted.
        watch_worker_status: log when workers come and go; when absent, for clusters that adapt.

    Raises:
        ValueError: both an address and a cluster are given.
    """

    def __init__(
        self,
        address: str | None = None,
        cluster_class: str | Callable[..., Any] | None = None,
        cluster_kwargs: dict[str, Any] | None = None,
        adapt_kwargs: dict[str, Any] | None = None,
        client_kwargs: dict[str, Any] | None = None,
        debug: bool | None = None,
        performance_report_path: str | None = None,
        disable_cancellation_event: bool = False,
        watch_worker_status: bool | None = None,
    ) -> None:
        if address is not None and (cluster_class is not None or cluster_kwargs is not None):
            raise ValueError("Cannot specify `address` and `cluster_class`/`cluster_kwargs`")
        config = context.config
        if address is None and cluster_class is None and cluster_kwargs is None:
            address = config.engine.executor.dask.address or None
        if address is None:
            if cluster_class is None:
                cluster_class = config.engine.executor.dask.cluster_class
            cluster_class = _cluster_class(cluster_class)
            cluster_kwargs = dict(cluster_kwargs or {})
            if _is_local_cluster(cluster_class):
                is_loud = config.debug if debug is None else debug
                cluster_kwargs.setdefault("silence_logs", logging.WARNING if is_loud else logging.CRITICAL)
            adapt_kwargs = dict(adapt_kwargs or {})
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = cluster_kwargs
        self.adapt_kwargs = adapt_kwargs
        self.client_kwargs = {"set_as_default": False, **(client_kwargs or {})}
        self.performance_report_path = performance_report_path
        self.disable_cancellation_event = disable_cancellation_event
        self.watch_worker_status = watch_worker_status
        self.client: Client | None = None
        self._futures: WeakSet[Future[Any]] | None = None
        self._fallbacks: WeakKeyDictionary[Future[Any], Callable[[Exception], Any]] | None = None
        self._numbers: Iterator[int] = iter(())

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "client": None,
            "_futures": None,
            "_fallbacks": None,
            "_numbers": iter(()),
        }

    @contextmanager
    def start(self) -> Iterator[None]:
        """Hold the connection, and the temporary cluster, for the length of a ``with`` block."""
        Client = import_needed("distributed", by="DaskExecutor").Client
        with ExitStack() as stack:
            if self.address is not None:
                self.logger.info("Connecting to an existing Dask cluster at %s", self.address)
                where: Any = self.address
            else:
                made_by = self.cluster_class
                name = f"{getattr(made_by, '__module__', '')}.{getattr(made_by, '__name__', made_by)}"
                self.logger.info("Creating a new Dask cluster with `%s`...", name)
                where = stack.enter_context(made_by(**(self.cluster_kwargs or {})))  # type: ignore[operator, misc]
                link = getattr(where, "dashboard_link", None)
                if link:
                    self.logger.info("The Dask dashboard is available at %s", link)
            if self.adapt_kwargs and self.address is None:
                where.adapt(**self.adapt_kwargs)
            self.client = stack.enter_context(Client(where, **self.client_kwargs))
            self._futures = WeakSet()
            self._fallbacks = WeakKeyDictionary()
            # Counted on from a random number: to ask the kernel for one each time would give the interpreter away to
            # the thread of Dask's client.
            self._numbers = itertools.count(uuid.uuid4().int >> 1)
            stack.callback(self._forget)
            if self.performance_report_path:
                stack.enter_context(self._reporting(self.client, self.performance_report_path))
            if self.watch_worker_status or (self.watch_worker_status is None and self.adapt_kwargs):
                self._watch_workers(self.client)
            try:
                yield
            except BaseException:
                if not self.disable_cancellation_event:
                    self.client.cancel(list(self._futures), force=True)
                raise

    @contextmanager
    def _reporting(self, client: Client, path: str) -> Iterator[None]:
        from distributed import performance_report

        report = performance_report(path)
        # The report asks for the client at hand, which is not set for the whole process.
        with client.as_current():
            report.__enter__()
            try:
                yield
            finally:
                try:
                    report.__exit__(*sys.exc_info())
                except Exception as error:
                    # The run is done; Dask needs bokeh for the report, and does not bring it along.
                    self.logger.warning("The performance report %s could not be written: %r", path, error)

    def _forget(self) -> None:
        self.client = None
        self._futures = None
        self._fallbacks = None

    def _watch_workers(self, client: Client) -> None:
        def tell(event: Any) -> None:
            _, message = event if isinstance(event, tuple) else (None, event)
            if isinstance(message, dict) and message.get("action") in ("add-worker", "remove-worker"):
                self.on_worker_status_changed(message["action"].partition("-")[0], message)

        client.subscribe_topic("all", tell)

    def on_worker_status_changed(self, op: str, message: dict[str, Any]) -> None:
        """Log that a worker came (``add``) or went (``remove``)."""
        done = "added" if op == "add" else "removed"
        self.logger.info("Worker %s %s", message.get("worker") or message.get("address") or "", done)

    def submit(
        self, fn: Callable[..., Any], *args: Any, extra_context: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """Hand over a call; see ``Executor.submit``.

        Raises:
            ValueError: the executor has not been started.
        """
        if self.client is None or self._futures is None:
            raise ValueError("This executor has not been started.")
        fallback = getattr(fn, "fallback", None)
        dask_arguments = self._dask_arguments(extra_context, next(self._numbers))
        try:
            future = self.client.submit(fn, *args, pure=False, **dask_arguments, **kwargs)
        except Exception as error:
            if fallback is None:
                raise
            # Raised while the call is pickled: Dask wraps the reason.
            reason = CannotTravel(f"Failed to pickle what the call is given: {text_of(_root_of(error))}")
            future = self.client.submit(_value, fallback(*args, **kwargs)(reason), pure=False)
        else:
            if fallback is not None and self._fallbacks is not None:
                self._fallbacks[future] = fallback(*args, **kwargs)
        self._futures.add(future)
        return future

    @staticmethod
    def _dask_arguments(extra_context: dict[str, Any] | None, number: int | None = None) -> dict[str, Any]:
        """Give the key, made unique by this number, and the resources that the task's tags ask for."""
        known = extra_context or {}
        arguments: dict[str, Any] = {}
        name = known.get("task_name")
        if name is not None:
            index = known.get("task_index")
            unique = uuid.uuid4().hex if number is None else f"{number:032x}"
            arguments["key"] = f"{name}-{unique}" if index is None else f"{name}-{index}-{unique}"
        resources = {}
        for tag in known.get("task_tags") or ():
            if tag.lower().startswith(_RESOURCE_TAG):
                resource, _, amount = tag[len(_RESOURCE_TAG) :].rpartition("=")
                resources[resource] = float(amount)
        if resources:
            arguments["resources"] = resources
        return arguments

    def wait(self, futures: Any) -> Any:
        """Wait for values; see ``Executor.wait``.

        Raises:
            ValueError: the executor has not been started.
        """
        if self.client is None:
            raise ValueError("This executor has not been started.")
        try:
            return self.client.gather(futures)
        except Exception:
            if not self._fallbacks:
                raise
            # One of them did not come back: its worker died again and again, or its value cannot travel.
            return self._one_by_one(futures)

    def _one_by_one(self, value: Any) -> Any:
        """Give values in place of futures, those of lost calls from their fallbacks."""
        kind = type(value)
        if kind is list or kind is tuple or kind is set:
            return kind(self._one_by_one(item) for item in value)
        if kind is dict:
            return {key: self._one_by_one(item) for key, item in value.items()}
        fallback = self._fallbacks.get(value) if self._fallbacks and hasattr(value, "key") else None
        if fallback is None:
            return self.client.gather(value)  # type: ignore[union-attr]
        try:
            return self.client.gather(value)  # type: ignore[union-attr]
        except Exception as error:
            return fallback(error)

    @property
    def performance_report(self) -> str:
        """The text of Dask's report on the last run; empty when there is none."""
        path = self.performance_report_path
        if path is None:
            self.logger.warning("Executor was not configured to generate performance report")
        return Path(path).read_text(encoding="utf-8") if path and Path(path).exists() else ""


def _value(value: Any) -> Any:
    return value


def _root_of(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _cluster_class(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    module_name, _, attribute = given.rpartition(".")
    try:
        return getattr(import_module(module_name), attribute)
    except ModuleNotFoundError:
        import_needed(module_name.partition(".")[0], by="DaskExecutor")
        raise


def _is_local_cluster(cluster_class: Any) -> bool:
    # That class alone: the constructor of a subclass need not take what it takes.
    made_by = getattr(cluster_class, "__name__", None), str(getattr(cluster_class, "__module__", "")).partition(".")[0]
    return made_by == ("LocalCluster", "distributed")
