"""Secrets, the key-value store and the audit, on both databases."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from prefect.server import catalogue
from prefect.server.actions.secrets import SecretBox
from prefect.server.errors import ApiError
from prefect.server.settings import load_settings
from support.access import Keyed

WORDS = "hunter2-hidden-words"


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


def _rows(keyed: Keyed, table: str) -> list[Any]:
    source = catalogue.metadata.tables[table]
    return keyed.run_async(keyed.database.read(lambda tx: tx.all(source.select())))


# ---------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("value", [WORDS, {"a": [1, None, "é"]}, 5, False, "", [], "5", '{"text": "with JSON"}'])
def test_a_secret_comes_back_as_it_was_set(keyed, value):
    assert keyed.admin.do("set_secret", "success", name="s", value=value) == {"success": True}

    assert keyed.run.data('{ secret_value(name: "s") secret_names }') == {"secret_value": value, "secret_names": ["s"]}


def test_a_secret_is_replaced_listed_and_deleted(keyed):
    for name, value in (("b", 1), ("a", 2), ("b", 3)):
        keyed.admin.do("set_secret", "success", name=name, value=value)

    assert keyed.read.data("{ secret_names }") == {"secret_names": ["a", "b"]}
    assert keyed.run.data('{ secret_value(name: "b") }') == {"secret_value": 3}
    assert keyed.admin.do("delete_secret", "success", name="b") == {"success": True}
    assert keyed.admin.do("delete_secret", "success", name="b") == {"success": False}
    assert keyed.run.ask('{ secret_value(name: "b") }').messages == ["No value found for the requested key"]


def test_a_secret_is_of_one_tenant_and_its_value_not_for_the_role_read(keyed):
    keyed.other.do("set_secret", "success", name="s", value=WORDS)

    assert keyed.admin.data("{ secret_names }") == {"secret_names": []}
    assert keyed.admin.ask('{ secret_value(name: "s") }').messages == ["No value found for the requested key"]
    keyed.admin.do("delete_secret", "success", name="s")
    assert keyed.other.data('{ secret_value(name: "s") }') == {"secret_value": WORDS}
    assert keyed.read.ask('{ secret_value(name: "s") }').json["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_the_database_holds_no_word_of_a_secret_and_no_answer_or_log_repeats_it(keyed, caplog):
    keyed.admin.do("set_secret", "success", name="s", value=WORDS)
    document = "mutation($input: set_secret_input!) { set_secret(input: $input) { success } }"
    answers = [
        keyed.admin.ask(document, {"input": {"name": "", "value": WORDS}}),
        keyed.admin.ask(document, {"input": {"name": "s" * 2_001, "value": WORDS}}),
        keyed.admin.ask(document, {"input": {"name": "s", "value": WORDS * 10_000}}),
        keyed.admin.ask(document, {"input": {"name": "s", "value": f"{WORDS}\x00"}}),
        keyed.admin.ask(document, {"input": {"name": "s", "value": f"{WORDS}\ud800"}}),
        keyed.admin.ask(document, {"input": {"value": WORDS}}),
        keyed.admin.ask(document, {"input": {"name": 5, "value": WORDS}}),
        keyed.admin.ask(document, {"input": {"name": "s", "value": WORDS, "more": 1}}),
        keyed.admin.ask(document, {"input": WORDS}),
        keyed.admin.ask(f'mutation {{ set_secret(input: {{name: "s", value: "{WORDS}"}}) {{ success }} }}'),
        keyed.read.ask(document, {"input": {"name": "s", "value": WORDS}}),
    ]

    for answer in answers:
        assert answer.json["errors"]
        assert WORDS not in answer.body.decode()
    assert WORDS not in caplog.text
    for table in ("secret", "audit"):
        assert WORDS not in repr(_rows(keyed, table))
    assert base64.b64encode(WORDS.encode()).decode()[:16] not in repr(_rows(keyed, "secret"))


def test_a_stored_value_opens_in_its_own_row_only(keyed):
    keyed.admin.do("set_secret", "success", name="a", value=1)
    keyed.admin.do("set_secret", "success", name="b", value=2)
    secret = catalogue.metadata.tables["secret"]
    stored = {row["name"]: row["value"] for row in _rows(keyed, "secret")}

    keyed.run_async(
        keyed.database.write(lambda tx: tx.run(secret.update().where(secret.c.name == "b").values(value=stored["a"])))
    )

    assert "its stored form was changed" in keyed.admin.ask('{ secret_value(name: "b") }').messages[0]


def test_the_key_is_made_once_in_a_file_that_only_its_owner_reads(tmp_path):
    settings = load_settings(environment={}, home=tmp_path / "home")

    stored = SecretBox(settings).close("t", "n", WORDS)

    file = settings.home / "secrets.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in settings.home.iterdir()] == ["secrets.key"]
    assert SecretBox(settings).open("t", "n", stored) == WORDS
    assert stored != SecretBox(settings).close("t", "n", WORDS), "a nonce is never used twice"
    file.chmod(0o644)
    with pytest.raises(ApiError, match="log tells why"):
        SecretBox(settings).open("t", "n", stored)


def test_the_key_of_the_environment_wins_and_is_shown_nowhere(tmp_path, caplog):
    key = base64.b64encode(os.urandom(32)).decode()
    settings = load_settings(environment={"PREFECT_SERVER__SECRETS__KEY": key}, home=tmp_path)

    stored = SecretBox(settings).close("t", "n", WORDS)

    assert not (tmp_path / "secrets.key").exists()
    assert key not in repr(settings)
    urlsafe = load_settings({"secrets_key": key.replace("+", "-").replace("/", "_").rstrip("=")}, {}, tmp_path)
    assert SecretBox(urlsafe).open("t", "n", stored) == WORDS
    other = load_settings({"secrets_key": base64.b64encode(b"x" * 32).decode()}, {}, tmp_path)
    with pytest.raises(ApiError, match="encrypted with another key"):
        SecretBox(other).open("t", "n", stored)
    with pytest.raises(ApiError, match="cannot be used"):
        SecretBox(load_settings({"secrets_key": "too-short"}, {}, tmp_path)).close("t", "n", 1)
    assert "too-short" not in caplog.text


# -------------------------------------------------------------------------------------- key-value store


def test_a_key_has_one_value_in_each_tenant(keyed):
    first = keyed.run.do("set_key_value", key="k", value={"a": 1})["id"]
    other = keyed.other.do("set_key_value", key="k", value="theirs")["id"]
    again = keyed.run.do("set_key_value", key="k", value=[2])["id"]

    assert first == again != other
    asked = '{ key_value(where: {key: {_eq: "k"}}) { id key value } }'
    assert keyed.read.data(asked) == {"key_value": [{"id": first, "key": "k", "value": [2]}]}
    assert keyed.run.do("delete_key_value", "success", key_value_id=other) == {"success": False}
    assert keyed.run.do("delete_key_value", "success", key_value_id=first) == {"success": True}
    assert keyed.read.data("{ key_value { key } }") == {"key_value": []}
    assert keyed.other.data("{ key_value { value } }") == {"key_value": [{"value": "theirs"}]}


@pytest.mark.parametrize(
    ("value", "is_kept"), [("x" * 9_998, True), ("x" * 9_999, False), ({"a": "é" * 6000}, False), (0, True), ("", True)]
)
def test_a_value_holds_ten_kilobytes_of_json(keyed, value, is_kept):
    answer = keyed.run.try_to("set_key_value", key="k", value=value)

    assert ("errors" not in answer.json) == is_kept
    if not is_kept:
        assert answer.messages == ["Value payload exceedes 10 KB limit."]


@pytest.mark.parametrize("key", ["", " ", "k" * 2_001, "a\x00b"])
def test_a_key_that_cannot_be_kept_is_refused(keyed, key):
    assert keyed.run.try_to("set_key_value", key=key, value=1).messages[0].startswith("Invalid key")


# ------------------------------------------------------------------------------------------------ audit


def test_a_change_leaves_a_row_that_says_who_made_it(keyed):
    project = keyed.admin.do("create_project", name="p" * 250, description=WORDS)["id"]
    keyed.admin.do("set_secret", "success", name="s", value=WORDS)
    keyed.admin.do("delete_project", "success", project_id=project)

    asked = "{ audit(order_by: {created: asc}) { operation key_name tenant_id key_id detail } }"
    rows = keyed.admin.data(asked)["audit"]

    assert [(row["operation"], row["key_name"], row["tenant_id"]) for row in rows] == [
        ("create_project", "admin key", keyed.tenant_id),
        ("set_secret", "admin key", keyed.tenant_id),
        ("delete_project", "admin key", keyed.tenant_id),
    ]
    assert rows[0]["detail"] == {"name": "p" * 200, "id": project}
    assert rows[1]["detail"] == {"name": "s"}
    assert rows[2]["detail"] == {"project_id": project}
    assert rows[0]["key_id"] == keyed.admin.data("{ auth_info { key_id } }")["auth_info"]["key_id"]


def test_what_changed_nothing_failed_or_only_reports_leaves_no_row(keyed):
    ours = keyed.fill(keyed.admin)
    before = len(_rows(keyed, "audit"))

    keyed.admin.do("delete_flow", "success", flow_id="00000000-0000-0000-0000-00000000dead")
    assert keyed.admin.try_to("create_project", name="project").messages == ["Uniqueness violation."]
    assert keyed.run.try_to("delete_flow", "success", flow_id=ours["flow_id"]).json["errors"]
    keyed.run.do("write_run_logs", "success", logs=[{"flow_run_id": ours["flow_run_id"], "message": "m"}])
    states = [{"flow_run_id": ours["flow_run_id"], "state": {"type": "Success"}}]
    keyed.run.do("set_flow_run_states", "states { id }", states=states)
    keyed.run.do("update_flow_run_heartbeat", "success", flow_run_id=ours["flow_run_id"])

    assert len(_rows(keyed, "audit")) == before


def test_a_tenant_sees_its_own_audit_and_the_holder_of_all_tenants_sees_all(keyed):
    keyed.other.do("create_project", name="theirs")
    keyed.admin.do("create_project", name="ours")
    asked = "{ audit { operation } }"

    assert keyed.admin.data(asked) == keyed.other.data(asked) == {"audit": [{"operation": "create_project"}]}
    assert len(keyed.server.data(asked)["audit"]) == 3, "these two, and the tenant that was made before"


def test_the_audit_can_be_switched_off(shared_database, tmp_path):
    keyed = Keyed(*shared_database, tmp_path, audit=False)
    keyed.admin.do("create_project", name="p")

    assert keyed.admin.data("{ audit { id } }") == {"audit": []}


def test_without_keys_changes_are_kept_with_the_address_alone(api):
    api.do("create_project", name="p")

    (row,) = api.ask("{ audit { operation key_id key_name detail } }").data["audit"]
    assert (row["operation"], row["key_id"], row["key_name"]) == ("create_project", None, None)
    assert json.dumps(row["detail"])
