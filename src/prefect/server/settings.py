"""The server's settings: flags over environment over file over defaults, every value bounded.

Environment names are ``PREFECT_SERVER__SECTION__KEY``; the file is ``server.toml`` in the home folder, with the same
sections.  Settings are read once, when the server starts.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prefect.server.errors import StartUpError, shorten
from prefect.utilities.hosts import read_host

__all__ = ["ENVIRONMENT_PREFIX", "Settings", "load_settings", "read_path_prefix", "unknown_names"]

ENVIRONMENT_PREFIX = "PREFECT_SERVER__"
#: Link-local, and the other addresses at which clouds tell a machine's own credentials to whoever asks from there.
DENIED_NETWORKS = "169.254.0.0/16, fe80::/10, fd00:ec2::254, fd20:ce::254, 100.100.100.200, 168.63.129.16, 192.0.0.192"
#: No name of dots alone: browsers would take it for a way up.
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+){1,8}").fullmatch
LONGEST_PREFIX = 200
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def _setting(key: str, default: Any, read: Callable[[Any], Any], about: str) -> Any:
    # Keys and passwords are for nobody's log.
    is_shown = key not in ("secrets.key", "email.password", "database.connection_url")
    return field(default=default, repr=is_shown, metadata={"key": key, "read": read, "about": about})


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        expected = f"a whole number from {low} to {high}"
        if isinstance(value, bool):
            raise ValueError(expected)
        try:
            number = int(str(value).strip())
        except ValueError:
            raise ValueError(expected) from None
        if not low <= number <= high:
            raise ValueError(expected)
        return number

    return read


def _number(low: float, high: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        expected = f"a number from {low:g} to {high:g}"
        try:
            number = float(str(value).strip())
        except ValueError:
            raise ValueError(expected) from None
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(expected)
        return number

    return read


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise ValueError("true or false")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def _optional_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value.strip()


def _level(value: Any) -> str:
    text = str(value).strip().upper()
    if text not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return text


def _log_format(value: Any) -> str:
    text = str(value).strip().lower()
    if text not in LOG_FORMATS:
        raise ValueError("one of " + ", ".join(LOG_FORMATS))
    return text


def _security(value: Any) -> str:
    text = str(value).strip().lower()
    if text not in ("none", "starttls", "tls"):
        raise ValueError("none, starttls or tls")
    return text


def _networks(value: Any) -> str:
    text = _optional_text(value)
    for one in (part.strip() for part in text.split(",") if part.strip()):
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError("addresses or networks such as 10.0.0.1, 10.1.0.0/16") from None
    return text


def _host_names(value: Any) -> str:
    text = _optional_text(value)
    for one in (part.strip() for part in text.split(",") if part.strip()):
        host = read_host(one.removeprefix("*."))
        if one != "*" and (host is None or host.port is not None):
            raise ValueError("names of hosts without port, such as prefect.example.com, *.example.com, or *")
    return text


def read_path_prefix(text: str) -> str:
    """Read a path below which the server is reached; gives it without a last slash, ``/`` as nothing.

    It is written into pages and addresses, so that only signs are allowed that mean nothing in either.

    Raises:
        ValueError: it is none; says what was expected.
    """
    bare = text.strip().rstrip("/")
    if bare and (len(bare) > LONGEST_PREFIX or _PREFIX(bare) is None):
        raise ValueError("a path such as /proctor: a slash before each name; letters, digits and ._~- in names")
    return bare


def _path_prefix(value: Any) -> str:
    return read_path_prefix(_optional_text(value))


def _core_version(value: Any) -> str:
    text = str(value).strip()
    if not all(part.isdigit() for part in text.split(".")):
        raise ValueError("a version such as 0.6.1")
    return text


@dataclass(frozen=True)
class Settings:
    """Everything that can be set on a server; one instance serves for its whole life."""

    home: Path = field(default_factory=lambda: Path("~/.prefect").expanduser())

    host: str = _setting("services.host", "127.0.0.1", _text, "address to listen on")
    port: int = _setting("services.port", 4200, _whole(0, 65535), "port to listen on; 0 takes a free one")
    expose: bool = _setting("services.expose", False, _switch, "allow an address that other machines can reach")
    require_keys: bool = _setting("services.require_keys", False, _switch, "answer only who shows an API key")
    ssl_certfile: str = _setting("services.ssl_certfile", "", _optional_text, "certificate chain (PEM), for https")
    ssl_keyfile: str = _setting("services.ssl_keyfile", "", _optional_text, "private key (PEM) of the certificate")
    secrets_key: str = _setting(
        "secrets.key", "", _optional_text, "32 bytes in base64 to encrypt secrets with; in a file unless set"
    )
    audit: bool = _setting("audit.enabled", True, _switch, "keep a row for each change, with who made it")
    database_url: str = _setting("database.connection_url", "", _optional_text, "sqlite:///path or postgresql://...")
    database_readers: int = _setting("database.readers", 4, _whole(1, 64), "connections for reading")
    api_url: str = _setting("api.url", "", _optional_text, "address of the user interface, for links in messages")
    log_level: str = _setting("logging.level", "INFO", _level, "least level of the server's own log")
    log_format: str = _setting(
        "logging.format", "text", _log_format, "text: lines for people; json: one object a line for machines"
    )

    max_body_bytes: int = _setting(
        "http.max_body_bytes", 5_000_000, _whole(10_000, 500_000_000), "largest request body"
    )
    allowed_origins: str = _setting(
        "http.allowed_origins", "", _optional_text, "other sites whose pages may call, with commas between; * for any"
    )
    allowed_hosts: str = _setting(
        "http.allowed_hosts",
        "",
        _host_names,
        "names under which the server may be called besides its own, with commas between; *.example.com for all below, "
        "* for any",
    )
    trusted_proxies: str = _setting(
        "http.trusted_proxies",
        "",
        _networks,
        "addresses or networks of proxies, with commas between, whose X-Forwarded-For, -Host and -Prefix count",
    )
    path_prefix: str = _setting(
        "http.path_prefix",
        "",
        _path_prefix,
        "path below which the server is reached, such as /proctor; what a trusted proxy says, when empty",
    )
    session_hours: float = _setting(
        "http.session_hours", 12.0, _number(0.01, 8760), "after which whoever logged in with a browser does so again"
    )
    max_batch: int = _setting("http.max_batch", 25, _whole(1, 1000), "most operations in one request")
    max_answer_bytes: int = _setting(
        "http.max_answer_bytes",
        50_000_000,
        _whole(100_000, 1_000_000_000),
        "most that the rows of one answer may weigh",
    )
    max_waiting: int = _setting("http.max_waiting", 5000, _whole(1, 100_000), "most long polls open at one time")
    max_connections: int = _setting(
        "http.max_connections", 10_000, _whole(10, 1_000_000), "most connections open at one time"
    )
    header_seconds: float = _setting(
        "http.header_seconds", 10.0, _number(0.1, 3600), "within which the head of a request must have come"
    )
    body_seconds: float = _setting(
        "http.body_seconds", 60.0, _number(0.1, 3600), "within which the body of a request must have come"
    )
    max_subscriptions: int = _setting(
        "live.max_subscriptions", 2000, _whole(1, 100_000), "most subscriptions open at one time"
    )
    max_subscriptions_per_connection: int = _setting(
        "live.max_subscriptions_per_connection", 100, _whole(1, 10_000), "most subscriptions of one WebSocket"
    )
    stop_seconds: float = _setting("http.stop_seconds", 7.0, _number(0.1, 300), "longest wait for requests at the stop")

    core_version_cutoff: str = _setting("core_version_cutoff", "0.6.1", _core_version, "oldest flow that may register")
    queued_runs_returned_limit: int = _setting(
        "queued_runs_returned_limit", 25, _whole(1, 1000), "most runs handed out by one look at the queue"
    )
    artifacts_max_payload_bytes: int = _setting(
        "artifacts_max_payload_bytes", 1_000_000, _whole(1000, 100_000_000), "largest artifact"
    )
    state_max_payload_bytes: int = _setting(
        "state_max_payload_bytes", 1_000_000, _whole(1000, 100_000_000), "largest state"
    )

    services_enabled: bool = _setting("services.enabled", True, _switch, "run scheduler and finders in this process")
    scheduler_seconds: float = _setting(
        "services.scheduler.interval_seconds", 60.0, _number(0.1, 86_400), "pause between two looks at the schedules"
    )
    max_scheduled_runs_per_flow: int = _setting(
        "services.towel.max_scheduled_runs_per_flow", 10, _whole(1, 1000), "runs created ahead for one schedule"
    )
    scheduler_horizon_seconds: float = _setting(
        "services.scheduler.horizon_seconds",
        300.0,
        _number(1, 31_622_400),
        "all runs of a schedule within this time are created ahead, also when they are more, up to 1,000",
    )
    lazarus_seconds: float = _setting(
        "services.lazarus.interval_seconds", 5.0, _number(0.1, 86_400), "pause between two looks for lost runs"
    )
    resurrection_attempt_limit: int = _setting(
        "services.lazarus.resurrection_attempt_limit", 3, _whole(0, 1000), "times a lost run is started again"
    )
    zombie_killer_seconds: float = _setting(
        "services.zombie_killer.interval_seconds", 5.0, _number(0.1, 86_400), "pause between two looks for dead runs"
    )
    heartbeat_limit_seconds: float = _setting(
        "services.heartbeat_limit_seconds", 90.0, _number(1, 86_400), "a run silent for longer is taken for dead"
    )
    own_heartbeat_limit_seconds: float = _setting(
        "services.own_heartbeat_limit_seconds",
        40.0,
        _number(1, 86_400),
        "the same for processes of this package, which beat every 10 s; at most the limit of all",
    )

    submitted_limit_seconds: float = _setting(
        "services.submitted_limit_seconds",
        600.0,
        _number(1, 86_400),
        "a run may take so long to begin when a living agent starts it in a container; at least the limit of all",
    )

    slot_keeper_seconds: float = _setting(
        "services.slot_keeper.interval_seconds", 5.0, _number(0.1, 86_400), "pause between two looks at places held"
    )
    sla_seconds: float = _setting(
        "services.sla.interval_seconds", 15.0, _number(0.1, 86_400), "pause between two looks for late runs and agents"
    )
    chore_seconds: float = _setting(
        "services.chores.interval_seconds",
        5.0,
        _number(0.1, 86_400),
        "longest pause between two looks for large work that was left by a process that ended",
    )
    retention_seconds: float = _setting(
        "services.retention.interval_seconds", 3600.0, _number(0.1, 86_400), "pause between two clean-ups"
    )
    retention_days: float = _setting(
        "services.retention.days", 0.0, _number(0, 36_500), "finished runs are deleted after so many days; 0: never"
    )
    retention_batch: int = _setting(
        "services.retention.batch", 50, _whole(1, 10_000), "runs deleted in one transaction"
    )
    outbox_seconds: float = _setting(
        "services.outbox.interval_seconds", 5.0, _number(0.1, 86_400), "longest pause between two looks at the outbox"
    )
    outbox_attempts: int = _setting(
        "services.outbox.attempts", 8, _whole(1, 100), "times that a hook or action is tried"
    )
    hook_networks_allowed: str = _setting(
        "hooks.allowed_networks",
        "",
        _networks,
        "networks that webhooks may go to, with commas between; all that are not denied, when empty",
    )
    hook_networks_denied: str = _setting(
        "hooks.denied_networks",
        DENIED_NETWORKS,
        _networks,
        "networks that no webhook goes to; link-local, where clouds tell machines their secrets, unless set",
    )
    twilio_url: str = _setting("hooks.twilio_url", "https://api.twilio.com", _text, "address of Twilio's API")
    pagerduty_url: str = _setting(
        "hooks.pagerduty_url", "https://events.pagerduty.com", _text, "address of PagerDuty's events API"
    )
    email_host: str = _setting("email.host", "", _optional_text, "SMTP server for mails of automations")
    email_port: int = _setting("email.port", 25, _whole(1, 65535), "its port")
    email_security: str = _setting("email.security", "none", _security, "none, starttls or tls")
    email_username: str = _setting("email.username", "", _optional_text, "account there, if it wants one")
    email_password: str = _setting("email.password", "", _optional_text, "password of the account")
    email_sender: str = _setting("email.sender", "proctor@localhost", _text, "address that mails come from")

    def resolved_database_url(self) -> str:
        """Give the database's address, which by default is a file in the home folder."""
        return self.database_url or f"sqlite:///{self.home / 'proctor.db'}"

    def link_base(self) -> str:
        """Give the address that links in messages start with."""
        return self.api_url.rstrip("/") or f"{self.scheme()}://{self.host}:{self.port}{self.path_prefix}"

    def heartbeat_limits(self, now: datetime) -> dict[str, datetime]:
        """Give the times before which the last beat of a living run cannot be: of our processes, and of all others."""
        short = min(self.own_heartbeat_limit_seconds, self.heartbeat_limit_seconds)
        return {
            "limit_time": now - timedelta(seconds=short),
            "long_limit_time": now - timedelta(seconds=self.heartbeat_limit_seconds),
        }

    def scheme(self) -> str:
        """Give what the server's address starts with."""
        return "https" if self.ssl_certfile else "http"


