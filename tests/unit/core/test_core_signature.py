"""The arguments of a task's function are read from its code: what is read is what ``inspect`` says."""

from __future__ import annotations

import functools
import gc
import inspect
import re
import weakref

import pytest

from prefect.core.signature import RunSignature, run_signature


def nothing(): ...
def plain(a, b=1): ...
def all_defaults(a=1, b=2): ...
def positional_only(a, b=1, /, c=2, *, d): ...
def keyword_only(*, a, b=1): ...
def variable(a, *rest, b, c=2, **more): ...
def only_variable(*rest): ...
def only_keywords(**more): ...
def with_locals(a, b):
    c = d = a
    return b, c, d


@functools.wraps(plain)
def wrapping(*args, **kwargs):
    return plain(*args, **kwargs)


def told_otherwise(*args): ...


told_otherwise.__signature__ = inspect.signature(plain)  # type: ignore[attr-defined]


class Holder:
    def method(self, a, b=1, *, c): ...
    def variable_self(*args, **kwargs): ...
    def first_only(self, /, a): ...

    @classmethod
    def of_class(cls, a): ...

    @staticmethod
    def of_nobody(a): ...

    def __call__(self, a, b=2): ...


CALLABLES = [
    nothing,
    plain,
    all_defaults,
    positional_only,
    keyword_only,
    variable,
    only_variable,
    only_keywords,
    with_locals,
    wrapping,
    told_otherwise,
    lambda x, *, y=1: None,
    functools.partial(plain, 1),
    Holder().method,
    Holder().variable_self,
    Holder().first_only,
    Holder.of_class,
    Holder.of_nobody,
    Holder(),
    Holder.method,
]


@pytest.mark.parametrize("run", CALLABLES, ids=lambda run: getattr(run, "__qualname__", type(run).__name__))
def test_what_is_read_from_the_code_is_what_inspect_says(run):
    parameters = inspect.signature(run).parameters.values()
    of_kind = {kind: [p.name for p in parameters if p.kind is kind] for kind in {p.kind for p in parameters}}

    found = RunSignature(run)

    kinds = inspect.Parameter
    assert list(found.positional_only) == of_kind.get(kinds.POSITIONAL_ONLY, [])
    assert list(found.positional) == of_kind.get(kinds.POSITIONAL_OR_KEYWORD, [])
    assert [found.variable] == of_kind.get(kinds.VAR_POSITIONAL, [None])
    assert [found.keyword] == of_kind.get(kinds.VAR_KEYWORD, [None])
    named = [name for kind, names in of_kind.items() if "VAR" not in kind.name for name in names]
    assert found.names == set(named)
    required = {p.name for p in parameters if p.default is p.empty and p.name in found.names}
    assert found._required == required - set(found.positional_only)
    assert found.signature_of(run) == inspect.signature(run)
    assert [name for name in ("a", "b", "d", "unknown") if found.takes(name)] == [
        name for name in ("a", "b", "d", "unknown") if name in named and name not in found.positional_only
    ]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1,), {"b": 2}),
        ((1, 2), {}),
        ((), {"a": 1, "b": 3}),
        ((1, 2, 3), {}),
        ((1,), {"a": 2}),
        ((), {}),
        ((1,), {"z": 1}),
    ],
)
@pytest.mark.parametrize("run", CALLABLES, ids=lambda run: getattr(run, "__qualname__", type(run).__name__))
def test_arguments_are_bound_as_inspect_binds_them(run, args, kwargs):
    signature = inspect.signature(run)
    try:
        bound = dict(signature.bind(*args, **kwargs).arguments)
    except TypeError as error:
        with pytest.raises(TypeError, match=f"^{re.escape(str(error))}$"):
            RunSignature(run).bind(run, args, kwargs)
        return
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            bound.update(bound.pop(name, {}))

    assert RunSignature(run).bind(run, args, kwargs) == bound


def test_what_is_remembered_of_a_function_does_not_keep_it():
    def made(a, b=1): ...

    run_signature(made).signature_of(made)
    seen = weakref.ref(made)
    del made
    gc.collect()
    assert seen() is None
