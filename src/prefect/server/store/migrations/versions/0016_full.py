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
    for column, empty in (("labels", "[]"), ("parameters", "{}")):
        short = sa.text(f"CASE WHEN length({column}) <= 1000 THEN {column} END")
        filled = sa.text(f"{column} <> '{empty}'")
        op.create_index(f"flow_run_{column}_idx", "flow_run", [short], sqlite_where=filled)


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
        for column in ("name", "labels", "parameters"):
            op.drop_index(f"flow_run_{column}_idx", "flow_run")
    op.drop_index("flow_run_state_timestamp_idx", "flow_run_state")
    op.drop_index("task_run_start_time_idx", "task_run")
    op.drop_index("flow_run_agent_id_state_idx", "flow_run")
    op.create_index("flow_run_agent_id_idx", "flow_run", ["agent_id"], sqlite_where=TAKEN, postgresql_where=TAKEN)
    op.drop_index("flow_run_flow_id_state_scheduled_start_time_idx", "flow_run")
    op.drop_index("flow_run_flow_id_created_idx", "flow_run")
