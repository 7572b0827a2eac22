r"""Patterns as PostgreSQL means them, for a search whose time is linear in the text: LIKE, SIMILAR TO and ``~``.

PostgreSQL's regular expressions are rewritten for RE2, which has no way of trying one thing after the other and so no
pattern that takes for ever. What no such engine can do, back references and looking around, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2

__all__ = ["LONGEST_PATTERN", "SearchTooLarge", "check_pattern", "like", "matcher"]

#: Beyond this a pattern is no search.
LONGEST_PATTERN = 5_000
#: The most steps of one search: the size of the pattern, once compiled, times the length of the text.
MOST_STEPS = 100_000_000
#: Bytes that a compiled pattern may take.
MOST_MEMORY = 16 << 20
#: PostgreSQL's bound of ``a{n}``.
MOST_REPEATS = 255


class SearchTooLarge(Exception):
    """A pattern is too large for a text that it meets."""


# ------------------------------------------------------------------------------------------ rewriting

_WORD = r"\pL\pN_"
_SPACE = r"\t-\r \x{85}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}"
_CLASSES = {
    "alpha": r"\pL\p{Nl}",
    "digit": "0-9",
    "alnum": r"\pL\pN",
    "upper": r"\p{Lu}\p{Lt}",
    "lower": r"\p{Ll}",
    "space": _SPACE,
    "blank": r"\t \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{205f}\x{3000}",
    "punct": r"\pP\pS",
    "cntrl": r"\p{Cc}\x{2028}\x{2029}",
    "xdigit": "0-9A-Fa-f",
    "graph": r"\pL\pM\pN\pP\pS\p{Cf}",
    "print": r"\pL\pM\pN\pP\pS\p{Cf}\p{Zs}",
    "word": _WORD,
}
_SHORT = {"d": "0-9", "w": _WORD, "s": _SPACE}
_CONTROL = {"a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "0": 0, "B": ord("\\")}
# An escape, the begin of a group that is more than one, or one sign.
_SIGN = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]+|c.|[1-9]\d*|.)|\(\?(?::|[^:)]?[=!]?)|\{\d*,?\d*\}|.", re.DOTALL
)
_OPTIONS = re.compile(r"\(\?([a-z]+)\)")
_REPEAT = re.compile(r"\{(\d+)(,?)(\d*)\}")


def _literal(code: int) -> str:
    return chr(code) if chr(code).isalnum() else f"\\x{{{code:x}}}"


def _escaped(sign: str) -> int | None:
    """Give the sign that an escape such as ``\\n`` or ``\\u00e4`` stands for; None: it is no such escape."""
    name, rest = sign[1], sign[2:]
    if name in "uUx" and rest:
        code = int(rest[-8:], 16)
        if code > 0x10FFFF:
            raise ValueError("it has a sign that does not exist")
        return code
    if name == "c" and rest:
        return ord(rest) & 31
    if name in _CONTROL and not rest:
        return _CONTROL[name]
    return None if name.isalnum() else ord(name)


class _Rewriter:
    """Rewrites one pattern, sign by sign."""

    def __init__(self, pattern: str, *, is_similar: bool) -> None:
        self._pattern = pattern
        self._position = 0
        self._is_similar = is_similar
        self._written: list[str] = []

    def rewrite(self) -> str:
        while self._position < len(self._pattern):
            if self._pattern[self._position] == "[":
                self._written.append(self._set())
                continue
            found = _SIGN.match(self._pattern, self._position)
            assert found is not None  # noqa: S101 - it matches any sign
            self._position = found.end()
            self._written.append(self._one(found[0]))
        return "".join(self._written)

    def _one(self, sign: str) -> str:
        if sign[0] == "\\":
            return self._escape(sign)
        if sign.startswith("(?"):
            if sign == "(?:":
                return sign
            raise ValueError("looking ahead or behind and options within a pattern are not supported")
        if sign[0] == "{":
            return self._repeat(sign)
        if self._is_similar:
            if sign in "|*+?()":
                return sign
            return {"%": ".*", "_": "."}.get(sign) or _literal(ord(sign))
        return r"\z" if sign == "$" else sign if sign in "|*+?()^." else _literal(ord(sign))

    def _repeat(self, sign: str) -> str:
        found = _REPEAT.fullmatch(sign)
        if found is None:
            following = self._pattern[self._position : self._position + 1]
            if self._is_similar or (sign == "{" and following.isdigit()):  # PostgreSQL: braces {} not balanced
                raise ValueError(f"{sign}{following} is no repetition")
            return "".join(_literal(ord(one)) for one in sign)
        if any(int(count or 0) > MOST_REPEATS for count in (found[1], found[3])):
            raise ValueError(f"it repeats more than {MOST_REPEATS} times")
        return sign

    def _escape(self, sign: str) -> str:
        name = sign[1:]
        if not name:
            raise ValueError("it ends with a backslash")
        if name in ("y", "Y"):
            return r"\b" if name == "y" else r"\B"
        if name in ("m", "M"):
            return self._word_edge(is_start=name == "m")
        if name in ("A", "Z"):
            return r"\A" if name == "A" else r"\z"
        if name.lower() in _SHORT:
            return f"[{'^' if name.isupper() else ''}{_SHORT[name.lower()]}]"
        code = _escaped(sign)
        if code is None:
            if name[0].isdigit():
                raise ValueError("references to what was found before are not supported")
            raise ValueError(f"{sign} is no escape")
        return _literal(code)

    def _word_edge(self, *, is_start: bool) -> str:
        """Write the start or end of a word, where that is the same as any edge: beside a part of a word."""
        if is_start:
            rest = self._pattern[self._position :]
            if rest[:1].isalnum() or rest[:1] == "_" or rest[:2] in (r"\w", r"\d"):
                return r"\b"
        else:
            before = next((part for part in reversed(self._written) if part != "+"), "")
            if before in (f"[{_WORD}]", "[0-9]") or (len(before) == 1 and (before.isalnum() or before == "_")):
                return r"\b"
        raise ValueError("the edge of a word is supported beside a letter, a digit, \\w or \\d")

    # ------------------------------------------------------------------------------------ sets

    def _set(self) -> str:
        for edge, is_start in (("[[:<:]]", True), ("[[:>:]]", False)):
            if self._pattern.startswith(edge, self._position) and not self._is_similar:
                self._position += len(edge)
                return self._word_edge(is_start=is_start)
        self._position += 1
        negated = self._take("^")
        parts: list[str] = []
        while True:
            if self._position >= len(self._pattern):
                raise ValueError("a [ has no ]")
            if parts and self._take("]"):
                break
            parts.append(self._member())
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def _take(self, sign: str) -> bool:
        if not self._pattern.startswith(sign, self._position):
            return False
        self._position += len(sign)
        return True

    def _member(self) -> str:
        """Read one class, sign or range of a set."""
        if self._take("[:"):
            name, _, _ = self._pattern[self._position :].partition(":]")
            self._position += len(name) + 2
            if name not in _CLASSES:
                raise ValueError(f"[:{name[:20]}:] is no class of signs")
            return _CLASSES[name]
        first = self._code()
        if isinstance(first, str):
            return first
        at = self._position
        if self._pattern.startswith("-", at) and not self._pattern.startswith("-]", at):
            self._position += 1
            last = self._code()
            if isinstance(last, str) or last < first:
                raise ValueError("a range within [ ] is not in order")
            return f"\\x{{{first:x}}}-\\x{{{last:x}}}"
        return f"\\x{{{first:x}}}"

    def _code(self) -> int | str:
        """Read one sign of a set; the text of a class for ``\\d`` and its like."""
        for opening, closing in (("[.", ".]"), ("[=", "=]")):
            if self._take(opening):
                sign, _, _ = self._pattern[self._position :].partition(closing)
                self._position += len(sign) + 2
                if len(sign) != 1:
                    raise ValueError("only single signs are supported within [. .] and [= =]")
                return ord(sign)
        found = _SIGN.match(self._pattern, self._position)
        if found is None:
            raise ValueError("a [ has no ]")
        sign = found[0]
        if sign[0] != "\\" or len(sign) == 1:
            self._position += 1
            return ord(sign[0])
        self._position = found.end()
        if sign[1:] in _SHORT:
            return _SHORT[sign[1:]]
        code = _escaped(sign)
        if code is None:
            raise ValueError(f"{sign} is not supported within [ ]")
        return code


def _rewritten(name: str, pattern: str) -> tuple[str, bool]:
    """Give a pattern as RE2 reads it, and whether case matters."""
    is_sensitive = name != "iregex"
    if name == "similar":
        return rf"\A(?:{_Rewriter(pattern, is_similar=True).rewrite()})\z", True
    if pattern.startswith("***="):
        return "".join(_literal(ord(sign)) for sign in pattern[4:]), is_sensitive
    pattern = pattern.removeprefix("***:")
    if options := _OPTIONS.match(pattern):
        if not set(options[1]) <= set("ics"):
            raise ValueError("only the options i and c are supported")
        # They count for more than the operator, and the last one for more than the others.
        is_sensitive = {"i": False, "c": True}.get(options[1].replace("s", "")[-1:], is_sensitive)
        pattern = pattern[options.end() :]
    return _Rewriter(pattern, is_similar=False).rewrite(), is_sensitive


# ------------------------------------------------------------------------------------------ searching


class _Pattern:
    """A pattern that is compiled."""

    def __init__(self, text: str, *, is_sensitive: bool) -> None:
        options = re2.Options()
        options.log_errors = False
        options.dot_nl = True  # as in PostgreSQL
        options.never_capture = True
        options.case_sensitive = is_sensitive
        options.max_mem = MOST_MEMORY
        try:
            compiled = re2.compile(text, options)
        except re2.error as error:
            told = error.args[0]
            raise ValueError(told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)) from None
        self._search = compiled.search
        self._size = compiled.programsize

    def matches(self, text: str) -> bool:
        """Search a text.

        Raises:
            SearchTooLarge: it would take more than ``MOST_STEPS``.
        """
        if self._size * len(text) > MOST_STEPS:
            raise SearchTooLarge("A pattern is too large for a text that it would be searched in; use a shorter one.")
        return self._search(text) is not None


@lru_cache(maxsize=256)
def matcher(name: str, pattern: str) -> _Pattern:
    """Compile a pattern of ``similar``, ``regex`` or ``iregex``.

    Raises:
        ValueError: it is malformed, too long, or needs what is not supported.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"it is longer than {LONGEST_PATTERN} signs")
    text, is_sensitive = _rewritten(name, pattern)
    return _Pattern(text, is_sensitive=is_sensitive)


