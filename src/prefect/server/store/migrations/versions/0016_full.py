"""Pages of a full database: more lists come from an index in their order, and searches read no rows that they leave out.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prefect.server.store.migrations import online

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TAKEN = sa.text("agent_id IS NOT NULL")

# In SQLite the parameters of runs are a table of their own, which triggers keep: a row for each parameter of each run.
TERM = (
    "substr(coalesce(j.key, ''), 1, 100) || '=' || CASE WHEN j.type IN ('object', 'array') THEN j.type "
    "WHEN j.type = 'real' AND j.atom = CAST(j.atom AS INTEGER) THEN CAST(CAST(j.atom AS INTEGER) AS TEXT) "
    "ELSE substr(coalesce(CAST(j.atom AS TEXT), ''), 1, 100) END"
)
HAS = "{0}.parameters <> '{{}}' AND length({0}.parameters) <= 1000 AND json_valid({0}.parameters)"
ADD = (
    "INSERT INTO flow_run_parameter (term, flow_run_id) "
    f"SELECT DISTINCT {TERM}, NEW.id FROM json_each(NEW.parameters) AS j WHERE {HAS.format('NEW')}"
)
TAKE = (
    f"DELETE FROM flow_run_parameter WHERE flow_run_id = OLD.id AND {HAS.format('OLD')} "
    f"AND term IN (SELECT {TERM} FROM json_each(OLD.parameters) AS j)"
)
PARAMETERS = (
    "CREATE TABLE flow_run_parameter (term TEXT NOT NULL, flow_run_id TEXT NOT NULL, PRIMARY KEY (term, flow_run_id)) "
    "WITHOUT ROWID",
    "INSERT INTO flow_run_parameter (term, flow_run_id) "
    f"SELECT DISTINCT {TERM}, r.id FROM flow_run AS r, json_each(CASE WHEN {HAS.format('r')} THEN r.parameters "
    "ELSE '[]' END) AS j ORDER BY 1, 2",
    f"CREATE TRIGGER flow_run_parameter_add AFTER INSERT ON flow_run WHEN {HAS.format('NEW')} BEGIN {ADD}; END",
    "CREATE TRIGGER flow_run_parameter_change AFTER UPDATE OF parameters ON flow_run "
    f"WHEN OLD.parameters IS NOT NEW.parameters BEGIN {TAKE}; {ADD}; END",
    f"CREATE TRIGGER flow_run_parameter_take AFTER DELETE ON flow_run WHEN {HAS.format('OLD')} BEGIN {TAKE}; END",
)


def upgrade() -> None:
    online.create_index("flow_run_flow_id_created_idx", "flow_run", ["flow_id", "created"])
    online.create_index(
        "flow_run_flow_id_state_scheduled_start_time_idx", "flow_run", ["flow_id", "state", "scheduled_start_time"]
    )
    online.create_index(
        "flow_run_agent_id_state_idx", "flow_run", ["agent_id", "state"], sqlite_where=TAKEN, postgresql_where=TAKEN
    )
    online.drop_index("flow_run_agent_id_idx", "flow_run")
    online.create_index("task_run_start_time_idx", "task_run", ["start_time"])
    online.create_index("flow_run_state_timestamp_idx", "flow_run_state", ["timestamp"])
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgresql()
        return
    op.create_index("flow_run_name_idx", "flow_run", ["name"])
    short = sa.text("CASE WHEN length(labels) <= 1000 THEN labels END")
    op.create_index("flow_run_labels_idx", "flow_run", [short], sqlite_where=sa.text("labels <> '[]'"))
    long = sa.text("length(parameters) > 1000")
    op.create_index("flow_run_long_parameters_idx", "flow_run", [sa.text("length(parameters)")], sqlite_where=long)
    for statement in PARAMETERS:
        op.execute(statement)


def _upgrade_postgresql() -> None:
    for column in ("created", "scheduled_start_time"):
        online.replace_index(
            f"flow_run_{column}_idx", "flow_run", [column], postgresql_include=["id", "tenant_id"]
        )
    operators = {"labels": "jsonb_path_ops", "parameters": "jsonb_path_ops"}
    online.create_index(
        "flow_run_labels_parameters_idx",
        "flow_run",
        ["labels", "parameters"],
        postgresql_using="gin",
        postgresql_ops=operators,
    )
    if online.has_extension("pg_trgm"):
        online.create_index(
            "flow_run_name_trgm_idx",
            "flow_run",
            ["name"],
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("flow_run_name_trgm_idx", "flow_run", if_exists=True)
        op.drop_index("flow_run_labels_parameters_idx", "flow_run")
        for column in ("created", "scheduled_start_time"):
            op.drop_index(f"flow_run_{column}_idx", "flow_run")
            op.create_index(f"flow_run_{column}_idx", "flow_run", [column])
    else:
        for kind in ("add", "change", "take"):
            op.execute(f"DROP TRIGGER flow_run_parameter_{kind}")
        op.execute("DROP TABLE flow_run_parameter")
        for column in ("name", "labels", "long_parameters"):
            op.drop_index(f"flow_run_{column}_idx", "flow_run")
    op.drop_index("flow_run_state_timestamp_idx", "flow_run_state")
    op.drop_index("task_run_start_time_idx", "task_run")
    op.drop_index("flow_run_agent_id_state_idx", "flow_run")
    op.create_index("flow_run_agent_id_idx", "flow_run", ["agent_id"], sqlite_where=TAKEN, postgresql_where=TAKEN)
    op.drop_index("flow_run_flow_id_state_scheduled_start_time_idx", "flow_run")
    op.drop_index("flow_run_flow_id_created_idx", "flow_run")
