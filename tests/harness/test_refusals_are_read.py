"""An error text that no test has in it belongs to a guard that nobody tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.refusals import SHORTEST, Texts, refusals

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src" / "prefect"
ROOMS = {
    "engine": ("engine",),
    "client and agents": ("client", "agent"),
    "graphql": ("server/graphql",),
    "store": ("server/store",),
    "services": ("server/services",),
    "rules": ("server/rules",),
}
#: What cannot come about: a line that says so to a reader of the code.
NEVER = {("agent.py", "numbers do not end")}


@pytest.mark.parametrize("room", ROOMS)
def test_every_error_text_is_read_by_a_test(room: str) -> None:
    texts = Texts(TESTS)
    paths = [path for part in ROOMS[room] for path in (SOURCE / part).rglob("*.py") if "migrations" not in path.parts]
    unread = [
        (one.file, one.line, one.texts)
        for one in refusals(paths)
        if any(len(text.strip(" .,:;'\"()")) >= SHORTEST for text in one.texts)
        and not any((one.file, text) in NEVER for text in one.texts)
        and not texts.have(one.texts)
    ]
    assert unread == []
