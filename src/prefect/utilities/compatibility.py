"""Names that code written for older Pythons takes from here."""

from __future__ import annotations

from contextlib import nullcontext as nullcontext
