"""Who a caller is, asked of `Auth` alone: times by a clock of the test's own, rows from a table of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefect.server.auth import Auth, Caller, TooManyFailures, hash_of, may, new_key
from prefect.server.errors import BadInput, Refused

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ID, OTHER_ID = "6c1a26e5-6305-46bb-b9ca-6f530bbd733d", "6c1a26e5-6305-46bb-b9ca-6f530bbd733e"
MINE, OTHERS = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


class Scene:
    """Some keys, how often they were looked for, and which uses were noted."""

    def __init__(self) -> None:
        self.time = 100.0
        self.rows: dict[str, dict[str, Any]] = {}
        self.looks: list[str] = []
        self.noted: list[str] = []
        self.auth = Auth(MINE, required=True, find_key=self._find, note_use=self._note, clock=lambda: self.time)

    async def _find(self, key_id: str) -> Any:
        self.looks.append(key_id)
        return self.rows.get(key_id)

    async def _note(self, row: Any, now: datetime) -> None:
        self.noted.append(row["id"])

    def key(self, key_id: str = ID, **more: Any) -> str:
        text = new_key(key_id)
        plain = {"tenant_id": MINE, "default_tenant_id": None, "role": "run", "expires_at": None}
        self.rows[key_id] = {"id": key_id, "name": "k", "user_id": "u", "key_hash": hash_of(text), **plain, **more}
        return text

    def call(self, key: str | None, *, now: datetime = NOW, address: str | None = "10.0.0.1", **more: str) -> Caller:
        headers = {"authorization": f"Bearer {key}"} if key is not None else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        return asyncio.run(self.auth.caller(headers, address, now))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_key_gives_tenant_role_and_name(scene: Scene) -> None:
    assert scene.call(scene.key()) == Caller(MINE, "run", True, False, ID, "k", "u")
    everywhere = scene.key(OTHER_ID, tenant_id=None, default_tenant_id=OTHERS, role=None)
    assert scene.call(everywhere) == Caller(OTHERS, "read", True, True, OTHER_ID, "k", "u")
    nowhere = scene.key(OTHER_ID, tenant_id=None)
    assert scene.call(nowhere).tenant_id == MINE
    assert scene.noted == [ID, OTHER_ID, OTHER_ID]


@pytest.mark.parametrize(
    ("tenant_id", "named", "expected"),
    [
        (MINE, MINE, MINE),
        (MINE, OTHERS, None),
        (None, OTHERS, OTHERS),
        (None, MINE, MINE),
        (MINE, "", MINE),
    ],
)
def test_a_key_of_one_tenant_names_no_other(
    scene: Scene, tenant_id: str | None, named: str, expected: str | None
) -> None:
    key = scene.key(tenant_id=tenant_id)
    if expected is None:
        with pytest.raises(Refused, match="belongs to another tenant than X-PREFECT-TENANT-ID names"):
            scene.call(key, x_prefect_tenant_id=named)
    else:
        assert scene.call(key, x_prefect_tenant_id=named).tenant_id == expected


def test_a_tenant_is_named_by_a_uuid(scene: Scene) -> None:
    with pytest.raises(BadInput, match="X-PREFECT-TENANT-ID header: expected a uuid, got 'x'"):
        scene.call(scene.key(), x_prefect_tenant_id="x")
    assert scene.auth.tenant_of({"x-prefect-tenant-id": MINE.replace("-", "").upper()}) == MINE
    assert scene.auth.tenant_of({}) == MINE


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (None, "This server needs an API key"),
        ("", "This server needs an API key"),
        ("Bearer", "Malformed Authorization header"),
        ("Bearer  ", "Malformed Authorization header"),
        ("Basic x", "Malformed Authorization header"),
        ("Bearer x", "not known here, or was revoked"),
    ],
)
def test_without_a_key_it_is_said_what_is_missing(scene: Scene, header: str | None, said: str) -> None:
    headers = {} if header is None else {"authorization": header}
    with pytest.raises(Refused, match=said):
        asyncio.run(scene.auth.caller(headers, "10.0.0.1", NOW))


def test_the_word_before_the_key_may_be_written_in_any_case(scene: Scene) -> None:
    key = scene.key()
    for header in (f"bearer {key}", f"  BEARER   {key} "):
        assert asyncio.run(scene.auth.caller({"authorization": header}, None, NOW)).key_id == ID


def test_a_good_key_is_looked_for_again_after_five_seconds(scene: Scene) -> None:
    key = scene.key()
    for seconds, looks in ((0, 1), (5, 1), (0.1, 2)):
        scene.time += seconds
        scene.call(key)
        assert len(scene.looks) == looks
    scene.auth.forget()
    scene.call(key)
    assert len(scene.looks) == 3


def test_a_revoked_key_is_refused_at_the_next_look_and_counts_for_nobody(scene: Scene) -> None:
    key = scene.key()
    scene.call(key)
    del scene.rows[ID]
    assert scene.call(key).key_id == ID  # what was announced comes with forget()
    scene.auth.forget()
    for _ in range(2):
        with pytest.raises(Refused, match="not known here, or was revoked"):
            scene.call(key)


@pytest.mark.parametrize(("seconds", "is_good"), [(-1, True), (0, False), (1, False)])
def test_a_key_ends_at_its_time_to_the_second(scene: Scene, seconds: int, is_good: bool) -> None:
    key = scene.key(expires_at=NOW)
    if is_good:
        assert scene.call(key, now=NOW + timedelta(seconds=seconds)).key_id == ID
        with pytest.raises(Refused, match="has expired"):  # also while it is known
            scene.call(key, now=NOW)
    else:
        with pytest.raises(Refused, match="has expired"):
            scene.call(key, now=NOW + timedelta(seconds=seconds))
        assert scene.noted == []


def test_after_twenty_unknown_keys_an_address_waits_until_a_minute_after_the_first(scene: Scene) -> None:
    good, known = scene.key(), scene.key(OTHER_ID)
    scene.call(known)

    def fails(kind: type[Exception] = Refused) -> Any:
        with pytest.raises(kind) as caught:
            scene.call("unknown")
        return caught.value

    for _ in range(20):
        assert not isinstance(fails(), TooManyFailures)
        scene.time += 1
    looks = len(scene.looks)
    assert fails(TooManyFailures).seconds == 41
    assert str(fails(TooManyFailures)).startswith("Too many unknown API keys came from this address; wait 41 s")
    with pytest.raises(TooManyFailures):
        scene.call(good)
    assert len(scene.looks) == looks
    scene.time += 6
    assert scene.call(known).key_id == OTHER_ID  # it was good before
    assert scene.call(good, address="10.0.0.2").key_id == ID
    scene.time = 159.5
    assert fails(TooManyFailures).seconds == 1
    scene.time = 160
    assert not isinstance(fails(), TooManyFailures)
    assert scene.call(good).key_id == ID


def test_a_new_minute_counts_from_its_first_failure(scene: Scene) -> None:
    def fail(times: int) -> None:
        for _ in range(times):
            with pytest.raises(Refused):
                scene.call("unknown")

    fail(19)
    scene.time += 60
    fail(19)
    scene.time += 59
    assert scene.call(scene.key()).key_id == ID
    fail(1)
    with pytest.raises(TooManyFailures):
        scene.call("unknown")


def test_without_keys_everybody_may_name_a_tenant() -> None:
    auth = Auth(None)

    def call(**headers: str) -> Caller:
        return asyncio.run(auth.caller({k.replace("_", "-"): v for k, v in headers.items()}, None, NOW))

    assert call() == Caller(None)
    assert call(x_prefect_tenant_id=OTHERS, authorization="nonsense") == Caller(OTHERS)
    assert asyncio.run(Auth(MINE).caller({}, None, NOW)) == Caller(MINE)


@pytest.mark.parametrize(
    ("role", "includes"),
    [
        ("read", ["read"]),
        ("trigger", ["read", "trigger"]),
        ("run", ["read", "trigger", "run"]),
        ("admin", ["read", "trigger", "run", "admin"]),
        ("king", []),
        ("", []),
    ],
)
def test_a_role_includes_those_before_it(role: str, includes: list[str]) -> None:
    assert [needed for needed in ("read", "trigger", "run", "admin") if may(role, needed)] == includes


def test_keys_are_never_the_same_and_show_their_id_only() -> None:
    one, other = new_key(ID), new_key(ID)
    assert one != other
    assert one.startswith(f"pct_{ID.replace('-', '')}_")
    assert len(one) == 4 + 32 + 1 + 43


def test_as_many_keys_are_remembered_as_are_wanted_and_the_last_used(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefect.server.auth.KEPT_KEYS", 2)
    ids = [ID, OTHER_ID, MINE]
    keys = [scene.key(key_id) for key_id in ids]
    for number in (0, 1, 0, 1, 2, 2, 1, 0):
        scene.call(keys[number])

    assert scene.looks == [ids[number] for number in (0, 1, 2, 0)]


def test_as_many_addresses_are_counted_as_are_wanted_and_the_last_that_failed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = scene.auth._failures
    monkeypatch.setattr(type(failures), "KEPT_ADDRESSES", 2)
    monkeypatch.setattr(type(failures), "MOST", 2)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3"):
        failures.note(address)

    failures.check("10.0.0.2")  # forgotten
    failures.note("10.0.0.2")
    failures.check("10.0.0.2")
    failures.note("10.0.0.2")
    with pytest.raises(TooManyFailures):
        failures.check("10.0.0.2")


@pytest.mark.parametrize(("differ_at", "are_one"), [(99, False), (100, True)])
def test_what_is_no_address_counts_by_its_first_hundred_signs(scene: Scene, differ_at: int, are_one: bool) -> None:
    one, other = ("x" * differ_at + last + "y" * 10 for last in "ab")
    for _ in range(20):
        with pytest.raises(Refused):
            scene.call("unknown", address=one)

    with pytest.raises(TooManyFailures if are_one else Refused) as caught:
        scene.call("unknown", address=other)
    assert isinstance(caught.value, TooManyFailures) == are_one


@pytest.mark.parametrize("time", [0.0, 5.0, 59.0, 61.0])
def test_twenty_may_fail_however_long_the_server_runs(scene: Scene, time: float) -> None:
    scene.time = time
    for _ in range(20):
        with pytest.raises(Refused) as caught:
            scene.call("unknown")
        assert not isinstance(caught.value, TooManyFailures)
    with pytest.raises(TooManyFailures):
        scene.call("unknown")
