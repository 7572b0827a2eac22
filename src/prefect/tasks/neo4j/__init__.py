"""Tasks for Neo4j."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Neo4jRunCypherQueryTask": "prefect.tasks.neo4j.neo4j_tasks",
    },
    rooms=("neo4j_tasks",),
)
