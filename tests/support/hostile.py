"""Names as nobody should give them: with markup, control signs, text that runs from the right, five thousand signs.

The API refuses some of them today; an older database, or a later rule, may hold them all the same.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

__all__ = ["HOSTILE", "MARK", "spoil_names"]

#: What a page must show as it stands, and never run: `proctorRefused` fails the test that hears of it.
MARK = "<img src=x onerror=\"proctorRefused('ran: image')\">"
HOSTILE = (
    f"{MARK}</script><script>proctorRefused('ran: script')</script>{{{{7*7}}}}${{7*7}}%s\\"
    "\x01\x07\x1b[31m\u202egnp.exe\u2066 مرحبا بالعالم שלום \n\t" + "n" * 5_000
)
#: Columns that people write, by their table.
TEXTS = {
    "tenant": ["name"],
    "project": ["name", "description"],
    "flow_group": ["description"],
    "flow": ["name", "description"],
    "task": ["name", "description"],
    "edge": ["key"],
    "agent": ["name"],
    "flow_run": ["name", "state_message"],
    "task_run": ["name", "state_message"],
    "flow_run_state": ["message"],
    "task_run_state": ["message"],
    "log": ["name", "message"],
    "cloud_hook": ["name"],
    "message": ["text"],
    "key_value": ["key"],
    "task_tag_limit": ["tag"],
    "flow_concurrency_limit": ["name"],
    "auth_api_key": ["name"],
    "action": ["name"],
    "flow_sla_config": ["name"],
    "secret": ["name"],
}
#: Columns with JSON in which words of people stand, as items, keys or values.
VALUES = {
    "flow_group": ["labels", "default_parameters"],
    "flow": ["parameters"],
    "task": ["tags"],
    "agent": ["labels"],
    "flow_run": ["labels", "parameters", "context"],
    "key_value": ["value"],
    "task_run_artifact": ["data"],
}
#: Words with a meaning for the machine.
KEPT = {"required", "default", "slug", "type", "name", "markdown", "link", "clock", "annotation", "choices"}


def spoil_names(url: str, most: int = 400) -> None:
    """Put ``HOSTILE`` before whatever people named or said, in at most so many rows of each table, the newest first."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    is_text = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        for name in sorted(TEXTS.keys() | VALUES.keys()):
            # As the database has it: what the server makes of ids and JSON is its own.
            table = sa.Table(name, sa.MetaData(), autoload_with=engine)
            values = VALUES.get(name, ())
            changed = [*TEXTS.get(name, ()), *values]
            columns = [table.c.id, *(table.c[column] for column in changed)]
            for row in connection.execute(sa.select(*columns).order_by(table.c.created.desc()).limit(most)).mappings():
                new = {}
                for column in changed:
                    old = json.loads(row[column]) if is_text and column in values and row[column] else row[column]
                    written = spoiled(old)
                    new[column] = json.dumps(written) if is_text and column in values else written
                connection.execute(sa.update(table).where(table.c.id == row["id"]).values(new))
    engine.dispose()


def spoiled(value: Any, of: str = "") -> Any:
    if isinstance(value, str):
        return value if of in ("slug", "type", "default") else HOSTILE + value
    if isinstance(value, list):
        return [spoiled(one) for one in value]
    if isinstance(value, dict):
        return {key if key in KEPT else HOSTILE + key: spoiled(one, key) for key, one in value.items()}
    return value
