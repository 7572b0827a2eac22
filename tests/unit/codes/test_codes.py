"""Every code that something refuses with has a page, every page is of a code that something refuses with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import prefect
from prefect import codes

PACKAGE = Path(prefect.__file__).parent
REFUSING = {
    "ApiError",
    "Cause",
    "Failure",
    "Refusal",
    "Refused",
    "Reject",
    "RequestError",
    "TerminalError",
    "_Misused",
    "_NoAnswer",
    "_Refusal",
    "_fail",
    "extensions_of",
    "tell_more",
}
IS_CODE = re.compile(r"[A-Z][A-Z_]{3,}\Z").match
# Answers' codes of state changes and of deliveries, which refuse nothing.
NO_REFUSALS = {"SUCCESS"}


def texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and IS_CODE(part.value):
            yield part.value


def refusals(tree: ast.AST) -> Iterator[str]:
    """Give the codes that a module writes where it refuses something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in REFUSING:
                for given in (*node.args, *(word.value for word in node.keywords if word.arg == "code")):
                    if isinstance(given, ast.Constant | ast.IfExp):
                        yield from texts(given)
        elif isinstance(node, ast.Assign):
            names = [
                target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
                for target in node.targets
            ]
            if {"code", "usual_code"} & {*names}:
                yield from texts(node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    yield from texts(value)
        elif isinstance(node, ast.FunctionDef) and node.name == "describe":
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value is not None:
                    yield from texts(part.value)
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "code" and node.value is not None:
            yield from texts(node.value)
        elif isinstance(node, ast.arguments):
            places = [*node.posonlyargs, *node.args]
            named = places[len(places) - len(node.defaults) :]
            for argument, default in zip(named, node.defaults, strict=True):
                if argument.arg == "code":
                    yield from texts(default)


@pytest.fixture(scope="module")
def trees() -> list[ast.AST]:
    return [ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))]


def test_no_code_is_without_a_page(trees) -> None:
    used = {code for tree in trees for code in refusals(tree)} - NO_REFUSALS

    assert len(used) > 40
    assert sorted(used - set(codes.names())) == []


def test_no_page_is_without_a_code(trees) -> None:
    written = {text for tree in trees for text in texts(tree)}

    assert sorted(set(codes.names()) - written) == []


@pytest.mark.parametrize("code", codes.names())
def test_a_page_says_what_it_means_why_and_what_to_do(code: str) -> None:
    text = codes.page(code)

    assert text is not None
    assert text.startswith(f"# {code}\n\n")
    assert codes.meaning(code).endswith(".")
    assert codes.hint(code).endswith((".", "?", "`"))
    for heading in ("## Causes", "## Remedies"):
        assert re.search(rf"\n{heading}\n\n- \S", text), heading
    # An answer's text decides which exception a client of 1.x raises: no hint may look like another code.
    assert not any(word in codes.hint(code) for word in ("UNAUTHENTICATED", "API_ERROR", "Malformed Authorization"))
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (PACKAGE / "codes" / link).exists() or "tls-for-clients" in link, link


def test_a_name_that_is_no_code_has_no_page() -> None:
    assert codes.page("../__init__") is None
    assert codes.page("NO_SUCH_CODE") is None
    assert (codes.hint("NO_SUCH_CODE"), codes.meaning("NO_SUCH_CODE")) == ("", "")
