"""A server that asks for keys, with two tenants that have the same things in them, for tests of access."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect.server import catalogue
from prefect.server.actions import keys
from prefect.server.app import App
from prefect.server.graphql.operations import ENUMS
from prefect.server.settings import load_settings
from support.asgi import Answer, call, graphql
from support.world import flow_document


class Holder:
    """Somebody with a key: calls the server with it."""

    def __init__(self, app: App, run_async: Any, key: str | None, headers: dict[str, str] | None = None):
        self.app = app
        self.run_async = run_async
        self.headers = dict(headers or {})
        if key is not None:
            self.headers["authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.run_async(call(self.app, method, path, body, {**self.headers, **named}))

    def ask(self, query: str, variables: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.run_async(graphql(self.app, query, variables, {**self.headers, **named}))

    def post(self, body: Any) -> Answer:
        return self.run_async(call(self.app, "POST", "/", json.dumps(body).encode(), self.headers))

    def data(self, query: str, variables: Any = None) -> Any:
        return self.ask(query, variables).data

    def do(self, mutation: str, selected: str = "id", /, **inputs: Any) -> Any:
        return self.try_to(mutation, selected, **inputs).data[mutation]

    def try_to(self, mutation: str, selected: str = "id", /, **inputs: Any) -> Answer:
        document = f"mutation($input: {mutation}_input!) {{ {mutation}(input: $input) {{ {selected} }} }}"
        return self.ask(document, {"input": inputs})


class Keyed:
    """The server, and who has which key: ``server`` for all tenants; ``admin``, ``run``, ``read`` of the first tenant,
    ``other`` the admin of the second."""

    def __init__(self, database: Any, run_async: Any, home: Path, **settings: Any):
        given = {"services_enabled": False, "require_keys": True, **settings}
        self.run_async = run_async
        self.database = database
        self.app = App(load_settings(given, environment={}, home=home), database)
        run_async(self.app.start())
        self.tenant_id = self.app.auth.default_tenant_id
        self.server = self.holder(all_tenants=True)
        self.other_tenant_id = self.server.do("create_tenant", name="Other", slug="other")["id"]
        self.admin = self.holder()
        self.run = self.holder("run")
        self.read = self.holder("read")
        self.other = self.holder(tenant_id=self.other_tenant_id)

    def key(self, role: str = "admin", *, all_tenants: bool = False, **given: Any) -> tuple[str, str]:
        """Make a key; gives its id and text."""
        tenant_id = None if all_tenants else given.pop("tenant_id", self.tenant_id)
        values = {"name": f"{role} key", "role": role, "tenant_id": tenant_id, **given}
        return self.run_async(self.database.write(lambda tx: keys.create_key(tx, datetime.now(UTC), **values)))

    def holder(self, role: str = "admin", **given: Any) -> Holder:
        return self.with_key(self.key(role, **given)[1])

    def with_key(self, key: str | None, **headers: str) -> Holder:
        return Holder(self.app, self.run_async, key, headers)

    def fill(self, holder: Holder) -> dict[str, str]:
        """Make one of each thing in the holder's tenant; gives the ids by the names of the inputs that take them."""
        made = {"project_id": holder.do("create_project", name="project")["id"]}
        document = flow_document("flow", parameters=[{"name": "x", "slug": "x", "required": False, "default": 1}])
        made["flow_id"] = holder.do(
            "create_flow", project_id=made["project_id"], serialized_flow=document, version_group_id="group"
        )["id"]
        row = holder.data(
            "query($id: uuid!) { flow_by_pk(id: $id) { flow_group_id tasks { id } } }", {"id": made["flow_id"]}
        )["flow_by_pk"]
        made["flow_group_id"], made["task_id"] = row["flow_group_id"], row["tasks"][0]["id"]
        made["flow_run_id"] = holder.do("create_flow_run", flow_id=made["flow_id"])["id"]
        states = [{"flow_run_id": made["flow_run_id"], "state": {"type": "Running"}}]
        holder.do("set_flow_run_states", "states { id }", states=states)
        made["task_run_id"] = holder.data("{ task_run(limit: 1) { id } }")["task_run"][0]["id"]
        task_states = [{"task_run_id": made["task_run_id"], "state": {"type": "Running"}}]
        holder.do("set_task_run_states", "states { id }", states=task_states)
        holder.do("write_run_logs", "success", logs=[{"flow_run_id": made["flow_run_id"], "message": "hidden words"}])
        made["agent_config_id"] = holder.do("create_agent_config", name="config", settings={"a": 1})["id"]
        made["agent_id"] = holder.do("register_agent", type="local", labels=["x"])["id"]
        made["cloud_hook_id"] = holder.do(
            "create_cloud_hook", type="WEBHOOK", states=["FAILED"], config={"url": "http://127.0.0.1:1/"}
        )["id"]
        made["task_run_artifact_id"] = holder.do(
            "create_task_run_artifact", task_run_id=made["task_run_id"], kind="link", data={"a": 1}
        )["id"]
        made["key_value_id"] = holder.do("set_key_value", key="key", value={"a": 1})["id"]
        made["limit_id"] = holder.do("update_task_tag_limit", tag="tag", limit=5)["id"]
        made["action_id"] = holder.do("create_action", name="action", action_type="CANCEL_RUN")["id"]
        made["hook_id"] = holder.do(
            "create_flow_run_state_changed_hook", states=["FAILED"], action_id=made["action_id"]
        )["id"]
        sla = {"kind": "STARTED_NOT_FINISHED", "duration_seconds": 60}
        made["sla_config_id"] = holder.do("create_flow_sla_config", **sla)["id"]
        made["key_id"] = holder.do("create_api_key", name="a key")["id"]
        holder.do("set_secret", "success", name="secret", value="hidden words")
        for shared in (False, True):
            holder.do("set_document", "success", kind="view", name="mine", value="hidden words", shared=shared)
        return made


