"""Requests, with retries, and lists that come in pages."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from prefect.tasks.authoring.declared import WebTask

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class _Http(WebTask):
    """A task for one address.

    Args:
        url: of http or https.
        params: of the query; name -> value, or list of values.
        headers: name -> value.
        token: sent as ``Authorization: Bearer``; or ``token_secret``: the name of the secret that holds it.
        timeout_seconds: for connecting, and for each pause within an answer.
        tries: how often it is asked at most, where that does no harm.
    """

    needs: ClassVar[dict[str, str]] = {"url": "A URL must be provided."}
    url: str | None = None
    params: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    token: str | None = None
    token_secret: str | None = None
    timeout_seconds: float = 30
    tries: int = 4

    def place(self) -> tuple[Any, str]:
        """Give the service at the URL's host, and what stands behind the host."""
        parts = urlsplit(str(self.url))
        token = self.token
        if not token and self.token_secret:
            token = str(self.secret_value(self.token_secret, "token_secret"))
        headers = {**(self.headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        service = self.service(
            f"{parts.scheme}://{parts.netloc}", headers=headers, timeout=self.timeout_seconds, tries=self.tries
        )
        return service, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class HttpRequest(
    _Http,
    args="url method params json data headers token token_secret timeout_seconds tries as_bytes",
):
    """Makes a request and gives its answer.

    What is not harmful twice (GET, PUT, DELETE) is tried again after errors that pass; redirections are not followed.

    Args:
        method: ``GET``, ``HEAD``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
        json: the body, as JSON; or ``data``: text, bytes, or fields of a form.
        as_bytes: give the bytes of the answer; else JSON where it is said to be that, and text otherwise.
    """

    method: str = "GET"
    json: Any = None
    data: Any = None
    as_bytes: bool = False

    def work(self) -> Any:
        """Make the request.

        Raises:
            ValueError: no such method, or no such URL.
            ServiceFailed: no answer, an error, or no JSON although it is said to be that.
        """
        if self.method.upper() not in METHODS:
            raise ValueError(self.complaint(f"A method is one of {', '.join(METHODS)}.", "method"))
        service, path = self.place()
        body = {"params": self.params, "json": self.json, "data": self.data}
        given = {name: value for name, value in body.items() if value is not None}
        answer = service.request(self.method.upper(), path, **given)
        if self.as_bytes:
            return answer.content
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        if answer.content and (kind == "application/json" or kind.endswith("+json")):
            return service.read_json(answer)
        return answer.text


class HttpPages(
    _Http,
    args="url params headers token token_secret items next_page most_pages timeout_seconds tries",
):
    """Gives the elements of a list that comes in pages.

    Args:
        items: field of the answer with the elements, with dots for fields inside; absent means the answer itself.
        next_page: field with the URL of the next page, or with the value of the parameter that is named behind a colon:
            ``meta.cursor:after``. Absent means the header ``Link`` (RFC 8288).
        most_pages: after so many the list is said to have no end.
    """

    items: str | None = None
    next_page: str | None = None
    most_pages: int = 1000

    def work(self) -> list[Any]:
        """Ask for all pages.

        Raises:
            ServiceFailed: an answer is none, or has no such list.
            ValueError: more pages than allowed, or one at another host, where the token does not go.
        """
        service, path = self.place()
        host, params, found = urlsplit(str(self.url)).netloc, dict(self.params or {}), []
        for _ in range(self.most_pages):
            answer = service.request("GET", path, params=params)
            page = service.read_json(answer)
            elements = _field(page, self.items)
            if not isinstance(elements, list):
                raise service.failure(f"has no list at {self.items or 'its root'}", answer.status_code)
            found += elements
            following = self._following(answer, page)
            if not following:
                return found
            if self.next_page and ":" in self.next_page:
                params[self.next_page.partition(":")[2]] = following
                continue
            parts = urlsplit(urljoin(str(self.url), str(following)))
            if parts.netloc != host:
                raise ValueError(self.complaint("The next page is at another host.", "next_page"))
            path, params = parts.path + (f"?{parts.query}" if parts.query else ""), {}
        raise ValueError(self.complaint(f"The list has more than {self.most_pages} pages.", "most_pages"))

    def _following(self, answer: Any, page: Any) -> Any:
        if self.next_page:
            return _field(page, self.next_page.partition(":")[0])
        return answer.links.get("next", {}).get("url")


def _field(value: Any, path: str | None) -> Any:
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value
