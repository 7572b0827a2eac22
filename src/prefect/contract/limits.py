"""Sizes and counts that both sides keep."""

from __future__ import annotations

from typing import Final

STATE_PAYLOAD_BYTES: Final = 1_000_000
"""The most one serialized state may weigh."""

LOG_RECORD_BYTES: Final = 1_000_000
"""The most one log record may weigh; longer messages are cut."""

LOG_BATCH_BYTES: Final = 4_000_000
"""The most one batch of log records may weigh."""

ARTIFACT_BYTES: Final = 1_000_000
"""The most the data of one artifact may weigh."""

KEY_VALUE_CHARACTERS: Final = 10_000
"""The longest JSON text of one value in the key-value store."""

REGISTRATION_CHUNK: Final = 500
"""Tasks or edges sent in one registration call."""

QUEUE_EXCLUDES: Final = 1_000
"""Run ids an agent may ask the queue to leave out."""

LONGEST_WAIT_SECONDS: Final = 60.0
"""The longest a server keeps a long poll open."""

EVENT_PAGE: Final = 1_000
"""Events of a flow run handed out at once."""

HEARTBEAT_SECONDS: Final = 10.0
"""A process of this package beats at least so often, whatever `cloud.heartbeat_interval` says: 1.x's 30 s are meant for
a server that waits for 10 minutes, and ours takes such a process for dead after 40 s."""

DOCUMENT_CHARACTERS: Final = 1_000_000
"""The longest GraphQL document."""

DOCUMENT_LINES: Final = 20_000
"""The most lines of one document."""

DOCUMENT_TOKENS: Final = 15_000
"""The most words and signs of one document; the largest documents of clients have some hundreds."""

DOCUMENT_SIZE: Final = 20_000
"""The most fields, fragments and values of one document, those of a fragment counted each time it is used."""

DOCUMENT_DEPTH: Final = 7
"""How deep a document may select; the root field is at depth 0, introspection is exempt."""

DOCUMENT_ERRORS: Final = 20
"""The most errors told of one document, or of its variables."""

INTROSPECTED_FIELDS: Final = 200_000
"""The most fields of ``__schema`` and ``__type`` in one answer; all that clients ask for has some 50,000."""
