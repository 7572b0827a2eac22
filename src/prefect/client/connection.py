"""One address of the API with the key and tenant used there: asking it, and reading its answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from prefect._version import __version__
from prefect.client import auth, diagnostics, transport
from prefect.contract import errors, operations
from prefect.exceptions import AuthorizationError, ClientError, InvalidAddressError
from prefect.utilities import written
from prefect.utilities.context import context

if TYPE_CHECKING:
    from pathlib import Path

API_ERROR_RESENDS = 6
RETRY_SECONDS = 3.0
"""How long a command tries to reach a server; the process of a flow run tries for ``config.cloud.retry_seconds``."""

CLOCK_TOLERANCE_SECONDS = 5.0
"""Clocks that differ by less are taken to agree: answers tell whole seconds, and travel."""

# By address: the last time that its answers told, and by how many seconds its clock is ahead of this machine's.
_clocks: dict[str, tuple[str, float]] = {}

# Addresses of servers that refused an input which only this package's own server knows.
_plain_servers: set[str] = set()


class Connection:
    """What a client knows of the API: where it is, who asks, and what every request says."""

    def __init__(self, api_server: str | None = None, api_key: str | None = None, tenant_id: str | None = None) -> None:
        from prefect.utilities.logging import get_logger

        self.api_server = (api_server or context.config.cloud.api).rstrip("/")
        if urlsplit(self.api_server).scheme not in ("http", "https") and not _is_embedded(self.api_server):
            raise InvalidAddressError(
                f'The API address must begin with http:// or https://, or be "embedded". Got {self.api_server!r}.'
            )
        self.logger = get_logger("Client")
        self.retry_seconds: float | None = None
        self._attached_headers: dict[str, str] = {}
        # Whose they are, and the headers that every request of theirs has.
        self._usual_headers: tuple[tuple[Any, ...], dict[str, str]] | None = None
        stored = self.load_auth_from_disk() if self._auth_file.is_file() else {}
        self.api_key: str | None = auth.clean_key(
            api_key or context.config.cloud.get("api_key") or stored.get("api_key")
        )
        self._tenant_id: str | None = None
        tenant = tenant_id or context.config.cloud.get("tenant_id") or stored.get("tenant_id")
        if tenant:
            self.tenant_id = str(tenant).strip()

    # ----- keys and tenants

    @property
    def _auth_file(self) -> Path:
        from pathlib import Path

        return Path(context.config.home_dir).expanduser() / "auth.toml"

    def load_auth_from_disk(self) -> dict[str, str]:
        """Give the stored ``api_key`` and ``tenant_id`` of this API address, empty when there are none."""
        return auth.load(self._auth_file).get(auth.section_name(self.api_server), {})

    def save_auth_to_disk(self) -> None:
        """Store the key and tenant id for this API address."""
        auth.save(self._auth_file, auth.section_name(self.api_server), api_key=self.api_key, tenant_id=self._tenant_id)

    @property
    def tenant_id(self) -> str:
        """The tenant that requests are for; asked of the API when nobody set it."""
        if self._tenant_id is None:
            is_cloud = context.config.backend == "cloud"
            self._tenant_id = self._tenant_of_key() if is_cloud else self._first_tenant()
        return self._tenant_id

    @tenant_id.setter
    def tenant_id(self, tenant_id: str) -> None:
        import uuid

        try:
            uuid.UUID(str(tenant_id))
        except ValueError:
            raise ValueError(f"The `tenant_id` must be a valid UUID. Got {tenant_id!r}.") from None
        self._tenant_id = str(tenant_id)

    def _tenant_of_key(self) -> str:
        if not self.api_key:
            raise ValueError("You have not set an API key for authentication.")
        info = self.ask(operations.AUTH_TENANT).get("auth_info") or {}
        if "tenant_id" not in info:
            raise ClientError("The API did not say which tenant the API key belongs to.")
        if info["tenant_id"] is None:
            raise AuthorizationError("The API key belongs to no tenant: it is an API token, not an API key.")
        return str(info["tenant_id"])

    def _first_tenant(self) -> str:
        tenants = self.ask(operations.TENANT_IDS)["tenant"]
        if not tenants:
            raise ClientError(
                "Your Prefect Server instance has no tenants. Create a tenant with `prefect server create-tenant`"
            )
        return str(tenants[0]["id"])

    def server_time(self) -> datetime:
        """Give the time by the API's clock, as far as its answers have told it; else by this machine's.

        Answers tell whole seconds, the one that had begun when the server last looked at its clock, a second ago at
        most. Both seconds are taken as over, so that what is due by the API's clock is due by this one.
        """
        ahead = _clocks.get(self.api_server, ("", 0.0))[1]
        return datetime.now(UTC) + timedelta(seconds=ahead)

    def _note_clock(self, told: str | None) -> None:
        if told is None or _clocks.get(self.api_server, ("", 0.0))[0] == told:
            return
        from email.utils import parsedate_to_datetime

        try:
            ahead = parsedate_to_datetime(told).timestamp() - time.time()
        except ValueError:
            return
        _clocks[self.api_server] = (told, ahead + 2.0 if abs(ahead) > CLOCK_TOLERANCE_SECONDS else 0.0)

    # ----- asking

    def attach_headers(self, headers: Mapping[str, str]) -> None:
        """Send these headers with every request from now on."""
        self._attached_headers.update(headers)

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send one document and give the ``data`` of the answer as plain values."""
        return self._data(self._execute(document, variables))

    def wait_for(self, document: str, longest_seconds: float, /, **variables: Any) -> dict[str, Any]:
        """Send one document whose answer the server may hold back for ``longest_seconds``."""
        return self._data(self._execute(document, variables, timeout_seconds=longest_seconds + self.timeout_seconds))

    def change(self, document: str, values: Mapping[str, Any], **options: Any) -> Any:
        """Send a mutation whose one argument is ``input`` and give its payload."""
        data = self._data(self._execute(document, {"input": values}, **options))
        for payload in data.values():
            return payload
        raise ClientError(f"Malformed response received from {self.api_server}: expected one field in data.")

    def _data(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        data = answer.get("data")
        if not isinstance(data, dict):  # not of a GraphQL server: of something in between
            raise ClientError(f"Malformed response received from {self.api_server}: expected an object as data.")
        return data

    def change_with_extras(
        self,
        document: str,
        values: Mapping[str, Any],
        *,
        plain: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        **options: Any,
    ) -> Any:
        """Send a mutation with inputs that not every server knows; a server that refuses them gets ``plain``."""
        if self.api_server not in _plain_servers:
            try:
                return self.change(document, values, **options)
            except ClientError as error:
                if "is not defined by type" not in str(error):
                    raise
                _plain_servers.add(self.api_server)
        return self.change(document, plain() if callable(plain) else plain, **options)

    @property
    def timeout_seconds(self) -> float:
        """How long one request may wait for its answer."""
        return float(context.config.cloud.request_timeout)

    @property
    def knows_extras(self) -> bool:
        """False once the server has refused an input of our own."""
        return self.api_server not in _plain_servers

    def graphql(
        self,
        query: Any,
        raise_on_error: bool = True,
        headers: Mapping[str, str] | None = None,
        variables: Mapping[str, Any] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
    ) -> Any:
        """Run a query or mutation, given as text or as nested values.

        Returns:
            The answer, its keys also readable as attributes.
        """
        from prefect.utilities.graphql import GraphQLResult, parse_graphql

        answer = self._execute(
            query if isinstance(query, str) else parse_graphql(query),
            variables,
            raise_on_error=raise_on_error,
            headers=headers,
            api_key=api_key,
            retry_on_api_error=retry_on_api_error,
        )
        return GraphQLResult(answer)

    def post(
        self,
        path: str,
        server: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
    ) -> dict[str, Any]:
        """Send ``params`` as a JSON body to a path of the server."""
        return self._request("POST", path, server, headers, params, api_key, retry_on_api_error)

    def get(
        self,
        path: str,
        server: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
    ) -> dict[str, Any]:
        """Ask a path of the server, with ``params`` as the query string."""
        return self._request("GET", path, server, headers, params, api_key, retry_on_api_error)

    def look(self, path: str) -> transport.Answer:
        """Ask a path of the server once, and give the answer as it came, whatever its status.

        Raises:
            ServerUnreachable: nobody answers.
        """
        return transport.send(
            "GET",
            _url(self.api_server.removesuffix("/graphql"), path),
            body=None,
            headers=self._headers(None, None),
            timeout_seconds=self.timeout_seconds,
            retry_seconds=0,
        )

    def download(self, path: str, params: Mapping[str, Any]) -> Iterator[bytes]:
        """Ask a path of the server for a file, and give its parts as they come.

        Raises:
            ClientError: it was refused, or, while parts are taken, the connection broke.
        """
        base = self.api_server.removesuffix("/graphql")  # clients may ask there as well
        url = _url(base, path) + ("?" + urlencode(params) if params else "")
        headers = {**self._headers({"Accept": "*/*"}, None)}
        answer, parts = transport.open_stream(url, headers=headers, timeout_seconds=self.timeout_seconds)
        if answer.status != 200:
            self._read(url, answer, headers, {})  # raises what the refusal says
            raise ClientError(f"{answer.status} error for url: {url}")
        if "attachment" not in answer.headers.get(
            "content-disposition", ""
        ):  # a refusal in the form for 1.x, or a page
            whole = transport.Answer(400, answer.headers, b"".join(parts))
            self._read(url, whole, headers, {})
        return parts

    def _request(
        self,
        method: str,
        path: str,
        server: str | None,
        headers: Mapping[str, str] | None,
        params: Mapping[str, Any] | None,
        api_key: str | None,
        retry_on_api_error: bool,
    ) -> dict[str, Any]:
        url = _url(server or self.api_server, path.lstrip("/")).rstrip("/")
        body = None
        if method == "GET":
            url += "?" + urlencode(params) if params else ""
        else:
            body = encode(params or {})
        return self._exchange(method, url, body, self._headers(headers, api_key), {}, retry_on_api_error)

    def _execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        raise_on_error: bool = True,
        headers: Mapping[str, str] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
        timeout_seconds: float | None = None,
    ) -> dict[str, Any]:
        request = {"query": document, "variables": dict(variables or {})}
        answer = self._exchange(
            "POST",
            self.api_server,
            encode(request),
            self._headers(headers, api_key),
            request,
            retry_on_api_error,
            timeout_seconds,
        )
        # A server that writes "errors": null or [] has none.
        if raise_on_error and answer.get("errors"):
            raise errors.exception_for(answer["errors"])
        return answer

    def _headers(self, headers: Mapping[str, str] | None, api_key: str | None) -> Mapping[str, str]:
        """Put the headers of a request together; of one name in any case, the later one counts.

        As in 1.x: over the caller's, the client's own version and key; over these, what was attached.
        """
        is_usual = headers is None and api_key is None and not self._attached_headers
        run_process = context.get("run_process")
        who = (self.api_key, self._tenant_id, run_process)
        if is_usual and self._usual_headers is not None and self._usual_headers[0] == who:
            return self._usual_headers[1]
        complete = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
            "User-Agent": f"prefect/{__version__}",
        }
        if headers:
            _lay_over(complete, headers)
        own = {"X-PREFECT-CORE-VERSION": __version__}
        if key := auth.clean_key(api_key or self.api_key):
            own["Authorization"] = f"Bearer {key}"
            if self._tenant_id:
                own["X-PREFECT-TENANT-ID"] = self._tenant_id
        if run_process:
            own["X-PREFECT-RUN-PROCESS"] = str(run_process)
        if headers:
            _lay_over(complete, own)
        else:
            complete.update(own)
        if self._attached_headers:
            _lay_over(complete, self._attached_headers)
        for name, value in complete.items():
            if "\n" in str(value) or "\r" in str(value):  # the library below would show the value, which may be a key
                raise ClientError(f"The header {str(name)[:80]!r} holds a line break.")
        if is_usual:
            self._usual_headers = who, complete
        return complete

    def _exchange(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        request: Mapping[str, Any],
        retry_on_api_error: bool,
        timeout_seconds: float | None = None,
    ) -> dict[str, Any]:
        for attempt in range(API_ERROR_RESENDS + 1):
            content = self._send(method, url, body, headers, request, timeout_seconds)
            refusal = content.get("errors")
            if not (refusal and retry_on_api_error and errors.API_ERROR in str(refusal)):
                break
            if attempt < API_ERROR_RESENDS:
                time.sleep(0.25 * 2**attempt)
        return content

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        request: Mapping[str, Any],
        timeout_seconds: float | None,
    ) -> dict[str, Any]:
        cloud = context.config.cloud
        limits = cloud.rate_limiting
        for attempt in range(int(limits.max_retries) + 1):
            with diagnostics.told(url, headers, request, body) as answers:
                answer = transport.send(
                    method,
                    url,
                    body=body,
                    headers=headers,
                    timeout_seconds=self.timeout_seconds if timeout_seconds is None else timeout_seconds,
                    retry_seconds=_retry_seconds() if self.retry_seconds is None else self.retry_seconds,
                )
                answers.append(answer)
            self._note_clock(answer.headers.get("date"))
            if answer.status != 429 or attempt == limits.max_retries:
                break
            import random

            spread = random.random() * limits.backoff_multiplier  # noqa: S311 - spreads load, hides nothing
            pause = limits.backoff_s + spread * limits.backoff_exponent**attempt
            self.logger.warning("Rate limit encountered (attempt %d); sleeping for %.1f s...", attempt + 1, pause)
            time.sleep(pause)
        return self._read(url, answer, headers, request)

    def _read(
        self, url: str, answer: transport.Answer, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> dict[str, Any]:
        try:
            content = json.loads(answer.body)
        except ValueError:
            content = None
        if answer.status >= 400:
            raise _refusal(url, answer, content, request)
        if answer.status >= 300:
            raise _redirected(url, answer)
        if not isinstance(content, dict):
            if context.config.backend == "cloud" and "Authorization" not in headers:
                raise AuthorizationError(f"{url} gave no JSON answer. You have not set an API key.")
            malformed = ClientError(f"Malformed response received from {url}: expected a JSON object.")
            malformed.code = "NOT_AN_API"
            raise malformed
        return content


def _is_embedded(address: str) -> bool:
    if not address.startswith("embedded"):
        return False
    from prefect.client import embedded

    return embedded.is_embedded(address)


def _url(base: str, path: str) -> str:
    """Give the address of something that the API at ``base`` has."""
    if not _is_embedded(base):
        return urljoin(base + "/", path)
    from prefect.client import embedded

    return embedded.url_of(base, path)


def _redirected(url: str, answer: transport.Answer) -> ClientError:
    """Name where an answer sends; requests with keys do not follow to who knows whom."""
    parts = urlsplit(urljoin(url, answer.headers.get("location", "")))
    host = parts.netloc.rpartition("@")[2]
    leads = f"{parts.scheme}://{host}{parts.path}"  # what is behind may be a token
    redirected = ClientError(
        f"{url} answered with a redirect ({answer.status}) to {leads}, which requests of the API do not follow."
    )
    redirected.code = "REDIRECTED"
    address = f"{parts.scheme}://{host}"
    redirected.hint = (
        f"Set the address of the API itself: `prefect config set server.endpoint {address}`, if it is that."
    )
    return redirected


def _refusal(url: str, answer: transport.Answer, content: Any, request: Mapping[str, Any]) -> ClientError:
    """Make the exception of an answer with an error status."""
    found = content.get("errors") if isinstance(content, dict) else None
    refusal = _plain_refusal(url, answer, found, request)
    if isinstance(found, list) and found and isinstance(found[0], dict):
        refusal.code = errors.code_of(found[0]) or refusal.code
        refusal.hint = errors.hint_of(found[0])
    elif answer.status in transport.PASSING_FAILURES:
        refusal.code = "UNAVAILABLE"
    elif content is None:
        refusal.code = "NOT_AN_API"
    return refusal


def _plain_refusal(url: str, answer: transport.Answer, found: Any, request: Mapping[str, Any]) -> ClientError:
    if answer.status in (401, 403) or (found and errors.UNAUTHENTICATED in str(found)):
        return AuthorizationError(found or f"{answer.status} refused by {url}")
    if answer.status == 400 and found and request:
        lines = [f"400 Client Error: Bad Request for url: {url}", ""]
        lines += ["The following error messages were provided by the GraphQL server:", ""]
        lines += [f"    {line}" for line in errors.describe(found)]
        lines += ["", "The GraphQL query was:", ""]
        lines += [f"    {line}" for line in str(request["query"]).splitlines()]
        lines += ["", "The passed variables were:", "", f"    {json.dumps(request['variables'])}", ""]
        refusal = ClientError("\n".join(lines))
        refusal.messages = tuple(str(error.get("message", error)) for error in found)
        return refusal
    said = "; ".join(errors.describe(found)) if found else answer.body[:500].decode("utf-8", "replace")
    return ClientError(f"{answer.status} error for url: {url}" + (f": {said}" if said else ""))


def encode(content: Mapping[str, Any]) -> bytes:
    """Give the JSON of a request.

    Raises:
        ValueError: a value that is none, or is nested too deeply.
    """
    try:
        return (_of_written(content) or written.encode(content)).encode()
    except RecursionError:
        raise ValueError("The values of a request are nested too deeply to be sent as JSON.") from None


def _of_written(content: Mapping[str, Any]) -> str | None:
    """Put the JSON of a request together whose one input is a list of objects that know theirs."""
    values = (content.get("variables") or {}).get("input")
    if type(values) is not dict or len(values) != 1 or len(content["variables"]) != 1:
        return None
    ((name, listed),) = values.items()
    texts = written.texts_of(listed)
    if texts is None:
        return None
    rest = {key: value for key, value in content.items() if key != "variables"}
    frame = written.encode({**rest, "variables": {"input": {name: []}}})  # which ends with them
    return frame.removesuffix("]}}}") + ",".join(texts) + "]}}}"


def _retry_seconds() -> float:
    # A person at a terminal wants to know soon; a run that lost its server for a moment must not fail by it.
    if context.get("flow_run_id") is None:
        return RETRY_SECONDS
    return float(context.config.cloud.get("retry_seconds", RETRY_SECONDS))


def _lay_over(headers: dict[str, str], given: Mapping[str, str]) -> None:
    """Put headers over others: their names are the same in any case."""
    for name, value in given.items():
        for known in [known for known in headers if known.lower() == str(name).lower()]:
            del headers[known]
        headers[name] = value
