"""Queries of Neo4j.

1.x used py2neo, which is no longer kept; the driver of Neo4j itself does the same. Where only py2neo is
installed, it is what asks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

KINDS = ("raw", "dataframe")


class Neo4jRunCypherQueryTask(
    DeclaredTask,
    args="server_uri user password db_name server_uri_env_var user_env_var password_env_var db_name_env_var "
    "cypher_query return_result_as",
):
    """Runs a query in Cypher and gives its result.

    Args:
        server_uri, user, password, db_name: else from the environment variables that the next four name; without a
            database it is the server's default.
        return_result_as: ``raw`` (a list of mappings) or ``dataframe`` (a frame of pandas).
    """

    packages: ClassVar[tuple[str, ...]] = ("neo4j",)
    server_uri: str | None = None
    user: str | None = None
    password: str | None = None
    db_name: str | None = None
    server_uri_env_var: str | None = None
    user_env_var: str | None = None
    password_env_var: str | None = None
    db_name_env_var: str | None = None
    cypher_query: str | None = None
    return_result_as: str = "raw"

    def work(self) -> Any:
        """Run the query.

        Raises:
            ValueError: an argument is missing, or no such kind of result.
        """
        known = {name: self.given_or_variable(name, self._missing(name)) for name in ("server_uri", "user", "password")}
        database = None
        if self.db_name or self.db_name_env_var:
            database = self.given_or_variable("db_name", self._missing("db_name"))
        if not self.cypher_query:
            raise ValueError(self.complaint("Please provide a value for `cypher_query`.", "cypher_query"))
        if self.return_result_as not in KINDS:
            raise ValueError(
                self.complaint(f"Illegal value for `return_result_as`: one of {', '.join(KINDS)}.", "return_result_as")
            )
        former = None if self.former_module("neo4j") else self.former_module("py2neo")
        if former:
            graph = former.Graph(profile=known["server_uri"], name=database, auth=(known["user"], known["password"]))
            rows = graph.run(self.cypher_query)
            return rows.data() if self.return_result_as == "raw" else rows.to_data_frame()
        driver = self.module("neo4j").GraphDatabase.driver(known["server_uri"], auth=(known["user"], known["password"]))
        with driver, driver.session(database=database) as session:
            result = session.run(self.cypher_query)
            return result.data() if self.return_result_as == "raw" else result.to_df()

    def _missing(self, name: str) -> str:
        variable = getattr(self, f"{name}_env_var")
        if variable:
            return f"`{variable}` not found in environment variables."
        return f"Please provide either the `{name}` or the `{name}_env_var`."
