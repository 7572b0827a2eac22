"""Small documents that people keep: their own, by key, and what a tenant shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from prefect.server.actions import documents
from prefect.server.catalogue import document
from support.access import Holder, Keyed

SHOWN = "name value written_by"


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


def keep(holder: Any, name: str, value: Any = None, *, kind: str = "view", **more: Any) -> Any:
    given = {"kind": kind, "name": name, "value": {"of": name} if value is None else value, **more}
    return holder.do("set_document", "success error", **given)


def names(holder: Any, kind: str = "view", *, shared: bool = False) -> list[str]:
    asked = "query($kind: String!, $shared: Boolean) { documents(kind: $kind, shared: $shared) { name } }"
    return [row["name"] for row in holder.ask(asked, {"kind": kind, "shared": shared}).data["documents"]]


def refused(holder: Holder, **given: Any) -> Any:
    return holder.try_to("set_document", "success", **{"kind": "view", "name": "n", "value": 1, **given})


def test_a_document_is_kept_replaced_in_its_place_and_forgotten(api):
    for name in ("first", "sécond", "third"):
        assert keep(api, name) == {"success": True, "error": None}
    keep(api, "first", [1, "two"])
    keep(api, "first", kind="other")

    found = api.ask(f'{{ documents(kind: "view") {{ {SHOWN} updated expires_at }} }}').data["documents"]
    assert [row["name"] for row in found] == ["first", "sécond", "third"]
    assert (found[0]["value"], found[0]["written_by"], found[0]["expires_at"]) == ([1, "two"], None, None)

    assert api.do("delete_document", "success", kind="view", name="first")["success"] is True
    gone = api.do("delete_document", "success error", kind="view", name="first")
    assert gone["success"] is False
    assert "There is no document" in gone["error"]
    assert names(api) == ["sécond", "third"]
    assert names(api, "other") == ["first"]


def test_ones_own_is_nobody_elses_and_the_shared_is_everybodys(keyed: Keyed):
    beside = keyed.holder("run")
    keep(keyed.run, "mine")
    keep(beside, "mine", "of another key")
    keep(keyed.run, "ours", shared=True)

    assert keyed.run.data(f'{{ documents(kind: "view") {{ {SHOWN} }} }}')["documents"] == [
        {"name": "mine", "value": {"of": "mine"}, "written_by": "run key"}
    ]
    assert names(keyed.admin) == names(keyed.read) == []
    for holder in (keyed.run, beside, keyed.admin, keyed.read):
        assert names(holder, shared=True) == ["ours"]
    assert names(keyed.other, shared=True) == []
    assert beside.do("delete_document", "success", kind="view", name="ours", shared=True)["success"] is True
    assert names(keyed.run, shared=True) == []
    assert names(keyed.run) == ["mine"]


@pytest.mark.parametrize("operation", ["set_document", "delete_document"])
def test_a_key_that_only_reads_keeps_nothing(keyed: Keyed, operation: str):
    given = {"kind": "view", "name": "mine", **({"value": 1} if operation == "set_document" else {})}

    answer = keyed.read.try_to(operation, "success", **given)

    assert answer.json["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_documents_go_with_their_key(keyed: Keyed):
    key_id, key = keyed.key("run")
    holder = keyed.with_key(key)
    keep(holder, "mine")
    keep(holder, "ours", shared=True)
    keep(keyed.run, "of another")

    keyed.admin.do("delete_api_key", "success", key_id=key_id)

    assert names(keyed.run, shared=True) == ["ours"]
    assert names(keyed.run) == ["of another"]
    rows = keyed.run_async(keyed.database.read(lambda tx: tx.all(select(document.c.owner, document.c.name))))
    assert sorted(row["name"] for row in rows) == ["of another", "ours"]


def test_what_has_expired_is_there_no_more(api):
    now = datetime.now(UTC)
    keep(api, "over", shared=True, expires_at=(now - timedelta(seconds=1)).isoformat())
    keep(api, "lasting", shared=True, expires_at=(now + timedelta(hours=1)).isoformat())

    assert names(api, shared=True) == ["lasting"]


def test_there_is_room_for_so_many_and_what_has_expired_takes_none(keyed: Keyed, monkeypatch):
    monkeypatch.setattr(documents, "MOST", 3)
    monkeypatch.setattr(documents, "MOST_SHARED", 1)
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    keep(keyed.run, "a", expires_at=past)
    for name in "bcd":
        keep(keyed.run, name)

    answer = refused(keyed.run, name="e")
    assert answer.messages == ["There are 3 documents already: delete one first."]
    assert keep(keyed.run, "d", "replaced")["success"] is True
    assert keep(keyed.run, "shared", shared=True)["success"] is True
    assert refused(keyed.run, name="another", shared=True).messages[0].startswith("There are 1 documents already")
    assert names(keyed.run) == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": " "}, "Invalid name: expected a text that is not empty"),
        ({"name": "n" * 201}, "Invalid name: expected at most 200 characters"),
        ({"kind": "k" * 201}, "Invalid kind: expected at most 200 characters"),
        ({"name": "n\x00"}, "Invalid name"),
        (
            {"value": "v" * documents.MOST_BYTES},
            f"Invalid value: expected at most {documents.MOST_BYTES} bytes of JSON",
        ),
        ({"value": {"a": "\x00"}}, "Invalid value.a: expected JSON without the character U+0000"),
        ({"expires_at": "soon"}, "expires_at"),
    ],
)
def test_what_cannot_be_kept_is_refused(keyed: Keyed, given: dict[str, Any], said: str):
    assert said in refused(keyed.run, **given).messages[0]
    assert names(keyed.run) == []


def test_looks_of_screens_are_not_in_the_audit(keyed: Keyed):
    keep(keyed.run, "mine")
    keyed.run.do("delete_document", "success", kind="view", name="mine")

    operations = [row["operation"] for row in keyed.admin.data("{ audit { operation } }")["audit"]]
    assert not [name for name in operations if "document" in name]
