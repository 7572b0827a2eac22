"""Short ways to call one server in this process."""

from __future__ import annotations

from typing import Any

from prefect.server.app import App
from support.asgi import Answer, call, graphql
from support.world import flow_document

__all__ = ["Api"]


class Api:
    """Short ways to call one server."""

    def __init__(self, app: App, run_async: Any):
        self.app = app
        self.run_async = run_async

    def call(self, method: str, path: str, body: bytes = b"", headers: Any = None, **more: Any) -> Answer:
        return self.run_async(call(self.app, method, path, body, headers, **more))

    def ask(self, query: str, variables: Any = None, **more: Any) -> Answer:
        return self.run_async(graphql(self.app, query, variables, **more))

    def do(self, mutation: str, selected: str = "id", /, **inputs: Any) -> Any:
        """Call a mutation and give what is selected of its payload."""
        document = f"mutation($input: {mutation}_input!) {{ {mutation}(input: $input) {{ {selected} }} }}"
        return self.ask(document, {"input": inputs}).data[mutation]

    def row(self, table: str, row_id: str, selected: str) -> Any:
        """Read one row."""
        document = f"query($id: uuid!) {{ {table}_by_pk(id: $id) {{ {selected} }} }}"
        return self.ask(document, {"id": row_id}).data[f"{table}_by_pk"]

    def register(self, **changes: Any) -> str:
        project = self.ask("{ project { id } }").data["project"]
        project_id = project[0]["id"] if project else self.do("create_project", name="project")["id"]
        return self.do("create_flow", serialized_flow=flow_document(**changes), project_id=project_id)["id"]
