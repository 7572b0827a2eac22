"""Who calls: API keys, and the tenant and role that a key gives.

Keys are off unless asked for: then whoever reaches the server may do everything.  How keys are kept is told in
docs/decisions/0011-api-keys.md.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.server.errors import BadInput, Refused
from prefect.utilities.hosts import plain_address

__all__ = [
    "ANYONE",
    "KEYS_TOPIC",
    "ROLES",
    "Auth",
    "Caller",
    "TooManyFailures",
    "hash_of",
    "may",
    "new_key",
]

TENANT_HEADER = "x-prefect-tenant-id"
#: Announced after a commit that changed a key: nobody may go on with what was known of it.
KEYS_TOPIC = "keys"

#: Each may do what the ones before may.
ROLES = ("read", "trigger", "run", "admin")

_SESSION = re.compile(r"pcs_([0-9a-f]{32})_([0-9]{1,12})_([A-Za-z0-9_-]{43})").fullmatch
_KEY = re.compile(r"pct_([0-9a-f]{32})_([A-Za-z0-9_-]{43})").fullmatch
_NO_HASH = "0" * 64
#: What stands in place of an address may come from a proxy, and be anything.
LONGEST_ADDRESS = 100

# How long a key is taken for good without asking the database again; a revocation is announced, so this matters only
# where an announcement is lost.
FRESH_SECONDS = 5.0
KEPT_KEYS = 2_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: what it may do, and in which tenant.

    ``is_held`` says that it sees and changes rows of its tenant only.
    """

    tenant_id: str | None
    role: str = "admin"
    is_held: bool = False
    all_tenants: bool = True
    key_id: str | None = None
    key_name: str | None = None
    user_id: str | None = None


#: Whoever calls while keys are off.
ANYONE = Caller(None)


class TooManyFailures(Refused):
    """Too many unknown keys came from one address."""

    def __init__(self, seconds: int):
        super().__init__(f"Too many unknown API keys came from this address; wait {seconds} s.", "RATE_LIMITED")
        self.seconds = seconds


