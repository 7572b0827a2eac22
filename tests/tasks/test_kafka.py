"""Messages of Kafka: the vendor's client against the broker of its own library, which keeps what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefect.tasks.kafka import KafkaBatchConsume, KafkaBatchProduce, kafka
from support.road import free_port

confluent_kafka = pytest.importorskip("confluent_kafka")


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """Gives the address of a broker, which lives as long as the client that started it."""
    owner = confluent_kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "127.0.0.1"})
    (known,) = owner.list_topics(timeout=60).brokers.values()
    yield f"{known.host}:{known.port}"
    owner.flush(60)


def consumed(broker: str, **how: Any) -> list[bytes]:
    task = KafkaBatchConsume(broker, group_id="g", topics=["orders"], request_timeout=30)
    found: list[bytes] = task.run(**how)
    return found


def test_messages_arrive_once_and_in_their_order(broker: str) -> None:
    told: list[Any] = []
    messages = [{"key": "same", "value": str(number)} for number in range(5)]
    KafkaBatchProduce(broker, topic="orders", flush_threshold=2).run(
        messages=messages, callback=lambda error, message: told.append((error, message.value()))
    )
    assert told == [(None, str(number).encode()) for number in range(5)]

    assert consumed(broker, message_consume_limit=3) == [b"0", b"1", b"2"]


def test_a_broker_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "CONNECT_SECONDS", 0.3)
    away = f"127.0.0.1:{free_port()}"
    with pytest.raises(confluent_kafka.KafkaException, match=r"(?i)broker|transport|timed out"):
        KafkaBatchConsume(away, group_id="g", topics=["t"], request_timeout=0.1).run()
    with pytest.raises(RuntimeError, match=r"KafkaBatchProduce: 1 of 1 messages were not delivered: .*timed out"):
        KafkaBatchProduce(away, topic="t", kafka_configs={"message.timeout.ms": 200}).run(messages=[{"value": "a"}])
