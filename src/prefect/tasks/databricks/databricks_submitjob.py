"""Runs of Databricks: of a job, or described on the spot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from prefect.tasks.databricks.databricks_hook import NEEDED, DatabricksTask, as_texts

_POLLING = "polling_period_seconds databricks_retry_limit databricks_retry_delay"
_UNNAMED = "Run Submitted by Prefect"


class _Described(DatabricksTask):
    """A run whose description is put together from ``json`` and the arguments that are named like its fields."""

    empties: ClassVar[dict[str, type]] = {"json": dict}
    json: dict[str, Any] | None = None
    parts: ClassVar[tuple[str, ...]] = ()

    def description(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in self.parts if getattr(self, name) is not None}
        return {**(self.json or {}), **given}


class DatabricksSubmitRun(
    _Described,
    args="databricks_conn_secret json spark_jar_task notebook_task new_cluster existing_cluster_id libraries run_name "
    f"timeout_seconds {_POLLING}",
):
    """Runs a notebook or a JAR, on a new cluster or on one that is there, and waits for its end.

    Args:
        json: the description of the run; the other arguments win over its fields.
        timeout_seconds: after which Databricks ends it; 0: never.
    """

    parts: ClassVar[tuple[str, ...]] = (
        "spark_jar_task",
        "notebook_task",
        "new_cluster",
        "existing_cluster_id",
        "libraries",
        "run_name",
        "timeout_seconds",
    )
    spark_jar_task: dict[str, Any] | None = None
    notebook_task: dict[str, Any] | None = None
    new_cluster: dict[str, Any] | None = None
    existing_cluster_id: str | None = None
    libraries: list[dict[str, Any]] | None = None
    run_name: str | None = None
    timeout_seconds: int | None = None

    def work(self) -> Any:
        """Run it, and give the id of the run.

        Raises:
            PrefectException: Databricks refused, or the run failed.
        """
        wanted = self.description()
        wanted.setdefault("run_name", _UNNAMED)
        return self.run_to_end("2.0/jobs/runs/submit", as_texts(wanted))


class DatabricksRunNow(
    _Described,
    args="databricks_conn_secret job_id json notebook_params python_params spark_submit_params jar_params " + _POLLING,
):
    """Runs a job that is there, and waits for its end.

    Args:
        json: the description of the run; the other arguments win over its fields.
    """

    parts: ClassVar[tuple[str, ...]] = (
        "job_id",
        "notebook_params",
        "python_params",
        "spark_submit_params",
        "jar_params",
    )
    job_id: str | int | None = None
    notebook_params: dict[str, Any] | None = None
    python_params: list[str] | None = None
    spark_submit_params: list[str] | None = None
    jar_params: list[str] | None = None

    def work(self) -> Any:
        """Run it, and give the id of the run.

        Raises:
            PrefectException: Databricks refused, or the run failed.
        """
        return self.run_to_end("2.1/jobs/run-now", as_texts(self.description()))


class DatabricksSubmitMultitaskRun(
    DatabricksTask,
    args="databricks_conn_secret tasks run_name timeout_seconds idempotency_token access_control_list "
    f"{_POLLING} git_source",
):
    """Runs several tasks that depend on each other, and waits for their end.

    Args:
        tasks: ``JobTaskSettings``, or mappings of the same form.
        timeout_seconds: after which Databricks ends it; 0: never.
        idempotency_token: Databricks starts one run for one token, also when it is asked again.
        access_control_list: who may see and manage the run.
        git_source: where the code comes from: a ``GitSource``, or a mapping.
    """

    needs: ClassVar[dict[str, str]] = {
        "databricks_conn_secret": f"Databricks connection info must be supplied as a dictionary. {NEEDED}"
    }
    tasks: list[Any] | None = None
    run_name: str | None = None
    timeout_seconds: int | None = None
    idempotency_token: str | None = None
    access_control_list: list[Any] | None = None
    git_source: Any = None

    def work(self) -> Any:
        """Run them, and give the id of the run.

        Raises:
            ValueError: there are no tasks.
            PrefectException: Databricks refused, or the run failed.
        """
        if not self.tasks:
            raise ValueError(self.complaint("Please supply at least one Databricks task to be run.", "tasks"))
        wanted: dict[str, Any] = {
            "tasks": [_plain(task) for task in self.tasks],
            "run_name": self.run_name or _UNNAMED,
        }
        if self.timeout_seconds is not None:
            wanted["timeout_seconds"] = self.timeout_seconds
        if self.idempotency_token:
            wanted["idempotency_token"] = self.idempotency_token
        if self.access_control_list:
            wanted["access_control_list"] = [_plain(entry) for entry in self.access_control_list]
        if self.git_source:
            wanted["git_source"] = _plain(self.git_source)
        return self.run_to_end("2.1/jobs/runs/submit", wanted)


def _plain(value: Any) -> Any:
    """Give a model as the mapping that Databricks is told, without what nobody set.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if not hasattr(value, "model_dump"):
        raise ValueError(f"What Databricks is told is a model or a mapping, not {type(value).__name__}.")
    return value.model_dump(mode="json", exclude_none=True)
