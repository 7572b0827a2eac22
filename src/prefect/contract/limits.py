"""Sizes and counts: the one place where a limit of the interface is written down.

``TABLE`` is what ``docs/reference/limits.md`` shows. A value that comes from data meets no lower limit than in 1.x.
What only decorates (the name of a run, a message) is shortened and never refused. A key that is too long for an index
is kept as its beginning and a digest, so that equal keys stay equal and others stay different.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

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

KEPT_DOCUMENT_BYTES: Final = 65_536
"""The most one small document, such as a view that a person saved, may weigh as JSON."""

KEPT_DOCUMENTS: Final = 200
"""How many small documents an API key may keep."""

KEPT_DOCUMENTS_SHARED: Final = 1_000
"""How many small documents a tenant may share."""

REGISTRATION_CHUNK: Final = 500
"""Tasks or edges sent in one registration call."""

QUEUE_EXCLUDES: Final = 1_000
"""Run ids an agent may ask the queue to leave out."""

LONGEST_WAIT_SECONDS: Final = 60.0
"""The longest a server keeps a long poll open."""

EVENT_PAGE: Final = 1_000
"""Events of a flow run handed out at once."""

EVENTS_BYTES: Final = 4_000_000
"""The most the texts of the events handed out at once may weigh; a single event may weigh more."""

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

RUN_NAME_CHARACTERS: Final = 1_000
NAME_BYTES: Final = 2_000
KEY_BYTES: Final = 1_600
KEY_BEGINNING_CHARACTERS: Final = 300
SCOPE_BYTES: Final = 800
LABELS: Final = 1_000
TEXT_CHARACTERS: Final = 1_000_000
JSON_BYTES: Final = 5_000_000
FLOW_BYTES: Final = 50_000_000
RUNS_AT_ONCE: Final = 1_000
TASK_RUNS_AT_ONCE: Final = 200_000
MOST_CHILDREN_TOLD: Final = 500
LOGS_AT_ONCE: Final = 10_000
SCHEDULE_CLOCKS: Final = 500
SCHEDULE_DATES: Final = 2_000
SCHEDULE_FUNCTIONS: Final = 100
CRON_CHARACTERS: Final = 500
RULE_CHARACTERS: Final = 5_000
RULES_OF_A_SET: Final = 100
TIME_CHARACTERS: Final = 100
PATH_STEPS: Final = 100

SCHEDULE_STEPS: Final = 1_000_000
"""The most days, occurrences and filters that are looked at to find the next runs of one schedule."""


class Limit(NamedTuple):
    """One row of the table: what is bounded, by how much, and what becomes of more."""

    what: str
    most: str
    beyond: str


#: Of runs in the queue: the highest comes first.
LOWEST_PRIORITY, HIGHEST_PRIORITY = -1, 1


def _bytes(count: int) -> str:
    return f"{count:,} bytes"


TABLE: Final = (
    Limit(
        "name of a flow run or task run", f"{RUN_NAME_CHARACTERS:,} characters", "shortened, with a digest at the end"
    ),
    Limit("name of a flow, project, tenant, agent, key, hook; slug of a task", _bytes(NAME_BYTES), "refused"),
    Limit("a label, a tag, the name of a limit", _bytes(NAME_BYTES), "refused"),
    Limit("labels of a run, flow group or agent", f"{LABELS:,}", "refused"),
    Limit("idempotency key, version group", _bytes(KEY_BYTES), "kept as its beginning and a digest: still one run"),
    Limit("parameters, context, run config, default parameters, settings", _bytes(JSON_BYTES), "refused"),
    Limit("scheduled start time", "the years 1 to 9999", "refused"),
    Limit("clocks of a schedule", f"{SCHEDULE_CLOCKS:,}", "refused"),
    Limit("filters of a schedule, adjustments", f"{SCHEDULE_FUNCTIONS:,} of each kind", "refused"),
    Limit("a cron", f"{CRON_CHARACTERS:,} characters", "refused"),
    Limit(
        "dates of a clock; dates, and dates left out, of a recurrence rule", f"{SCHEDULE_DATES:,} of each", "refused"
    ),
    Limit("a recurrence rule", f"{RULE_CHARACTERS:,} characters", "refused"),
    Limit("rules of a set, rules that it leaves out", f"{RULES_OF_A_SET:,} of each", "refused"),
    Limit("interval of a clock", "no less than 1 minute", "refused by the client; no runs, and a warning in the log"),
    Limit(
        "looking for the next runs of a schedule",
        f"{SCHEDULE_STEPS:,} days, occurrences and filters",
        "the runs found by then, and a warning in the server's log",
    ),
    Limit("a time or an interval in a filter", f"{TIME_CHARACTERS:,} characters", "refused"),
    Limit("a path into JSON", f"{PATH_STEPS:,} steps", "refused"),
    Limit("description", f"{TEXT_CHARACTERS:,} characters", "refused"),
    Limit("serialized flow, unpacked", _bytes(FLOW_BYTES), "refused"),
    Limit("flow runs created at once", f"{RUNS_AT_ONCE:,}, with {TASK_RUNS_AT_ONCE:,} task runs", "refused"),
    Limit("children of a mapped task run that are told of at once", f"{MOST_CHILDREN_TOLD:,}", "refused"),
    Limit("flow runs restarted at once, task runs named for it", f"{RUNS_AT_ONCE:,} each", "refused"),
    Limit(
        "a state, as JSON",
        f"{_bytes(STATE_PAYLOAD_BYTES)} (`state_max_payload_bytes`)",
        "its texts are shortened and its cached inputs left out; a result that is too large is refused",
    ),
    Limit("a log message, with the rest of its record", _bytes(LOG_RECORD_BYTES), "cut by the client"),
    Limit(
        "events of a flow run handed out at once",
        f"{_bytes(EVENTS_BYTES)} of texts, or an eighth of `http.max_answer_bytes`",
        "fewer events, at least one; the next question goes on",
    ),
    Limit("log lines sent at once", f"{LOGS_AT_ONCE:,}", "refused"),
    Limit("data of an artifact", f"{_bytes(ARTIFACT_BYTES)} (`artifacts_max_payload_bytes`)", "refused"),
    Limit("value of a key in the key-value store, as JSON", _bytes(KEY_VALUE_CHARACTERS), "refused"),
    Limit("a small document that is kept (`set_document`), as JSON", _bytes(KEPT_DOCUMENT_BYTES), "refused"),
    Limit("small documents", f"{KEPT_DOCUMENTS} of an API key, {KEPT_DOCUMENTS_SHARED:,} shared", "refused"),
    Limit("a GraphQL document", f"{DOCUMENT_CHARACTERS:,} characters, {DOCUMENT_TOKENS:,} words and signs", "refused"),
    Limit("fields and values of a document", f"{DOCUMENT_SIZE:,}, {DOCUMENT_DEPTH} deep", "refused"),
    Limit("a request", f"{_bytes(JSON_BYTES)} (`http.max_body_bytes`)", "refused with status 413"),
)


def short_name(name: str) -> str:
    """Give a run's name as it is kept: without what no database stores, and not too long; a kept name gives itself."""
    name = storable_text(name)
    if len(name) <= RUN_NAME_CHARACTERS:
        return name
    ending = f"… {_digest(name)[:8]}"
    return name[: RUN_NAME_CHARACTERS - len(ending)] + ending


def short_key(key: str) -> str:
    """Give a key as it is kept: one that no index takes as its beginning and a digest; a kept key gives itself."""
    if len(key.encode("utf-8", "replace")) <= KEY_BYTES:
        return key
    return f"{key[:KEY_BEGINNING_CHARACTERS]}…sha256:{_digest(key)}"


def short_scope(scope: str) -> str:
    """Give what a key is unique in, as it is kept."""
    return scope if len(scope.encode("utf-8", "replace")) <= SCOPE_BYTES else f"sha256:{_digest(scope)}"


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable_text(text: str) -> str:
    """Give a text with U+FFFD where it has U+0000, which PostgreSQL does not keep, or half a surrogate pair."""
    if "\x00" not in text and text.isascii():
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def json_bytes(value: Any) -> int:
    """Measure a JSON value in bytes of UTF-8."""
    import json

    return len(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace"))
