"""Tasks for Prometheus."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "PushAddGaugeToGateway",
                "PushGaugeToGateway",
            ),
            "prefect.tasks.prometheus.pushgateway",
        ),
    },
    rooms=("pushgateway",),
)
