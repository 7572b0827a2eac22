"""What a person's browser gets: the page of the web UI at every address, and the files that it is made of.

The page holds no data and needs no key; it asks the API.  It is built by ``make ui`` and carried by the package; where
it was not built, a page without script says how to get it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, Router, request_response
from starlette.staticfiles import StaticFiles

from prefect import codes
from prefect.server.origins import safe_headers

__all__ = ["Pages", "accepted_encodings", "wants_page"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: What the build writes (``tools/ui.py``); in wheels and source archives, not in git.
STATIC = Path(__file__).parent / "ui" / "static"

#: Scripts, styles and questions of this server alone; no text becomes a script (Trusted Types).
POLICY = b"; ".join(
    (
        b"default-src 'none'",
        b"script-src 'self'",
        b"style-src 'self'",
        b"img-src 'self' data:",
        b"font-src 'self'",
        b"connect-src 'self'",
        b"worker-src 'self'",
        b"manifest-src 'self'",
        b"base-uri 'self'",
        b"form-action 'self'",
        b"frame-ancestors 'none'",
        b"require-trusted-types-for 'script'",
        b"trusted-types svelte-trusted-html proctor-text",
    )
)
#: On every page and file of the UI; a worker's script brings the policy that holds in the worker.
SAFE = (
    *(header for header in safe_headers(POLICY) if header[0] != b"referrer-policy"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)

#: Told by us: what the machine's tables say differs from machine to machine.
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
#: Best first; made by the build beside each file that they make smaller.
ENCODINGS = {"br": ".br", "gzip": ".gz"}
#: A name with a hash of what is inside never means anything else.
HASHED = re.compile(r"assets/[\w.-]+\.[\w-]{8,}\.[a-z0-9]+").fullmatch
FILE_NAME = re.compile(r"(?:[\w-][\w.-]{0,100}/){0,4}[\w-][\w.-]{0,100}").fullmatch
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
#: What an answer at an address of the UI depends on besides the address.
VARIES = "Accept, X-Forwarded-Prefix"

#: Not the UI's: what programs ask for, whatever they say that they accept.
OTHERS = re.compile(r"/(?:health|metrics|\.well-known)(?:/.*)?|/flow-run/[^/]*/logs\.[a-z]+", re.DOTALL).fullmatch
BASE = re.compile(rb'<base href="/"\s*/?>')


class Pages:
    """The UI of one server.

    Args:
        folder: what the build wrote: ``index.html``, and below ``ui/`` all else.
    """

    def __init__(self, folder: Path = STATIC):
        self._index = folder / "index.html"
        self._parts = folder / "screens.json"
        self._seen: tuple[int, int] | None = None
        self._text = b""
        self._heads: list[tuple[re.Pattern[str], bytes]] = []
        self._router = Router(
            [Route("/ui/codes/{code}", _page_of_code), Mount("/ui", _Files(folder / "ui"))],
            redirect_slashes=False,
            default=request_response(self._page),
        )

    def takes(self, scope: Scope) -> bool:
        """Tell whether a request is for the UI: it wants a page or one of its files."""
        if scope["method"] not in ("GET", "HEAD"):
            return False
        path = scope["path"]
        return path.startswith("/ui/") or (wants_page(scope) and OTHERS(path) is None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that ``takes`` said yes to; ``proctor.prefix`` is the path below which the browser is."""
        inside = {**scope, "root_path": ""}
        await self._router(inside, receive, partial(_send_safely, send, scope["method"] == "HEAD"))

    async def _page(self, request: Request) -> Response:
        if request.scope["path"].startswith("/ui/"):  # a name of a file that no file can have
            return _missing()
        prefix: str = request.scope.get("proctor.prefix", "")
        text = self._read()
        # The prefix was checked when it came: nothing in it means anything in HTML.
        body = BASE.sub(b'<base href="%s/">' % prefix.encode(), MISSING if text is None else text)
        if text is not None:
            body = body.replace(b"</head>", self._head_of(request.scope["path"]) + b"</head>")
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"cache-control": ASK_AGAIN, "etag": tag, "vary": VARIES}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, "text/html; charset=utf-8")

    def _head_of(self, path: str) -> bytes:
        """Name the files of the screen at a path, so that a browser asks for them together with the page's own.

        The tenant's part in front may be there or not.
        """
        rest = path.strip("/")
        behind = rest.partition("/")[2]
        return next((head for whose in (rest, behind) for screen, head in self._heads if screen.fullmatch(whose)), b"")

    def _read(self) -> bytes | None:
        """Give the built page; None: it was not built.  It may be built again while the server runs."""
        try:
            stat = self._index.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._text = self._index.read_bytes()
                self._heads = _heads(self._parts)
                self._seen = seen
        except OSError:
            self._seen = None
            return None
        return self._text


