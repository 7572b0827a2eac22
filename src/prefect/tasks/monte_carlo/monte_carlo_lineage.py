"""Lineage in Monte Carlo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.tasks.monte_carlo.client import MonteCarloClient

_TAGS = (
    "flow_id",
    "flow_name",
    "flow_run_id",
    "flow_run_name",
    "flow_run_version",
    "project_id",
    "project_name",
    "scheduled_start_time",
    "task_id",
    "task_run_id",
    "task_run_name",
    "task_run_version",
    "task_slug",
)
_NODE = ("node_name", "object_id", "object_type", "resource_name")


class MonteCarloIncorrectTagsFormat(Exception):
    """Tags are no list of mappings with ``propertyName`` and ``propertyValue``."""


def get_prefect_context_tags() -> list[dict[str, str]]:
    """Give tags that tell of the run at hand."""
    known = {**{name: context.get(name) for name in _TAGS}, "execution_start_time": context.get("date")}
    return [{"propertyName": name, "propertyValue": str(value)} for name, value in known.items()]


class MonteCarloTask(DeclaredTask):
    """A task that needs a key.

    Args:
        api_key_id, api_token: give the token from a secret.
        prefect_context_tags: add tags that tell of the run at hand.
    """

    needs: ClassVar[dict[str, str]] = {
        "api_key_id": "Value for `api_key_id` must be provided.",
        "api_token": "Value for `api_token` must be provided.",
    }
    api_key_id: str | None = None
    api_token: str | None = None
    prefect_context_tags: bool = True

    def client(self) -> MonteCarloClient:
        from prefect.tasks.monte_carlo.client import MonteCarloClient

        return MonteCarloClient(str(self.api_key_id), str(self.api_token), by=type(self).__name__)

    def all_tags(self, given: Any) -> list[dict[str, str]]:
        """Give the tags of a node.

        Raises:
            MonteCarloIncorrectTagsFormat: some are none.
        """
        for tag in given or ():
            if not isinstance(tag, dict) or sorted(tag) != ["propertyName", "propertyValue"]:
                raise MonteCarloIncorrectTagsFormat(
                    'Must provide tags in the format [{"propertyName": "tag_name", "propertyValue": "tag_value"}].',
                    "You provided: ",
                    tag,
                )
        return [*(given or ()), *(get_prefect_context_tags() if self.prefect_context_tags else ())]


class MonteCarloCreateOrUpdateLineage(
    MonteCarloTask, args="source destination api_key_id api_token prefect_context_tags expire_at"
):
    """Makes two nodes and the edge between them, or changes them.

    Args:
        source, destination: mappings with ``node_name``, ``object_id``, ``object_type``, ``resource_name`` and, if
            wanted, ``tags``.
        expire_at: when the edge goes, ISO 8601; absent means when Monte Carlo thinks.
    """

    needs: ClassVar[dict[str, str]] = {
        **MonteCarloTask.needs,
        "source": "Value for `source` must be provided.",
        "destination": "Value for `destination` must be provided.",
    }
    source: dict[str, Any] | None = None
    destination: dict[str, Any] | None = None
    expire_at: str | None = None

    def work(self) -> str:
        """Make them, and give the id of the edge."""
        client = self.client()
        for argument in ("source", "destination"):
            node = getattr(self, argument)
            missing = [name for name in _NODE if not (isinstance(node, dict) and node.get(name))]
            if missing:
                raise ValueError(self.complaint(f"The node has no {', '.join(missing)}.", argument))
        for node in (self.source or {}, self.destination or {}):
            name = client.create_or_update_lineage_node(
                **{field: node[field] for field in _NODE}, tags=self.all_tags(node.get("tags"))
            )
            self.logger.info("Created or updated a lineage node https://getmontecarlo.com/catalog/%s/table", name)
        return client.create_or_update_lineage_edge(self.source or {}, self.destination or {}, self.expire_at)


class MonteCarloCreateOrUpdateNodeWithTags(
    MonteCarloTask,
    args="node_name object_id object_type resource_name lineage_tags api_key_id api_token prefect_context_tags",
):
    """Makes a node with tags, or changes it.

    Args:
        lineage_tags: a list of mappings with ``propertyName`` and ``propertyValue``.
    """

    needs: ClassVar[dict[str, str]] = {
        **{name: f"Value for `{name}` must be provided." for name in _NODE},
        **MonteCarloTask.needs,
    }
    node_name: str | None = None
    object_id: str | None = None
    object_type: str | None = None
    resource_name: str | None = None
    lineage_tags: list[dict[str, str]] | None = None

    def work(self) -> str:
        """Make it, and give its name at Monte Carlo (MCON)."""
        tags = self.all_tags(self.lineage_tags)
        node = {name: str(getattr(self, name)) for name in _NODE}
        return self.client().create_or_update_lineage_node(**node, tags=tags)


class MonteCarloGetResources(MonteCarloTask, args="api_key_id api_token"):
    """Lists the resources."""

    def work(self) -> list[dict[str, Any]]:
        """List them: name, type and ids of each."""
        return self.client().get_resources()
