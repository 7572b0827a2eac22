"""Pauses that a test does not wait for."""

from __future__ import annotations

import threading
import time

import pytest


def record_sleep(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let ``time.sleep`` return at once in this thread; give the list of what it was asked for. Others sleep."""
    slept: list[float] = []
    real, thread = time.sleep, threading.current_thread()
    monkeypatch.setattr(
        time, "sleep", lambda seconds: slept.append(seconds) if threading.current_thread() is thread else real(seconds)
    )
    return slept
