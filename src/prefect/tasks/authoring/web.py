"""Requests to a service on the web: with time limits and bounded retries, and without secrets in the errors.

Loaded when a task works; ``requests`` takes long to import.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from prefect.utilities.hosts import check_web_address

TIMEOUT_SECONDS = 30.0
TRIES = 4
#: Between two tries; doubled each time. What ``Retry-After`` says counts, up to the most.
FIRST_PAUSE_SECONDS = 1.0
MOST_PAUSE_SECONDS = 60.0
MOST_BYTES = 512 * 1024 * 1024
_SHOWN_CHARACTERS = 300

# A request that was not taken: also one that must not be made twice can be made again.
_NOT_TAKEN = (429, 503)
_OF_THE_MOMENT = (*_NOT_TAKEN, 502, 504)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class ServiceFailed(requests.RequestException):
    """A service could not be reached, refused, or gave an answer that cannot be read. No secret is in its text.

    Attributes:
        status: the status of the answer; None when there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    def __reduce__(self) -> tuple[type[ServiceFailed], tuple[str, int | None]]:
        return type(self), (str(self), self.status)


class WebService:
    """A service at one address.

    Args:
        address: its URL, to which the paths of requests are added.
        by: who asks, for the messages.
        headers: of each request.
        auth: name and password.
        secrets: texts that no error may show; those of ``auth`` and ``headers`` need not be named.
        timeout: seconds for connecting, and for each pause within an answer.
        tries: how often a request is made at most.
        pause: seconds between the first two tries.

    Raises:
        ValueError: no such address, or a header that none can be.
    """

    def __init__(
        self,
        address: str,
        *,
        by: str,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        secrets: Iterable[str] = (),
        timeout: float = TIMEOUT_SECONDS,
        tries: int = TRIES,
        pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        check_web_address(address, f"The address of the service that {by} asks")
        self._address = address.rstrip("/")
        self._host = urlsplit(address).netloc.rpartition("@")[2]
        self._by = by
        self._headers = {name: str(value).strip() for name, value in (headers or {}).items()}
        for name, value in self._headers.items():
            if not value.isascii() or not value.isprintable():  # the library below would show the value
                raise ValueError(f"{by}: the header {name} holds a line break or another sign that no header has.")
        self._auth = auth
        hidden = [*secrets, *(auth or ()), *(part for value in self._headers.values() for part in value.split())]
        self._hidden = sorted({str(text) for text in hidden if len(str(text)) > 5}, key=len, reverse=True)
        self._timeout = timeout
        self._tries = tries
        self._pause = pause

    def ask(
        self,
        method: str,
        path: str,
        *parts: object,
        taken: Collection[int] = (),
        repeats: bool = False,
        has: str = "",
        **body: Any,
    ) -> Any:
        """Make a request and give its answer as JSON; None for an empty one.

        Args:
            path: with ``{}`` where one of ``parts`` stands. Each part stays one piece of the path, whatever it holds.
            taken: further statuses that are answers and no errors.
            repeats: the request does the same when it is made twice, also if its method does not say so.
            has: what the answer must have; see ``checked``.
            **body: ``params``, ``json``, ``data``, ``files`` as for ``requests``.

        Raises:
            ServiceFailed: no answer, an error, no JSON, or not what it must have.
        """
        answer = self.request(method, path, *parts, taken=taken, repeats=repeats, **body)
        return self.checked(self.read_json(answer) if answer.content.strip() else None, has)

    def checked(self, answer: Any, has: str) -> Any:
        """Give an answer that has what it must have.

        Args:
            has: fields, with dots for those inside: ``data.id`` is a text or a number, ``data{}`` a mapping, ``data[]``
                a list, ``data[].id`` a field of each element, ``next?`` one that may be left out. ``{}`` alone is the
                answer itself.

        Raises:
            ServiceFailed: names the field.
        """
        for field in has.split():
            if not _has(answer, field.split(".")):
                raise self.failure(f"has another form than it should: no {field!r}")
        return answer

    def read_json(self, answer: requests.Response) -> Any:
        """Give an answer as JSON.

        Raises:
            ServiceFailed: it is none.
        """
        try:
            return answer.json()
        except ValueError:
            raise self.failure(f"is no JSON: {self._shown(answer)}", answer.status_code) from None

    def failure(self, what: str, status: int | None = None) -> ServiceFailed:
        """Make the error for an answer that is not what it should be."""
        return ServiceFailed(f"{self._by}: the answer of {self._host} {what}", status)

    def request(
        self, method: str, path: str, *parts: object, taken: Collection[int] = (), repeats: bool = False, **body: Any
    ) -> requests.Response:
        """Make a request and give its answer whole.

        What is not harmful twice (GET, PUT, DELETE, ``repeats``) is tried again after errors that pass; what could be,
        only when it was certainly not taken. Redirections are not followed: credentials would go along.

        Raises:
            ServiceFailed: no answer, or an error.
        """
        url = self._address + ("/" if path and not path.startswith("/") else "") + self._filled(path, parts)
        pause = self._pause
        repeats = repeats or method in _SAFE
        for left in range(self._tries - 1, -1, -1):
            try:
                answer = self._once(method, url, body)
            except requests.RequestException as error:
                again = repeats or isinstance(error, requests.ConnectTimeout)
                if again and left and not isinstance(error, ServiceFailed):
                    time.sleep(pause)
                    pause = min(pause * 2, MOST_PAUSE_SECONDS)
                    continue
                raise self._away(error) from None
            if answer.status_code in (_OF_THE_MOMENT if repeats else _NOT_TAKEN) and left:
                time.sleep(_asked_pause(answer, pause))
                pause = min(pause * 2, MOST_PAUSE_SECONDS)
                continue
            if answer.status_code in taken or 200 <= answer.status_code < 300:
                return answer
            raise ServiceFailed(
                f"{self._by}: {answer.status_code} {answer.reason or ''} from {self._host}: {self._shown(answer)}",
                answer.status_code,
            )
        raise AssertionError  # the last try gives or raises

    def _once(self, method: str, url: str, body: dict[str, Any]) -> requests.Response:
        with requests.Session() as session:
            answer = session.request(
                method,
                url,
                headers=self._headers,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                **body,
            )
            size, parts = 0, []
            for part in answer.iter_content(1 << 16):
                size += len(part)
                if size > MOST_BYTES:
                    raise ServiceFailed(f"{self._by}: the answer of {self._host} is larger than {MOST_BYTES} bytes.")
                parts.append(part)
            answer._content = b"".join(parts)
            return answer

    def _filled(self, path: str, parts: tuple[object, ...]) -> str:
        texts = [str(part) for part in parts]
        for text in texts:
            if text in ("", ".", ".."):
                raise ValueError(f"{self._by}: {text!r} cannot be part of an address.")
        return path.format(*(quote(text, safe="") for text in texts)) if parts else path

    def _away(self, error: requests.RequestException) -> ServiceFailed:
        if isinstance(error, ServiceFailed):
            return error
        kind = "did not answer in time" if isinstance(error, requests.Timeout) else "could not be reached"
        return ServiceFailed(f"{self._by}: {self._host} {kind} ({type(error).__name__})")

    def _shown(self, answer: requests.Response) -> str:
        text = answer.content[:2000].decode("utf-8", "replace")
        for hidden in self._hidden:
            for form in (hidden, quote(hidden, safe=""), json.dumps(hidden)[1:-1]):
                text = text.replace(form, "***")
        return text[:_SHOWN_CHARACTERS]


def _has(value: Any, steps: list[str]) -> bool:
    if not steps:
        return value is not None and not isinstance(value, (dict, list))
    kind = steps[0][-2:] if steps[0].endswith(("[]", "{}")) else ""
    name = steps[0].removesuffix(kind)
    if name:
        found = value.get(name.rstrip("?")) if isinstance(value, dict) else None
        if found is None:
            return isinstance(value, dict) and name.endswith("?")
        value = found
    if kind == "[]":
        return isinstance(value, list) and (len(steps) == 1 or all(_has(element, steps[1:]) for element in value))
    if kind == "{}":
        return isinstance(value, dict)
    return _has(value, steps[1:])


def _asked_pause(answer: requests.Response, otherwise: float) -> float:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), MOST_PAUSE_SECONDS) if asked.isascii() and asked.isdigit() else otherwise
