"""Names that are safe in paths, image names and labels."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_COMMA_IN_NUMBER = re.compile(r"(?<=\d),(?=\d)")
# Letters that are no ASCII letter with a mark.
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})


def slugify(text: str) -> str:
    """Give the text in lower-case ASCII letters and digits, with one dash for each run of anything else.

    Letters with marks lose them; characters without an ASCII form are dropped.
    """
    plain = unicodedata.normalize("NFKD", str(text).lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return _NOT_WORD.sub("-", _COMMA_IN_NUMBER.sub("", plain)).strip("-")
