"""Exceptions that travel to other processes: whatever of them can, arrives."""

from __future__ import annotations

import json
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import cloudpickle
import pytest

from prefect.utilities.raised import Carried, brief_text_of, text_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])


class OwnArguments(Exception):
    def __init__(self, code: int, body: str) -> None:
        super().__init__(f"{code}: {body}")
        self.code = code


class KeywordOnly(Exception):
    def __init__(self, *, code: int) -> None:
        self.code = code


class Prefixing(Exception):
    def __init__(self, text: str) -> None:
        super().__init__("error: " + text)


class HoldsLock(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.lock = threading.Lock()


class OfSystem(OSError):
    def __init__(self, path: str) -> None:
        super().__init__(2, "gone", path)
        self.path = path


class BadRepr(Exception):
    def __repr__(self) -> str:
        raise ValueError("no")

    __str__ = __repr__


class Slotted(Exception):
    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place


class ReadOnly(Exception):
    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.__dict__["double"] = "hidden"

    @property
    def double(self) -> int:
        return int(self.args[0]) * 2


class PicklesItself(Exception):
    def __init__(self, one: int, two: int) -> None:
        self.one, self.two = one, two

    def __reduce__(self) -> Any:
        return PicklesItself, (self.one, self.two)


class RefusesToBePickled(Exception):
    def __reduce__(self) -> Any:
        raise RuntimeError("never")


def raised_by(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def raise_it(error: BaseException) -> BaseException:
    def call() -> None:
        raise error

    return raised_by(call)


def carried(error: BaseException) -> Any:
    return pickle.loads(pickle.dumps(Carried(error)))


@pytest.mark.parametrize(
    ("error", "attributes"),
    [
        (OwnArguments(404, "gone"), {"code": 404}),
        (KeywordOnly(code=7), {"code": 7}),
        (Prefixing("once"), {}),
        (HoldsLock("x"), {"name": "x"}),
        (OfSystem("p"), {"path": "p", "errno": 2, "filename": "p"}),
        (Slotted(3), {"place": 3}),
        (ReadOnly(4), {"double": 8}),
        (PicklesItself(1, 2), {"one": 1, "two": 2}),
        (RefusesToBePickled("q"), {}),
        (raised_by(lambda: open("/no/such/file")), {"errno": 2, "filename": "/no/such/file"}),  # noqa: SIM115
        (raised_by(lambda: b"\xff".decode()), {"start": 0, "reason": "invalid start byte"}),
        (raised_by(lambda: json.loads("{")), {"pos": 1, "doc": "{"}),
        (raised_by(lambda: compile("a b", "f", "exec")), {"filename": "f", "lineno": 1}),
        (raised_by(lambda: __import__("no_such_module")), {"name": "no_such_module"}),
        (KeyError("k"), {}),
        (SystemExit(4), {"code": 4}),
        (StopIteration(3), {"value": 3}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_class_text_and_attributes_arrive(error: BaseException, attributes: dict[str, Any]) -> None:
    came = carried(raise_it(error))

    assert type(came) is type(error)
    assert str(came) == str(error)
    assert {name: getattr(came, name) for name in attributes} == attributes
    assert came.args == error.args
    assert "raised_by" in "".join(traceback.format_tb(came.__traceback__))


def test_causes_and_contexts_arrive() -> None:
    def with_cause() -> None:
        try:
            raise HoldsLock("inner")
        except HoldsLock as error:
            raise ValueError("outer") from error

    def with_context() -> None:
        try:
            raise KeyError("inner")
        except KeyError:
            raise ValueError("outer")  # noqa: B904

    def without() -> None:
        try:
            raise KeyError("inner")
        except KeyError:
            raise ValueError("outer") from None

    came = carried(raised_by(with_cause))
    assert (type(came.__cause__), came.__cause__.name) == (HoldsLock, "inner")
    assert came.__cause__.__traceback__ is not None
    came = carried(raised_by(with_context))
    assert (came.__cause__, repr(came.__context__), came.__suppress_context__) == (None, "KeyError('inner')", False)
    assert carried(raised_by(without)).__suppress_context__


def test_groups_arrive_with_what_they_group() -> None:
    came = carried(raise_it(ExceptionGroup("all", [OwnArguments(1, "x"), ExceptionGroup("in", [HoldsLock("y")])])))

    assert [type(error) for error in came.exceptions] == [OwnArguments, ExceptionGroup]
    assert came.exceptions[0].code == 1
    assert came.exceptions[1].exceptions[0].name == "y"


def test_notes_arrive() -> None:
    error = OwnArguments(1, "x")
    error.add_note("seen at noon")

    assert carried(error).__notes__ == ["seen at noon"]


def test_only_what_cannot_travel_is_missing() -> None:
    came = carried(HoldsLock("x"))
    assert not hasattr(came, "lock") or came.lock is None

    came = carried(ValueError("text", threading.Lock(), 3))
    assert came.args == ("text", None, 3)


def test_an_exception_that_holds_itself_arrives() -> None:
    error = OwnArguments(1, "x")
    error.me = error  # type: ignore[attr-defined]

    assert type(carried(error)) is OwnArguments


def test_a_class_that_the_other_side_does_not_have_is_named() -> None:
    script = "class Local(KeyError): pass"
    scope: dict[str, Any] = {"__name__": "gone_there"}
    exec(script, scope)
    module = type(sys)("gone_there")
    module.Local = scope["Local"]  # type: ignore[attr-defined]
    sys.modules["gone_there"] = module
    try:
        data = pickle.dumps(Carried(scope["Local"]("k")))
    finally:
        del sys.modules["gone_there"]

    came = pickle.loads(data)

    assert (type(came), came.args) == (KeyError, ("Local('k')",))


def test_a_deep_stack_arrives_cut_to_its_end() -> None:
    def deeper(n: int) -> int:
        return deeper(n + 1)

    came = carried(raised_by(lambda: deeper(0)))

    assert isinstance(came, RecursionError)
    assert 0 < len(traceback.extract_tb(came.__traceback__)) <= 100


def test_a_text_is_there_for_each() -> None:
    assert text_of(ValueError("q")) == "ValueError('q')"
    assert text_of(BadRepr()) == brief_text_of(BadRepr()) == "BadRepr(<its repr raised ValueError>)"
    assert brief_text_of(ValueError("q")) == "ValueError: q"
    assert brief_text_of(ValueError("first\nsecond\nlast")) == "ValueError: first ... last"


def test_a_copy_is_made_without_pickle() -> None:
    error = Prefixing("x")
    error.things = [1]  # type: ignore[attr-defined]
    made = deepcopy(Carried(KeyError([1])))

    assert repr(made) == "KeyError([1])"
