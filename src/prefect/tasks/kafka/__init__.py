"""Tasks for Kafka."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "KafkaBatchConsume",
                "KafkaBatchProduce",
            ),
            "prefect.tasks.kafka.kafka",
        ),
    },
    rooms=("kafka",),
)