def _heads(parts: Path) -> list[tuple[re.Pattern[str], bytes]]:
    """Read what each screen needs, as the build wrote it; without it the page finds its parts one after the other."""
    try:
        screens = json.loads(parts.read_text())
        return [
            (
                re.compile(screen["path"]),
                "".join(
                    [f'<link rel="modulepreload" crossorigin href="./{file}">' for file in screen["scripts"]]
                    + [f'<link rel="stylesheet" crossorigin href="./{file}">' for file in screen["sheets"]]
                ).encode(),
            )
            for screen in screens
        ]
    except (OSError, ValueError, KeyError, TypeError, re.error):
        return []


class _Files(StaticFiles):
    """The built files, each in the smallest form that its reader takes."""

    def __init__(self, folder: Path):
        super().__init__(directory=folder, check_dir=False)
        self.config_checked = True  # the folder may come while the server runs

    async def get_response(self, path: str, scope: Any) -> Response:
        if FILE_NAME(path) is None:
            return _missing()
        accepted = accepted_encodings(scope)
        endings = [(name, end) for name, end in ENCODINGS.items() if name in accepted]
        found = await to_thread.run_sync(self._first_of, path, [*endings, ("", "")])
        if found is None:
            return _missing()
        encoding, full_path, stat = found
        headers = {
            "cache-control": FOR_EVER if HASHED(path) else ASK_AGAIN,
            "vary": "Accept-Encoding",
            **({"content-encoding": encoding} if encoding else {}),
        }
        kind = KINDS.get(Path(path).suffix, "application/octet-stream")
        response = FileResponse(full_path, headers=headers, media_type=kind, stat_result=stat)
        if response.headers["etag"] in dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1"):
            kept = {name: response.headers[name] for name in ("cache-control", "etag", "vary")}
            return Response(status_code=304, headers=kept)
        return response

    def _first_of(self, path: str, endings: list[tuple[str, str]]) -> tuple[str, str, os.stat_result] | None:
        for encoding, ending in endings:
            full_path, found = self.lookup_path(path + ending)
            if found is not None and S_ISREG(found.st_mode):
                return encoding, full_path, found
        return None


def _page_of_code(request: Request) -> Response:
    """Give what a refusal's code means, and what to do: the same text as `prefect explain`."""
    text = codes.page(request.path_params["code"])
    if text is None:
        return PlainTextResponse("There is no such code.", 404, {"cache-control": "no-store"})
    return PlainTextResponse(text, 200, {"cache-control": ASK_AGAIN})


def _missing() -> Response:
    # Not kept: after an update the same name may be there.
    return PlainTextResponse("There is no such file of the UI.", 404, {"cache-control": "no-store"})


async def _send_safely(send: Send, is_head: bool, message: MutableMapping[str, Any]) -> None:
    if message["type"] == "http.response.start":
        message = {**message, "headers": [*message["headers"], *SAFE]}
    elif is_head:
        message = {**message, "body": b""}
    await send(message)


def wants_page(scope: Scope) -> bool:
    """Tell a browser from a program."""
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def accepted_encodings(scope: Scope) -> set[str]:
    """Give the encodings that a reader takes; one with the weight 0 it does not."""
    header = dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")
    found = set()
    for part in header.lower().split(",")[:20]:
        name, _, weight = part.partition(";")
        if not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight):
            found.add(name.strip())
    return found


#: Served where nothing was built: below the same policy, so without any style or script.
MISSING = b"""<!doctype html>
<html lang="en">
<head>
<base href="/">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The web UI is not built</title>
</head>
<body>
<main>
<h1>The web UI is not built</h1>
<p>This server runs from a source tree in which the pages were not built yet. The API, the <code>prefect</code> command
and agents work without them.</p>
<p>To build them, run this in the source tree, and load this page again; the server need not be started anew:</p>
<pre><code>make ui</code></pre>
<p>It takes Node 20 or newer from <code>PATH</code>, and else installs it into <code>.venv</code> by pip.
A released package brings the pages along.</p>
</main>
</body>
</html>
"""
