"""The GraphQL API of Monte Carlo."""

from __future__ import annotations

from typing import Any

ADDRESS = "https://api.getmontecarlo.com"

CREATE_OR_UPDATE_NODE = """\
mutation ($name: String!, $id: String!, $type: String!, $resource: String!, $tags: [ObjectPropertyInput]) {
  createOrUpdateLineageNode(
    name: $name, objectId: $id, objectType: $type, resourceName: $resource, properties: $tags
  ) { node { mcon displayName objectType } }
}"""
CREATE_OR_UPDATE_EDGE = """\
mutation ($source: NodeInput!, $destination: NodeInput!, $until: DateTime) {
  createOrUpdateLineageEdge(source: $source, destination: $destination, expireAt: $until) { edge { edgeId } }
}"""
RESOURCES = "query { getResources { name type id uuid isDefault isUserProvided } }"


class MonteCarloClient:
    """Asks Monte Carlo in the name of one key."""

    def __init__(self, api_key_id: str, api_token: str, by: str = "MonteCarloClient") -> None:
        from prefect.tasks.authoring.web import WebService

        self._by = by
        self._service = WebService(ADDRESS, by=by, headers={"x-mcd-id": api_key_id, "x-mcd-token": api_token})

    def ask(self, document: str, has: str, **variables: Any) -> dict[str, Any]:
        """Send a document and give its data, which must have something.

        Raises:
            ServiceFailed: Monte Carlo did not answer, or refused.
        """
        from prefect.tasks.authoring.web import ServiceFailed

        body = {"query": document, "variables": variables or None}
        answer = self._service.ask("POST", "graphql", has="{}", json=body)
        if answer.get("errors") or not answer.get("data"):
            errors = answer.get("errors")
            found = errors if isinstance(errors, list) else [errors]
            said = "; ".join(str(error.get("message") if isinstance(error, dict) else error) for error in found)
            raise ServiceFailed(f"{self._by}: Monte Carlo refused: {said}")
        data: dict[str, Any] = self._service.checked(answer["data"], has)
        return data

    def create_or_update_lineage_node(
        self,
        node_name: str,
        object_id: str,
        object_type: str,
        resource_name: str,
        tags: list[dict[str, str]] | None = None,
    ) -> str:
        """Make a node, or change it, and give its name at Monte Carlo (MCON)."""
        made = self.ask(
            CREATE_OR_UPDATE_NODE,
            "createOrUpdateLineageNode.node.mcon",
            name=node_name,
            id=object_id,
            type=object_type,
            resource=resource_name,
            tags=tags or [],
        )
        name: str = made["createOrUpdateLineageNode"]["node"]["mcon"]
        return name

    def create_or_update_lineage_edge(
        self, source: dict[str, Any], destination: dict[str, Any], expire_at: str | None = None
    ) -> str:
        """Make an edge, or change it, and give its id."""
        made = self.ask(
            CREATE_OR_UPDATE_EDGE,
            "createOrUpdateLineageEdge.edge.edgeId",
            source=_end(source),
            destination=_end(destination),
            until=expire_at,
        )
        edge: str = made["createOrUpdateLineageEdge"]["edge"]["edgeId"]
        return edge

    def get_resources(self) -> list[dict[str, Any]]:
        """List the resources."""
        found: list[dict[str, Any]] = self.ask(RESOURCES, "getResources[]")["getResources"]
        return found


def _end(node: dict[str, Any]) -> dict[str, str]:
    return {
        "objectId": node["object_id"],
        "objectType": node["object_type"],
        "resourceName": node["resource_name"],
    }
