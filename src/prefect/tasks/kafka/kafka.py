"""Messages of Kafka, in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

CONNECT_SECONDS = 10.0


class KafkaBatchConsume(
    DeclaredTask,
    args="bootstrap_servers group_id topics request_timeout auto_offset_reset message_consume_limit kafka_configs",
):
    """Takes messages until no more come, or so many are there.

    Args:
        bootstrap_servers: ``host:port``, with commas between them.
        topics: their names.
        request_timeout: seconds without a message after which it is over.
        auto_offset_reset: where a new group begins: ``earliest`` or ``latest``.
        message_consume_limit: how many at most; absent means all.
        kafka_configs: further settings of the consumer.
    """

    known_as: ClassVar[dict[str, str]] = {"confluent_kafka": "confluent_kafka"}
    packages: ClassVar[tuple[str, ...]] = ("confluent_kafka",)
    empties: ClassVar[dict[str, type]] = {"kafka_configs": dict}
    keeps_further: ClassVar[bool] = True
    needs: ClassVar[dict[str, str]] = {
        "bootstrap_servers": "The bootstrap servers must be provided.",
        "group_id": "A group id must be provided.",
        "topics": "Topics must be provided.",
    }
    bootstrap_servers: str | None = None
    group_id: str | None = None
    topics: list[str] | None = None
    request_timeout: float = 1.0
    auto_offset_reset: str = "earliest"
    message_consume_limit: int | None = None
    kafka_configs: dict[str, Any] | None = None

    def work(self) -> list[bytes]:
        """Take the messages, and give their values.

        Raises:
            confluent_kafka.KafkaException: there is no broker, or it reported an error.
        """
        kafka = self.module("confluent_kafka")
        consumer = kafka.Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": self.group_id,
                "auto.offset.reset": self.auto_offset_reset,
                **(self.kafka_configs or {}),
            }
        )
        found: list[bytes] = []
        try:
            # Without a broker there are no messages either, and nobody would know why.
            consumer.list_topics(timeout=max(self.request_timeout, CONNECT_SECONDS))
            consumer.subscribe(self.topics)
            while self.message_consume_limit is None or len(found) < self.message_consume_limit:
                message = consumer.poll(timeout=self.request_timeout)
                if message is None:
                    break
                if message.error():
                    if message.error().code() == kafka.KafkaError._PARTITION_EOF:
                        continue
                    raise kafka.KafkaException(message.error())
                found.append(message.value())
        finally:
            consumer.close()
        return found


class KafkaBatchProduce(DeclaredTask, args="bootstrap_servers topic messages flush_threshold callback kafka_configs"):
    """Sends messages.

    Args:
        bootstrap_servers: ``host:port``, with commas between them.
        messages: mappings with ``key`` and ``value``.
        flush_threshold: wait for the broker after so many messages; absent means only at the end.
        callback: called as ``f(error, message)`` for each that was delivered, or not.
        kafka_configs: further settings of the producer.
    """

    packages: ClassVar[tuple[str, ...]] = ("confluent_kafka",)
    empties: ClassVar[dict[str, type]] = {"kafka_configs": dict}
    needs: ClassVar[dict[str, str]] = {
        "bootstrap_servers": "The bootstrap servers must be provided.",
        "topic": "A topic must be provided.",
        "messages": "Messages must be provided.",
    }
    bootstrap_servers: str | None = None
    topic: str | None = None
    messages: list[dict[str, Any]] | None = None
    flush_threshold: int | None = None
    callback: Callable[..., Any] | None = None
    kafka_configs: dict[str, Any] | None = None

    def work(self) -> None:
        """Send the messages, and wait until the broker has them.

        Raises:
            RuntimeError: it did not take some.
        """
        refused: list[Any] = []

        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                refused.append(error)
            if self.callback is not None:
                self.callback(error, message)

        producer = self.module("confluent_kafka").Producer(
            {"bootstrap.servers": self.bootstrap_servers, **(self.kafka_configs or {})}
        )
        for number, message in enumerate(self.messages or (), start=1):
            producer.produce(topic=self.topic, key=message.get("key"), value=message.get("value"), callback=delivered)
            if self.flush_threshold and number % self.flush_threshold == 0:
                producer.flush()
        producer.flush()
        if refused:
            raise RuntimeError(
                f"{type(self).__name__}: {len(refused)} of {len(self.messages or ())} messages were not delivered: "
                f"{refused[0]}"
            )


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "confluent_kafka": "confluent_kafka:",
        },
    )
