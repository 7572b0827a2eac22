"""Materializations of Transform, whose service and package are gone: dbt took them over as its semantic layer."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class TransformCreateMaterialization(
    DeclaredTask,
    args="api_key api_key_env_var mql_server_url mql_server_url_env_var materialization_name model_key_id start_time "
    "end_time output_table force wait_for_creation",
):
    """Creates a materialization.

    Args:
        api_key, mql_server_url: else from the environment variables that ``api_key_env_var`` and
            ``mql_server_url_env_var`` name.
        start_time, end_time: of the data, ISO 8601.
        wait_for_creation: wait until it is there.
    """

    packages: ClassVar[tuple[str, ...]] = ("transform",)
    api_key: str | None = None
    api_key_env_var: str | None = None
    mql_server_url: str | None = None
    mql_server_url_env_var: str | None = None
    materialization_name: str | None = None
    model_key_id: int | None = None
    start_time: str | None = None
    end_time: str | None = None
    output_table: str | None = None
    force: bool = False
    wait_for_creation: bool = True

    def work(self) -> Any:
        """Create it, and give what Transform says of it.

        Raises:
            FAIL: it could not be created.
        """
        from prefect.engine.signals import FAIL

        known = {name: self.given_or_variable(name, self._missing(name)) for name in ("api_key", "mql_server_url")}
        if not self.materialization_name:
            raise ValueError(self.complaint("`materialization_name` is missing.", "materialization_name"))
        client = self.module("transform").MQLClient(**known, use_async=not self.wait_for_creation)
        wanted = {
            "materialization_name": self.materialization_name,
            "start_time": self.start_time,
            "end_time": self.end_time,
            "model_key_id": self.model_key_id,
            "output_table": self.output_table,
            "force": self.force,
        }
        if self.wait_for_creation:
            return client.materialize(**wanted)
        answer = client.create_materialization(**wanted)
        if answer.is_failed:
            raise FAIL(f"Transform materialization async creation failed! Error is: {answer.error}")
        return answer

    def _missing(self, name: str) -> str:
        if getattr(self, f"{name}_env_var"):
            return f"`{name}` is missing and `{name}_env_var` not found in env vars."
        return f"Both `{name}` and `{name}_env_var` are missing."
