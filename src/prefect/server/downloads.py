"""``GET /flow-run/<id>/logs.txt`` (also ``.jsonl``, ``.csv``): the log of a run, written while it is read.

Nothing of it is kept: one page of lines at a time is in memory, and the next is read when the last was taken.
"""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect.server.actions.log_files import KINDS, Place, Wanted, head_of, page_of_lines, read_wanted, run_of_file
from prefect.server.errors import ApiError, BadInput
from prefect.server.graphql.operations import Request
from prefect.server.store.database import DatabaseError

if TYPE_CHECKING:
    from prefect.server.app import App

__all__ = ["LOGS", "MOST_AT_ONCE", "LogFile", "open_log_file", "send_file"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger = logging.getLogger("prefect.server.downloads")

LOGS = re.compile(r"/flow-run/([^/]{1,100})/logs\.([a-z]{1,10})").fullmatch
#: So many are written at one time; more are told to come again.
MOST_AT_ONCE = 50
#: A reader that takes nothing for so long has gone.
PATIENCE_SECONDS = 60.0
GZIP_LEVEL = 3


class LogFile:
    """What is to be sent: its headers, and its parts."""

    def __init__(self, headers: list[tuple[bytes, bytes]], parts: AsyncIterator[bytes]):
        self.headers = headers
        self.parts = parts


async def open_log_file(
    app: App, request: Request, found: re.Match[str], fields: dict[str, list[str]], *, packed: bool
) -> LogFile:
    """Find the run, and give its log.

    Args:
        packed: by gzip.

    Raises:
        ApiError: a kind of file or a filter that there is not, or no such run in the caller's tenant.
    """
    flow_run_id, kind = _id("flow run", found[1]), found[2]
    if kind not in KINDS:
        raise BadInput("kind of file", " or ".join(KINDS), kind)
    wanted = read_wanted(fields, _id)
    run = await app.database.read(lambda tx: run_of_file(tx, flow_run_id))
    caller = request.caller
    if run is None or (caller.is_held and not caller.all_tenants and run["tenant_id"] != caller.tenant_id):
        raise ApiError(f"There is no flow run {flow_run_id}.", "NOT_FOUND")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", run["name"] or "")[:80].strip(".-") or flow_run_id
    headers = [
        (b"content-type", KINDS[kind]),
        (b"content-disposition", f'attachment; filename="{name}-logs.{kind}"'.encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept-Encoding"),
    ]
    parts = _parts(app, flow_run_id, kind, wanted)
    if packed:
        headers.append((b"content-encoding", b"gzip"))
        parts = _packed(parts)
    return LogFile(headers, parts)


async def _parts(app: App, flow_run_id: str, kind: str, wanted: Wanted) -> AsyncIterator[bytes]:
    yield head_of(kind)
    after: Place | None = None
    while True:
        read = partial(page_of_lines, flow_run_id=flow_run_id, kind=kind, wanted=wanted, after=after)
        page = await app.database.read(read)
        yield page.body
        after = page.after
        if after is None:
            return


async def _packed(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(GZIP_LEVEL, wbits=31)
    async for part in parts:
        # A megabyte takes some milliseconds, in which others are answered.
        yield await asyncio.to_thread(packer.compress, part)
    yield packer.flush()


async def send_file(file: LogFile, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
    """Send a file as it is written; ends when its reader goes away, or takes nothing for a minute."""
    leaving = asyncio.ensure_future(_has_left(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for part in file.parts:
            if leaving.done():
                return
            if part:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except (DatabaseError, TimeoutError) as error:
        # What was begun cannot become a refusal any more: it ends without its end, which its reader sees.
        logger.error("A log was not sent to its end: %s", str(error) or "its reader takes nothing")
    finally:
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)


async def _has_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _id(field: str, text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise BadInput(field, "a uuid", text) from None
