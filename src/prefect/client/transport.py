"""HTTP to the API: one keep-alive pool per process, and resending what did not arrive.

Whatever is sent through here may be sent twice: the operations carry ids or keys of their own, so that
the server answers a repetition as it answered the first time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect.exceptions import ServerUnreachable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

    from prefect.client.direct import Lines

PASSING_FAILURES = frozenset({500, 502, 503, 504})
"""Answers of a server, or of a proxy before it, that is about to come back."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
CONNECT_SECONDS = 5.0
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What may name a file or folder of certificate authorities, beside SSL_CERT_FILE; the first one counts."""

CONNECTIONS_KEPT = 32
PART_BYTES = 65_536


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


_PROXY_VARIABLES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


class _NoAnswer(OSError):
    """What urllib3 could not do, in words for people.

    Attributes:
        code: of the refusal that becomes of it; empty means that nobody answers.
        advice: what can be done about it, when that is not what can always be done.
    """

    def __init__(self, reason: str, code: str = "", advice: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.advice = advice


class _Pools:
    """The connection pools of this process, by the proxy they go through."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_proxy: dict[str | None, PoolManager] = {}
        self._lines: Lines | None = None

    @property
    def lines(self) -> Lines:
        from prefect.client import direct

        with self.lock:
            if self._lines is None:
                self._lines = direct.Lines()
            return self._lines

    def for_url(self, url: str) -> PoolManager:
        proxy = _proxy_for(url)
        with self.lock:
            pool = self.by_proxy.get(proxy)
            if pool is None:
                pool = self.by_proxy[proxy] = _open_pool(proxy)
            return pool


_pools = _Pools()


def _forget_pools() -> None:
    # A forked child must not write into its parent's connections, nor wait for a lock that a thread of the parent held.
    global _pools
    _pools = _Pools()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pools)


def _open_pool(proxy: str | None) -> PoolManager:
    # urllib3 takes 50 ms to import: only whoever sends something pays for it.
    import urllib3

    if proxy is not None:
        return urllib3.ProxyManager(proxy, maxsize=CONNECTIONS_KEPT, **_trusted())
    return urllib3.PoolManager(maxsize=CONNECTIONS_KEPT, **_trusted())


def _trusted() -> dict[str, Any]:
    """Trust, beside whom the system and ``SSL_CERT_FILE`` name, whom the environment names as it did for 1.x."""
    named = next((name for name in CA_VARIABLES if os.environ.get(name)), None)
    if named is None:
        return {}
    path = os.environ[named]
    import ssl

    trust = ssl.create_default_context()
    try:
        trust.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    except OSError as error:
        reason = "it is no PEM file of certificates" if isinstance(error, ssl.SSLError) else error.strerror or error
        raise _NoAnswer(
            f"{named} names {path}, which cannot be read: {reason}",
            "CERTIFICATES_UNREADABLE",
            f"Correct the path in {named}, or unset it.",
        ) from None
    return {"ssl_context": trust}