def _described() -> dict[str, Any]:
    return {f.name: f for f in fields(Settings) if "key" in f.metadata}


def load_settings(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings: ``flags`` (by attribute name; None means not given) over environment over file over defaults.

    Args:
        defaults: what the command that starts the server has in place of our own defaults, by attribute name.

    Raises:
        StartUpError: a value out of its bounds, an unknown key in the file, a file that is no TOML; says which.
    """
    environment = os.environ if environment is None else environment
    home = (home or Path(environment.get("PREFECT__HOME_DIR") or "~/.prefect")).expanduser().absolute()
    values: dict[str, Any] = {"home": home}
    described = _described()
    for name, value in (defaults or {}).items():
        values[name] = _read(described[name], value, "the client's configuration")
    by_key = {f.metadata["key"]: f for f in described.values()}

    for key, value, source in (*_from_file(home / "server.toml"), *_from_environment(environment)):
        if key in by_key:
            values[by_key[key].name] = _read(by_key[key], value, source)
        elif source.endswith(".toml"):
            near = _key_like(key, by_key)
            raise StartUpError(f"{source}: there is no setting {key!r}{f', did you mean {near!r}?' if near else '.'}")
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = _read(described[name], value, "--" + name.replace("_", "-"))
    if environment.get("PREFECT__LOOP_SERVICE__DEBUG_MODE"):
        values.update(scheduler_seconds=1.0, lazarus_seconds=1.0, zombie_killer_seconds=1.0)
    return Settings(**values)


def unknown_names(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that look like settings and are none: of the container stack of 1.x, or misspelt.

    Returns:
        Each with the variable that may be meant; empty when there is none like it.
    """
    known = {f.metadata["key"] for f in _described().values()}
    return {name: _variable_like(key, known) for key, _, name in _from_environment(environment) if key not in known}


def _variable_like(key: str, known: Iterable[str]) -> str:
    near = _key_like(key, known)
    return ENVIRONMENT_PREFIX + near.upper().replace(".", "__") if near else ""


def _key_like(key: str, known: Iterable[str]) -> str:
    """Give the known key that is almost this one; empty when there is none."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, list(known), n=1, cutoff=0.8)), "")


def _read(described: Any, value: Any, source: str) -> Any:
    try:
        return described.metadata["read"](value)
    except ValueError as expected:
        key = described.metadata["key"]
        came = shorten(value) if described.repr else "something else"
        raise StartUpError(f"Setting {key} ({source}): expected {expected}, got {came}.") from None


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    return [
        (name[len(ENVIRONMENT_PREFIX) :].lower().replace("__", "."), value, name)
        for name, value in sorted(environment.items())
        if name.startswith(ENVIRONMENT_PREFIX)
    ]


def _from_file(path: Path) -> list[tuple[str, Any, str]]:
    try:
        with path.open("rb") as file:
            tree = tomllib.load(file)
    except FileNotFoundError:
        return []
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartUpError(f"Settings file {path} cannot be read: {error}") from None
    flat: list[tuple[str, Any, str]] = []

    def walk(prefix: str, branch: Mapping[str, Any]) -> None:
        for key, value in branch.items():
            if isinstance(value, dict):
                walk(f"{prefix}{key}.", value)
            else:
                flat.append((prefix + key, value, str(path)))

    walk("", tree)
    return flat
