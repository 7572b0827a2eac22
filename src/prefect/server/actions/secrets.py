"""Secrets: JSON values by name, encrypted before they reach the database.

AES-256 in GCM with a fresh nonce for each value; tenant and name are authenticated with it, so that a value put into
another row does not open.  The key comes from the settings, or from a file in the server's home, made at first use.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect.server.actions.checks import check_name, found, new_id, size_of
from prefect.server.errors import ApiError, BadInput
from prefect.server.settings import Settings
from prefect.server.store import keys
from prefect.server.store.database import Transaction

__all__ = ["SecretBox", "delete_secret", "secret_names", "set_secret", "stored_secret"]

logger = logging.getLogger("prefect.server.secrets")

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "secrets.key"
VALUE_MAX_BYTES = 100_000

NO_KEY = "Secrets cannot be used: the server's key for them cannot be read; its log tells why."
#: Part of the interface: clients turn this text into a KeyError.
NOT_FOUND = "No value found for the requested key"


class SecretBox:
    """Closes and opens values; the key is read, or made, when first needed."""

    def __init__(self, settings: Settings):
        self._given = settings.secrets_key
        self._file = settings.home / KEY_FILE
        self._key = b""

    def close(self, tenant_id: str, name: str, value: Any) -> dict[str, str]:
        """Encrypt a JSON value for one name of one tenant."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._ready_key()
        nonce = os.urandom(NONCE_BYTES)
        plain = json.dumps(value, ensure_ascii=False).encode()
        box = AESGCM(key).encrypt(nonce, plain, _bound_to(tenant_id, name))
        return {"cipher": "AES-256-GCM", "key": _mark_of(key), "box": base64.b64encode(nonce + box).decode()}

    def open(self, tenant_id: str, name: str, stored: Mapping[str, str]) -> Any:
        """Decrypt what ``close`` gave."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._ready_key()
        try:
            raw = base64.b64decode(stored["box"])
            plain = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(tenant_id, name))
        except (KeyError, TypeError, ValueError, InvalidTag):
            is_other = isinstance(stored, Mapping) and stored.get("key") != _mark_of(key)
            why = "it was encrypted with another key" if is_other else "its stored form was changed"
            raise ApiError(f"The secret cannot be read: {why}. Set it anew.") from None
        return json.loads(plain)

    def secret_for(self, purpose: str) -> bytes:
        """Give a secret of its own for another purpose than closing values; the same in all replicas."""
        return hmac.digest(self._ready_key(), purpose.encode(), "sha256")

    def _ready_key(self) -> bytes:
        if not self._key:
            try:
                self._key = read_key(self._given) if self._given else _key_of_file(self._file)
            except (OSError, ValueError) as error:
                logger.error("The key of the secrets cannot be used: %s", error)
                raise ApiError(NO_KEY) from None
        return self._key


def read_key(text: str) -> bytes:
    """Read a key written in base64, of either alphabet.

    Raises:
        ValueError: without telling the text.
    """
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"secrets.key must be {KEY_BYTES} bytes in base64")
    return key


def _key_of_file(path: Path) -> bytes:
    """Read the key's file, making it when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Written aside and linked: whoever finds the file finds all of it, also of two that make it at one time.
        fresh = path.with_name(f".{path.name}.{new_id()}")
        if not path.exists():
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
    mode = path.stat().st_mode
    if mode & 0o077:
        raise ValueError(f"{path} can be read by others (mode {mode & 0o777:o}); make it 600")
    return read_key(path.read_text())


def _bound_to(tenant_id: str, name: str) -> bytes:
    return json.dumps([tenant_id, name]).encode()


def _mark_of(key: bytes) -> str:
    """Tell keys apart without telling anything about them."""
    return hashlib.sha256(b"mark of a key of secrets\x00" + key).hexdigest()[:12]


# ------------------------------------------------------------------------------------------------ actions


def check_secret(name: str, value: Any) -> None:
    """Accept what may be kept as a secret; the refusal does not repeat the value."""
    check_name("name", name)
    try:
        size = size_of("value", value)
    except BadInput:
        raise ApiError("Invalid value: expected JSON that can be stored.", "BAD_USER_INPUT") from None
    if size > VALUE_MAX_BYTES:
        raise ApiError(f"Invalid value: expected at most {VALUE_MAX_BYTES} bytes of JSON.", "BAD_USER_INPUT")


def set_secret(tx: Transaction, now: datetime, *, tenant_id: str, name: str, stored: Mapping[str, str]) -> bool:
    """Keep an encrypted value under a name, in the place of the one before."""
    values = {"tenant_id": tenant_id, "name": name, "value": dict(stored), "created": now, "updated": now}
    found(tx.one(keys.put_secret, id=new_id(), **values), "The secret could not be kept.")
    return True


def delete_secret(tx: Transaction, now: datetime, *, tenant_id: str, name: str) -> bool:
    """Forget a secret."""
    return tx.run(keys.delete_secret, tenant_id=tenant_id, name=name) > 0


def secret_names(tx: Transaction, *, tenant_id: str) -> list[str]:
    """List the names of a tenant's secrets, in order."""
    return [row["name"] for row in tx.all(keys.secret_names, tenant_id=tenant_id)]


def stored_secret(tx: Transaction, *, tenant_id: str, name: str) -> Mapping[str, str]:
    """Give the encrypted value of a secret."""
    row = tx.one(keys.secret_by_name, tenant_id=tenant_id, name=name)
    if row is None:
        raise ApiError(NOT_FOUND, "NOT_FOUND")
    stored: Mapping[str, str] = row["value"]
    return stored
