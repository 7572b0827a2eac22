"""Items of Azure Cosmos DB.

1.x took links as its package did then: ``dbs/<database>/colls/<container>``, and ``.../docs/<item>`` for one item. The
package of today takes names, which are read out of the links.
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class CosmosTask(DeclaredTask):
    """A task for one account.

    Args:
        url: of the account.
        azure_credentials_secret: name of the secret with ``AZ_COSMOS_AUTH``: ``{"masterKey": ...}``, or the key.
        options: further arguments of the call.
    """

    packages: ClassVar[tuple[str, ...]] = ("azure.cosmos",)
    url: str | None = None
    azure_credentials_secret: str = "AZ_CREDENTIALS"  # noqa: S105 - the name of a secret
    options: dict[str, Any] | None = None

    def container(self, link: str | None, argument: str) -> tuple[Any, str | None]:
        """Give the client of a container, and the item that the link names.

        Raises:
            ValueError: the link is none, or the secret has no key.
        """
        names = dict(zip(*[iter(str(link).strip("/").split("/"))] * 2, strict=False))
        if "dbs" not in names or "colls" not in names:
            raise ValueError(self.complaint("A link is dbs/<database>/colls/<container>.", argument))
        known = self.secret_value(self.azure_credentials_secret, "azure_credentials_secret")
        key = known.get("AZ_COSMOS_AUTH") if isinstance(known, dict) else None
        if isinstance(key, dict):
            key = key.get("masterKey")
        if not key:
            raise ValueError(
                self.complaint("The secret has no AZ_COSMOS_AUTH with a masterKey.", "azure_credentials_secret")
            )
        client = self.module("azure.cosmos").CosmosClient(self.url, credential=key)
        found = client.get_database_client(names["dbs"]).get_container_client(names["colls"])
        return found, names.get("docs")


class CosmosDBCreateItem(CosmosTask, args="url database_or_container_link item azure_credentials_secret options"):
    """Adds an item and gives it as it was stored.

    Args:
        database_or_container_link: ``dbs/<database>/colls/<container>``.
    """

    needs: ClassVar[dict[str, str]] = {
        "url": "A url must be provided.",
        "database_or_container_link": "A database or container link must be provided.",
        "item": "An item must be provided.",
    }
    database_or_container_link: str | None = None
    item: dict[str, Any] | None = None

    def work(self) -> dict[str, Any]:
        """Add the item."""
        container, _ = self.container(self.database_or_container_link, "database_or_container_link")
        stored: dict[str, Any] = container.create_item(self.item, **(self.options or {}))
        return stored


class CosmosDBReadItems(CosmosTask, args="url document_or_container_link azure_credentials_secret options"):
    """Gives all items of a container, or the one that a link names.

    Args:
        document_or_container_link: ``dbs/<database>/colls/<container>``, and ``/docs/<item>`` for one of them.
    """

    needs: ClassVar[dict[str, str]] = {
        "url": "A url must be provided.",
        "document_or_container_link": "A document or container link must be provided.",
    }
    document_or_container_link: str | None = None

    def work(self) -> list[Any]:
        """Read the items."""
        container, item = self.container(self.document_or_container_link, "document_or_container_link")
        if item is None:
            return list(container.read_all_items(**(self.options or {})))
        parameters = [{"name": "@id", "value": item}]
        return list(
            container.query_items(
                "SELECT * FROM c WHERE c.id = @id",
                parameters=parameters,
                enable_cross_partition_query=True,
                **(self.options or {}),
            )
        )


class CosmosDBQueryItems(
    CosmosTask, args="url database_or_container_link query azure_credentials_secret options partition_key"
):
    """Gives the items that a query finds.

    Args:
        database_or_container_link: ``dbs/<database>/colls/<container>``.
        query: SQL, or a mapping with ``query`` and ``parameters``.
        partition_key: only this partition is looked into; absent means all.
    """

    needs: ClassVar[dict[str, str]] = {
        "url": "A url must be provided.",
        "database_or_container_link": "A database or container link must be provided.",
        "query": "A query must be provided.",
    }
    database_or_container_link: str | None = None
    query: str | dict[str, Any] | None = None
    partition_key: str | None = None

    def work(self) -> list[Any]:
        """Run the query."""
        container, _ = self.container(self.database_or_container_link, "database_or_container_link")
        query = self.query if isinstance(self.query, dict) else {"query": self.query}
        where: dict[str, Any] = (
            {"partition_key": self.partition_key}
            if self.partition_key is not None
            else {"enable_cross_partition_query": True}
        )
        return list(
            container.query_items(query["query"], parameters=query.get("parameters"), **where, **(self.options or {}))
        )