def may(role: str, needed: str) -> bool:
    """Tell whether a role includes another; an unknown role includes nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def new_key(key_id: str) -> str:
    """Make the text of a key: its id, which may be known, and 256 random bits, which may not."""
    return f"pct_{UUID(key_id).hex}_{base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b'=').decode()}"


def hash_of(key: str) -> str:
    """Give what is kept of a key.

    A single SHA-256: its input has 256 random bits, so nothing can be guessed that a slow hash would make dear.
    """
    return hashlib.sha256(key.encode()).hexdigest()


NO_SESSION = "This session is not known here, or its API key was revoked; log in again."

FindRow = Callable[[str], Awaitable[Mapping[str, Any] | None]]
FindKey = Callable[[str], Awaitable[Mapping[str, Any] | None]]
NoteUse = Callable[[Mapping[str, Any], datetime], Awaitable[None]]


class _Known:
    """A key that was found good, and until when nobody needs to ask again."""

    __slots__ = ("caller", "expires_at", "fresh_until")

    def __init__(self, caller: Caller, expires_at: datetime | None, fresh_until: float):
        self.caller = caller
        self.expires_at = expires_at
        self.fresh_until = fresh_until


class Auth:
    """Answers for one server who a caller is.

    Args:
        required: every caller must show a key.
        find_key: gives the stored row of a key by its id.
        note_use: told the row of a key that was found good, and when.
        session_secret: gives what sessions are signed with; needed when one is opened or shown.
        clock: seconds, for limits and freshness.
    """

    def __init__(
        self,
        default_tenant_id: str | None = None,
        *,
        required: bool = False,
        find_key: FindKey | None = None,
        note_use: NoteUse | None = None,
        session_secret: Callable[[], bytes] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.default_tenant_id = default_tenant_id
        self.required = required
        self._find_key = find_key
        self._note_use = note_use
        self._session_secret = session_secret
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._failures = _Failures(clock)

    def tenant_of(self, headers: Mapping[str, str]) -> str | None:
        """Give the tenant that the caller names, or else the default one.

        Raises:
            BadInput: the header holds no uuid.
        """
        given = headers.get(TENANT_HEADER)
        if not given:
            return self.default_tenant_id
        try:
            return str(UUID(given))
        except ValueError:
            raise BadInput("X-PREFECT-TENANT-ID header", "a uuid", given) from None

    async def caller(self, headers: Mapping[str, str], address: str | None, now: datetime, session: str = "") -> Caller:
        """Tell who calls.

        Args:
            headers: names in lower case.
            address: where the connection comes from.
            session: what ``open_session`` gave; counts where there is no ``Authorization``.

        Raises:
            Refused: keys are on and there is none, or one that is unknown, revoked, expired or of another tenant.
            BadInput: the tenant header holds no uuid.
        """
        named = self.tenant_of(headers)
        if not self.required:
            return ANYONE if named is None else Caller(named)
        is_session = bool(session) and "authorization" not in headers
        key = session if is_session else _bearer(headers)
        # A key is good as a key alone, and a session as a session.
        digest = hashlib.sha256(f"{is_session}{key}".encode()).digest()
        known = self._known.get(digest)
        if known is None or known.fresh_until < self._clock():
            find = self._session_row if is_session else self._good_row
            # Nobody guesses a session, and a browser shows one that has ended more often than a person tries keys.
            counts = known is None and not is_session
            known = await self._look_up(key, digest, now, address or "" if counts else None, find)
        if known.expires_at is not None and known.expires_at <= now:
            raise Refused("This session has ended; log in again." if is_session else "This API key has expired.")
        caller = known.caller
        if TENANT_HEADER in headers and named is not None and named != caller.tenant_id:
            if not caller.all_tenants:
                raise Refused("This API key belongs to another tenant than X-PREFECT-TENANT-ID names.")
            caller = replace(caller, tenant_id=named)
        if caller.tenant_id is None:
            caller = replace(caller, tenant_id=self.default_tenant_id)
        return caller

    async def open_session(self, key: str, address: str | None, now: datetime, seconds: float) -> tuple[str, datetime]:
        """Give what stands for a key for some time, and until when; it ends with the key.

        Nothing is kept of it: it is the key's id and an end, signed.

        Raises:
            Refused: as ``caller`` does.
        """
        caller = await self.caller({"authorization": f"Bearer {key}"}, address, now)
        until = (now + timedelta(seconds=seconds)).replace(microsecond=0)
        key_id = UUID(caller.key_id).hex if caller.key_id else ""
        return f"pcs_{key_id}_{int(until.timestamp())}_{self._seal(key_id, int(until.timestamp()))}", until

    def _seal(self, key_id: str, until: int) -> str:
        # With what is in no database, so that who holds a copy of one can make none.
        secret = self._session_secret() if self._session_secret is not None else secrets.token_bytes(32)
        signed = hmac.digest(secret, f"session {key_id} {until}".encode(), "sha256")
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    async def _session_row(self, session: str) -> Mapping[str, Any] | None:
        """Give the row of the key that a session stands for, with the session's end for the key's; None: it is none."""
        parts = _SESSION(session)
        if parts is None or self._find_key is None:
            return None
        key_id, until = parts[1], int(parts[2])
        # Looked at before the database is asked: what was made up costs it nothing.
        if not hmac.compare_digest(parts[3], self._seal(key_id, until)):
            return None
        row = await self._find_key(str(UUID(key_id)))
        if row is None:
            return None
        end = datetime.fromtimestamp(until, UTC)
        return {**row, "expires_at": end if row["expires_at"] is None else min(end, row["expires_at"])}

    def forget(self) -> None:
        """Ask the database again about every key: one was changed."""
        for known in self._known.values():
            known.fresh_until = 0.0

    async def _look_up(self, key: str, digest: bytes, now: datetime, address: str | None, find: FindRow) -> _Known:
        """Ask the database about a key or session; ``address`` is absent where a failure is not counted."""
        if address is None:
            # A key that was good once may ask again, whatever others at the same address do.
            row = await find(key)
        else:
            # One after the other, or all that come together would be looked at before the first is counted.
            async with self._failures.turn(address):
                self._failures.check(address)
                row = await find(key)
                if row is None:
                    self._failures.note(address)
        if row is None:
            self._known.pop(digest, None)
            raise Refused("This API key is not known here, or was revoked." if find == self._good_row else NO_SESSION)
        known = _Known(_caller_of(row), row["expires_at"], self._clock() + FRESH_SECONDS)
        if self._note_use is not None and (known.expires_at is None or now < known.expires_at):
            await self._note_use(row, now)
        self._known[digest] = known
        self._known.move_to_end(digest)
        if len(self._known) > KEPT_KEYS:
            self._known.popitem(last=False)
        return known

    async def _good_row(self, key: str) -> Mapping[str, Any] | None:
        parts = _KEY(key)
        row = None
        if parts is not None and self._find_key is not None:
            row = await self._find_key(str(UUID(parts[1])))
        # Compared in every case and in constant time: an answer tells nothing of how much was right.
        kept = _NO_HASH if row is None else str(row["key_hash"])
        return row if hmac.compare_digest(kept.encode(), hash_of(key).encode()) else None


def _caller_of(row: Mapping[str, Any]) -> Caller:
    return Caller(
        tenant_id=row["tenant_id"] or row["default_tenant_id"],
        role=row["role"] or ROLES[0],
        is_held=True,
        all_tenants=row["tenant_id"] is None,
        key_id=row["id"],
        key_name=row["name"],
        user_id=row["user_id"],
    )


def _bearer(headers: Mapping[str, str]) -> str:
    given = headers.get("authorization", "")
    if not given:
        raise Refused("This server needs an API key; send it as Authorization: Bearer <key>.")
    kind, _, key = given.strip().partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise Refused("Malformed Authorization header; expected: Bearer <key>.")
    return key.strip()


class _Failures:
    """Counts unknown keys by address, in windows of a minute."""

    MOST = 20
    WINDOW_SECONDS = 60.0
    KEPT_ADDRESSES = 10_000

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Let one after the other in, of those that come from one address."""
        network = _network(address)
        lock, waiting = self._turns.get(network, (asyncio.Lock(), 0))
        self._turns[network] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns.pop(network)
            if waiting > 1:
                self._turns[network] = lock, waiting - 1

    def check(self, address: str) -> None:
        began, count = self._counts.get(_network(address), (0.0, 0))
        left = began + self.WINDOW_SECONDS - self._clock()
        if count >= self.MOST and left > 0:
            raise TooManyFailures(int(left) + 1)

    def note(self, address: str) -> None:
        network = _network(address)
        began, count = self._counts.get(network, (0.0, 0))
        now = self._clock()
        if count == 0 or now >= began + self.WINDOW_SECONDS:
            began, count = now, 0
        self._counts[network] = (began, count + 1)
        self._counts.move_to_end(network)
        if len(self._counts) > self.KEPT_ADDRESSES:
            self._counts.popitem(last=False)


def _network(address: str) -> str:
    """Give what one caller can easily send from: an address, or in IPv6 the network it lies in."""
    try:
        parsed = ipaddress.ip_address(plain_address(address))
    except ValueError:
        return address[:LONGEST_ADDRESS]
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