def snapshot(keyed: Keyed, tenant_id: str) -> dict[str, Any]:
    """Give all rows of a tenant, by table, but the audit."""

    def work(tx: Any) -> dict[str, Any]:
        found = {}
        for name, table in catalogue.metadata.tables.items():
            if "tenant_id" in table.c and name != "audit":
                rows = tx.all(table.select().where(table.c.tenant_id == tenant_id))
                found[name] = sorted(map(repr, rows))
        return found

    return keyed.run_async(keyed.database.read(work))


def inputs_of(operation: Any, ids: dict[str, str], tenant_id: str) -> dict[str, Any]:
    """Give a mutation's inputs, naming these rows wherever it names any."""
    found: dict[str, Any] = {}
    for field, kind in operation.inputs.items():
        if field == "tenant_id":
            found[field] = tenant_id
        elif field.removesuffix("s") in ids and kind.startswith("["):
            found[field] = [ids[field.removesuffix("s")]]
        elif field in ids or kind.endswith("!"):
            found[field] = ids.get(field, any_value(kind))
    named = "task_run_id" if operation.name == "set_task_run_states" else "flow_run_id"
    if "logs" in found:
        found["logs"] = [{"flow_run_id": ids["flow_run_id"], "message": "m"}]
    if operation.name == "create_cloud_hook":
        found |= {"type": "WEBHOOK", "config": {"url": "http://x/"}, "states": ["FAILED"]}
    elif operation.name == "create_flow_run_state_changed_hook":
        found["states"] = ["FAILED"]
    elif "states" in found:
        found["states"] = [{named: ids[named], "state": {"type": "Success"}}]
    return found


def any_value(kind: str) -> Any:
    """Give some value of a GraphQL type."""
    kind = kind.rstrip("!")
    if kind.startswith("["):
        return []
    if kind.endswith("_bool_exp"):
        return {}
    values = {"UUID": "00000000-0000-0000-0000-00000000abcd", "Int": 1, "Boolean": False, "JSON": {}, "Float": 1.0}
    values |= {name: words[0] for name, words in ENUMS.items()}
    return values.get(kind, "x")
