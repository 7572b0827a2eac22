import asyncio
import json
import threading
from dataclasses import fields
from pathlib import Path

import pytest

from prefect.server.app import build
from prefect.server.errors import StartUpError
from prefect.server.origins import check_exposure, is_loopback
from prefect.server.settings import Settings, load_settings, unknown_names


def test_flags_win_over_environment_over_file_over_defaults(tmp_path):
    (tmp_path / "server.toml").write_text("queued_runs_returned_limit = 5\n[services]\nport = 1\nhost = 'localhost'\n")
    environment = {"PREFECT_SERVER__SERVICES__PORT": "2", "PREFECT_SERVER__HTTP__MAX_BATCH": "7"}

    settings = load_settings({"port": "3", "host": None}, environment, tmp_path)

    assert (settings.port, settings.host, settings.max_batch) == (3, "localhost", 7)
    assert (settings.queued_runs_returned_limit, settings.heartbeat_limit_seconds) == (5, 90.0)
    assert settings.resolved_database_url() == f"sqlite:///{tmp_path}/proctor.db"


def test_the_home_folder_is_that_of_the_package(tmp_path):
    settings = load_settings({}, {"PREFECT__HOME_DIR": str(tmp_path)})

    assert settings.home == tmp_path


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"PREFECT_SERVER__SERVICES__PORT": "99999"},
            "services.port .PREFECT_SERVER__SERVICES__PORT.: expected a whole",
        ),
        ({"PREFECT_SERVER__SERVICES__PORT": ""}, "expected a whole number from 0 to 65535, got ''"),
        ({"PREFECT_SERVER__SERVICES__HEARTBEAT_LIMIT_SECONDS": "nan"}, "expected a number from 1 to 86400"),
        ({"PREFECT_SERVER__SERVICES__EXPOSE": "maybe"}, "expected true or false"),
        ({"PREFECT_SERVER__LOGGING__LEVEL": "loud"}, "expected one of DEBUG"),
        ({"PREFECT_SERVER__CORE_VERSION_CUTOFF": "new"}, "expected a version"),
    ],
)
def test_a_value_out_of_its_bounds_is_named(tmp_path, environment, said):
    with pytest.raises(StartUpError, match=said):
        load_settings({}, environment, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [("port = ", "cannot be read"), ("nonsense = 1", "no setting 'nonsense'"), ("[services]\nport = true", "expected")],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, text, said):
    (tmp_path / "server.toml").write_text(text)

    with pytest.raises(StartUpError, match=said) as error:
        load_settings({}, {}, tmp_path)

    assert "server.toml" in str(error.value)


def test_unknown_names_in_the_environment_are_left_alone_and_can_be_told(tmp_path):
    environment = {"PREFECT_SERVER__HASURA__PORT": "3000", "PREFECT_SERVER__SERVICES__REQUIRE_KEY": "true", "OTHER": ""}
    assert load_settings({}, environment, tmp_path).port == 4200
    environment["PREFECT_SERVER__SERVICES__PORT"] = "1"
    assert unknown_names(environment) == {
        "PREFECT_SERVER__HASURA__PORT": "",
        "PREFECT_SERVER__SERVICES__REQUIRE_KEY": "PREFECT_SERVER__SERVICES__REQUIRE_KEYS",
    }


def _another(field):
    """Give a value that the setting may have, but has not by itself."""
    for value in (not field.default, 2, 60, 50_000, 200_000, "json", "tls", "DEBUG", "0.9.9", "10.0.0.1", "/below"):
        try:
            read = field.metadata["read"](value)
        except ValueError:
            continue
        if read != field.default:
            return value, read
    raise AssertionError(field.name)


@pytest.mark.parametrize("field", [f for f in fields(Settings) if "key" in f.metadata], ids=lambda f: f.metadata["key"])
def test_every_setting_is_read_from_file_environment_and_flags(tmp_path, field):
    value, read = _another(field)
    key = field.metadata["key"]
    name = "PREFECT_SERVER__" + key.upper().replace(".", "__")
    (tmp_path / "server.toml").write_text(f"{key} = {json.dumps(value)}\n")

    assert getattr(load_settings({}, {}, tmp_path), field.name) == read
    (tmp_path / "server.toml").unlink()
    assert getattr(load_settings({}, {name: str(value)}, tmp_path), field.name) == read
    assert getattr(load_settings({field.name: value}, {}, tmp_path), field.name) == read


def test_the_debug_mode_of_1_x_makes_the_loops_fast(tmp_path):
    assert load_settings({}, {"PREFECT__LOOP_SERVICE__DEBUG_MODE": "1"}, tmp_path).scheduler_seconds == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"])
def test_loopback_needs_no_flag(host, tmp_path):
    assert is_loopback(host)
    check_exposure(load_settings({"host": host}, {}, tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org"])
def test_other_addresses_are_refused_unless_asked_for(host, tmp_path):
    with pytest.raises(StartUpError, match="--expose"):
        check_exposure(load_settings({"host": host}, {}, tmp_path))
    check_exposure(load_settings({"host": host, "expose": True}, {}, tmp_path))


def test_no_password_is_shown_where_settings_are(tmp_path):
    given = {"database_url": "postgresql://me:secret@db/p", "email_password": "secret", "secrets_key": "secret"}
    assert "secret@" not in repr(load_settings(given, {}, tmp_path))
    assert "'secret'" not in repr(load_settings(given, {}, tmp_path))


def test_as_many_reads_go_on_at_once_as_is_set(databases, run_async):
    """Seven meet in the database; where fewer are let in, the first wait for the others in vain."""
    url = databases.fresh("sqlite", migrated=False)
    settings = load_settings({"database_url": url, "database_readers": 7}, environment={})
    app = build(settings)
    meeting = threading.Barrier(7)

    async def scene():
        await app.start()
        try:
            return await asyncio.gather(*(app.database.read(lambda tx: meeting.wait(20)) for _ in range(7)))
        finally:
            await app.stop()

    assert sorted(run_async(scene())) == list(range(7))


def test_a_server_makes_its_tables_unless_they_are_known_to_be_there(databases):
    settings = load_settings({"database_url": databases.fresh("sqlite", migrated=False)}, environment={})
    build(settings, migrated=True)
    assert not Path(settings.database_url.removeprefix("sqlite:///")).exists()
    build(settings)
    assert Path(settings.database_url.removeprefix("sqlite:///")).exists()