def _proxy_for(url: str) -> str | None:
    if not any(name in os.environ for name in _PROXY_VARIABLES):
        return None
    from urllib.parse import urlsplit
    from urllib.request import (  # type: ignore[attr-defined]  # typeshed has not the second one
        getproxies_environment,
        proxy_bypass_environment,
    )

    parts = urlsplit(url)
    proxies = getproxies_environment()
    if proxy_bypass_environment(parts.netloc, proxies):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def send(
    method: str,
    url: str,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_seconds: float,
    retry_seconds: float,
) -> Answer:
    """Send one request and give the answer, trying again while the server cannot be reached.

    Args:
        timeout_seconds: how long one attempt may wait for its answer.
        retry_seconds: how long after the first attempt new ones may still begin; 0 means one attempt.

    Raises:
        ServerUnreachable: no attempt got an answer.
    """
    deadline = time.monotonic() + retry_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        failure: OSError | None = None
        answer: Answer | None = None
        try:
            answer = _send_once(method, url, body, headers, timeout_seconds)
        except OSError as error:
            if isinstance(error, _NoAnswer) and error.code:  # that comes to the same as often as it is tried
                raise _unreachable(url, error) from None
            failure = error
        if answer is not None and answer.status not in PASSING_FAILURES:
            return answer
        # Many processes lose the server in the same moment: they shall not all come back in the same moment.
        import random

        delay = pause * random.uniform(0.7, 1.0)  # noqa: S311 - spreads load, hides nothing
        if time.monotonic() + delay > deadline:
            if answer is not None:
                return answer
            raise _unreachable(url, failure) from None
        time.sleep(delay)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _send_once(method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
    """Make one attempt.

    Raises:
        OSError: nobody answered.
    """
    if url.startswith("embedded"):
        from prefect.client import embedded

        return Answer(*embedded.ask(method, url, body=body, headers=headers, timeout_seconds=timeout_seconds))
    connect_seconds = min(CONNECT_SECONDS, timeout_seconds)
    from prefect.client import direct  # late: only whoever sends something pays for it

    place = direct.place_of(url)
    if place is not None and _proxy_for(url) is None:
        times = {"connect_seconds": connect_seconds, "read_seconds": timeout_seconds}
        return Answer(*_pools.lines.ask(method, place, body=body, headers=headers, **times))
    import urllib3

    timeout = urllib3.Timeout(connect=connect_seconds, read=timeout_seconds)
    try:
        response: BaseHTTPResponse = _pools.for_url(url).request(
            method, url, body=body, headers=dict(headers), timeout=timeout, retries=False, redirect=False
        )
        return Answer(response.status, response.headers, response.data)
    except urllib3.exceptions.HTTPError as error:
        raise _no_answer(error) from error


def open_stream(url: str, *, headers: Mapping[str, str], timeout_seconds: float) -> tuple[Answer, Iterator[bytes]]:
    """Ask for a file; gives its status and headers, and its parts as they come. A refusal's body is in the answer.

    Raises:
        ServerUnreachable: it cannot be reached, or, while parts are taken, went away.
    """
    if url.startswith("embedded"):
        try:
            whole = _send_once("GET", url, None, headers, timeout_seconds)
        except OSError as error:
            raise _unreachable(url, error) from None
        return (whole, iter((whole.body,))) if whole.status == 200 else (whole, iter(()))
    import urllib3
    from urllib3.exceptions import HTTPError

    timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout_seconds), read=timeout_seconds)
    try:
        response = _pools.for_url(url).request(
            "GET", url, headers=dict(headers), timeout=timeout, retries=False, redirect=False, preload_content=False
        )
        if response.status != 200:
            return Answer(response.status, response.headers, response.data), iter(())
    except HTTPError as error:
        raise _unreachable(url, _no_answer(error)) from None
    except _NoAnswer as error:
        raise _unreachable(url, error) from None
    return Answer(200, response.headers, b""), _parts_of(response, url)


def _parts_of(response: BaseHTTPResponse, url: str) -> Iterator[bytes]:
    from urllib3.exceptions import HTTPError

    try:
        yield from response.stream(PART_BYTES, decode_content=True)
    except HTTPError as error:
        raise _unreachable(url, _no_answer(error)) from None
    finally:
        response.close()  # what was not read to its end is no connection for others
        response.release_conn()


def _unreachable(url: str, failure: OSError | None) -> ServerUnreachable:
    told = failure if isinstance(failure, _NoAnswer) else None
    return ServerUnreachable(
        url.rstrip("/"),
        reason=_reason(failure),
        advice=told.advice if told else "",
        code=told.code if told else "",
    )


def _reason(failure: OSError | None) -> str:
    """Say in a few words why a connection failed, without the inner names of the libraries below."""
    import socket

    if isinstance(failure, socket.gaierror):
        return "its name is not known"
    if isinstance(failure, TimeoutError):
        return "no answer in time"
    if isinstance(failure, _NoAnswer):
        return str(failure)
    return failure.strerror.lower() if failure is not None and failure.strerror else "the connection was lost"


def _no_answer(failure: Exception) -> _NoAnswer:
    """Put in words what urllib3 raised; what TLS refused has a code of its own."""
    import ssl

    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _NoAnswer(
                f"its certificate is not trusted: {cause.verify_message.rstrip('.')}",
                "CERTIFICATE_NOT_TRUSTED",
                _trust_advice(),
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return _NoAnswer("what answers there does not speak TLS", "NOT_TLS", "Begin the address with http://.")
        cause = cause.__cause__ or cause.__context__
    return _NoAnswer(_reason_of(failure))


def _trust_advice() -> str:
    path = os.environ.get("SSL_CERT_FILE")
    if path and not os.access(path, os.R_OK):  # which OpenSSL passes over without a word
        return f"SSL_CERT_FILE names {path}, which cannot be read: correct it."
    return "Name the file of the authority (PEM) that signed it in SSL_CERT_FILE or REQUESTS_CA_BUNDLE."


def _reason_of(failure: Exception) -> str:
    """Say in a few words what urllib3 raised."""
    from urllib3.exceptions import NameResolutionError, NewConnectionError, TimeoutError

    if isinstance(failure, NameResolutionError):
        return "its name is not known"
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    # NewConnectionError is a timeout to urllib3, which it is not.
    if isinstance(failure, TimeoutError) and not isinstance(failure, NewConnectionError):
        return "no answer in time"
    return "the connection was lost"
