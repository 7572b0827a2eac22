"""Tasks for Monte Carlo."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "MonteCarloCreateOrUpdateLineage",
                "MonteCarloCreateOrUpdateNodeWithTags",
                "MonteCarloGetResources",
            ),
            "prefect.tasks.monte_carlo.monte_carlo_lineage",
        ),
    },
    rooms=("client", "monte_carlo_lineage"),
)
