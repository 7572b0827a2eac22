"""Names that are safe in paths, image names and labels."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def slugify(text: str) -> str:
    """Give the text in lower-case ASCII letters and digits, with one dash for each run of anything else.

    Letters with marks lose them; characters without an ASCII form are dropped.
    """
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode("ascii").lower()
    # An apostrophe joins: "don't" is "dont", as python-slugify has it in 1.x.
    return _NOT_WORD.sub("-", plain.replace("'", "")).strip("-")