def check_pattern(name: str, pattern: str) -> None:
    """Find out whether a pattern of any kind can be searched for.

    Raises:
        ValueError: it can not.
    """
    if name in ("similar", "regex", "iregex"):
        matcher(name, pattern)
    else:
        like(pattern, ignore_case=name == "ilike")


# ------------------------------------------------------------------------------------------ LIKE


def _folded(text: str) -> str:
    """Lower a text sign by sign: its length stays the same."""
    lowered = text.lower()
    return (
        lowered
        if len(lowered) == len(text)
        else "".join(one if len(one := sign.lower()) == 1 else sign for sign in text)
    )


def _pieces(pattern: str) -> list[list[str | None]]:
    """Take a pattern of LIKE apart at each ``%``; None stands for any sign."""
    pieces: list[list[str | None]] = [[]]
    signs = iter(pattern)
    for sign in signs:
        if sign == "%":
            pieces.append([])
        elif sign == "_":
            pieces[-1].append(None)
        else:
            pieces[-1].append(next(signs, "\\") if sign == "\\" else sign)
    return pieces


class _Plain:
    """A pattern of LIKE without ``_``: a search for its pieces, one after the other."""

    def __init__(self, pieces: list[str], fold: Callable[[str], str]) -> None:
        self._fold = fold
        self._pieces = [fold(piece) for piece in pieces]

    def matches(self, text: str) -> bool:
        text = self._fold(text)
        first, *between = self._pieces
        if not between:
            return text == first
        last = between.pop()
        if not text.startswith(first) or len(text) < len(first) + len(last):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in between:
            position = text.find(piece, position, end)
            if position < 0:
                return False
            position += len(piece)
        return text.endswith(last)


def _same(text: str) -> str:
    return text


@lru_cache(maxsize=256)
def like(pattern: str, ignore_case: bool) -> _Plain | _Pattern:
    """Read a pattern of LIKE.

    Raises:
        ValueError: it has wildcards for single signs and is longer than ``LONGEST_PATTERN``.
    """
    pieces = _pieces(pattern)
    if all(sign is not None for piece in pieces for sign in piece):
        return _Plain(["".join(sign or "" for sign in piece) for piece in pieces], _folded if ignore_case else _same)
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"it is longer than {LONGEST_PATTERN} signs")
    written = [["." if sign is None else _literal(ord(sign)) for sign in piece] for piece in pieces]
    text = ".*".join("".join(piece) for piece in written)
    return _Pattern(rf"\A{text}\z", is_sensitive=not ignore_case)
