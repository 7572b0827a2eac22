"""PostgreSQL is migrated while others write: nobody waits long, and an attempt that was cut off is begun again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from prefect.server.store import migrations
from prefect.server.store.database import DatabaseUnavailable
from prefect.server.store.opening import migrate

psycopg = pytest.importorskip("psycopg")

TENANT = "00000000-0000-4000-8000-000000000001"
OLD = "0008"  # before runs knew the group of their flow


@pytest.fixture
def url(databases) -> Iterator[str]:
    """A PostgreSQL database of an old revision, with 5,000 runs in it."""
    made = databases.fresh("postgres")
    migrations.downgrade(made, OLD)
    with psycopg.connect(made) as conn:
        conn.execute("INSERT INTO tenant (id, name, slug) VALUES (%s, 't', 't')", (TENANT,))
        for table, columns in (
            ("project", "'p'"),
            ("flow_group", "'g'"),
        ):
            conn.execute(f"INSERT INTO {table} (id, tenant_id, name) VALUES ('{TENANT}', '{TENANT}', {columns})")
        conn.execute(
            "INSERT INTO flow (id, tenant_id, project_id, flow_group_id, name) VALUES (%s, %s, %s, %s, 'f')",
            (TENANT,) * 4,
        )
        conn.execute(
            "INSERT INTO flow_run (id, tenant_id, flow_id, state, state_start_time) "
            "SELECT gen_random_uuid(), %s, %s, 'Scheduled', now() FROM generate_series(1, 5000)",
            (TENANT, TENANT),
        )
    yield made
    databases.drop(made)


def invalid_indexes(url: str) -> list[str]:
    with psycopg.connect(url) as conn:
        return [
            row[0]
            for row in conn.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid").fetchall()
        ]


def head(url: str) -> str | None:
    with psycopg.connect(url) as conn:
        return migrations.postgres_revision(conn)


def test_who_writes_meanwhile_does_not_wait_for_who_began_before(url):
    """A long transaction keeps the upgrade from its end; all who come after it write on."""
    with psycopg.connect(url) as long, psycopg.connect(url, autocommit=True) as writer:
        long.execute("UPDATE flow_run SET name = 'x' WHERE id = (SELECT min(id::text)::uuid FROM flow_run)")
        upgrade = threading.Thread(target=migrate, args=(url,))
        upgrade.start()
        try:
            # Each of these fails where an upgrade that waits for its lock, or holds it, keeps it waiting.
            writer.execute("SET lock_timeout = '20s'")
            seen = set()
            while len(seen) < 200:
                row = writer.execute(
                    "UPDATE flow_run SET name = 'y' WHERE id = (SELECT id FROM flow_run WHERE name IS NULL LIMIT 1) "
                    "RETURNING id"
                ).fetchone()
                seen.add(row[0])
            assert upgrade.is_alive()
        finally:
            long.commit()
            upgrade.join(120)
    assert not upgrade.is_alive()
    assert head(url) == migrations.HEAD
    assert invalid_indexes(url) == []
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM flow_run WHERE flow_group_id = %s", (TENANT,)).fetchone() == (5000,)


def test_processes_that_begin_together_migrate_once(url):
    failed = []

    def work():
        try:
            migrate(url)
        except Exception as error:
            failed.append(error)

    together = [threading.Thread(target=work) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join(120)
    assert failed == []
    assert head(url) == migrations.HEAD


def test_an_upgrade_whose_lock_is_never_free_says_so(url, monkeypatch):
    monkeypatch.setattr(migrations, "LOCK_ATTEMPTS", 2)
    monkeypatch.setattr(migrations, "LOCK_MILLISECONDS", 50)
    with psycopg.connect(url) as long:
        long.execute("LOCK TABLE flow_run IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailable, match=r"can not be migrated: .*lock timeout"):
            migrate(url)
        long.rollback()
    migrate(url)
    assert head(url) == migrations.HEAD


def test_an_index_that_was_cut_off_is_built_again(url):
    """What a killed process leaves of an index built beside the writers is an index that nobody may use."""
    name = "flow_run_updated_idx"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE INDEX {name} ON flow_run (updated)")
        conn.execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{name}'::regclass")
    assert invalid_indexes(url) == [name]
    migrate(url)
    assert invalid_indexes(url) == []


def test_an_upgrade_that_was_cut_off_goes_on_where_it_was(url):
    """Each revision that is through stays, and each of its steps may be there already."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ALTER TABLE flow_run ADD COLUMN flow_group_id uuid")
        conn.execute("UPDATE flow_run SET flow_group_id = %s WHERE id::text < '8'", (TENANT,))
        conn.execute("CREATE INDEX flow_run_updated_idx ON flow_run (updated)")
    migrate(url)
    assert head(url) == migrations.HEAD
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM flow_run WHERE flow_group_id IS NULL").fetchone() == (0,)


def test_a_filled_database_comes_to_the_same_schema(url, databases):
    migrate(url)
    fresh = databases.fresh("postgres")
    described = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    found = []
    try:
        for address in (url, fresh):
            engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
            with engine.connect() as conn:
                found.append(conn.execute(text(described)).fetchall())
            engine.dispose()
    finally:
        databases.drop(fresh)
    assert found[0] == found[1]
