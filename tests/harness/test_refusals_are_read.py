"""An error text that no test has in it belongs to a guard that nobody tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.refusals import PIECE, SHORTEST, Texts, refusals

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src" / "prefect"
ROOMS = {
    "engine": ("engine",),
    "client and agents": ("client", "agent"),
    "server": ("server",),
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
    listed = "\n".join(f"  {file}:{line}: {' '.join(words)!r}" for file, line, words in unread)
    assert not unread, (
        f"No test reads these error texts, so nobody knows that their guards work:\n{listed}\n"
        f"Write for each a test that brings the error about and compares its text, at least {PIECE} signs of it "
        f"(pytest.raises(..., match=...)). Only what cannot come about goes into NEVER of {Path(__file__).name}."
    )
