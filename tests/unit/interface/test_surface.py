"""Names, arguments, defaults, members and bases of the public interface are those of 1.4.1, or more.

``surface.json.gz`` holds what the released package shows (``make_surface.py`` makes it again). More is allowed where it
breaks no call: further members, and further arguments that have a default.
"""

from __future__ import annotations

import gzip
import json
import runpy
import sys
import warnings
from fnmatch import fnmatch
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
RELEASED = json.loads(gzip.decompress((FOLDER / "surface.json.gz").read_bytes()))


def surface(names):
    """Describe our own names with the functions that described the released ones."""
    return runpy.run_path(str(FOLDER / "make_surface.py"))["surface"](names)


# What differs on purpose: pattern over "module.name.what" -> why.
INTENDED = {
    "prefect.serialization.*.*Mixin.kind: is gone": "a helper of the marshmallow schemas",
    "prefect.serialization.*SchemaBase.*: is gone": "what marshmallow reads of its own classes",
    "prefect.serialization.schedule.RRule*Schema.*: is gone": "as above",
    "prefect.serialization.*.get_*.kind: is gone": "helpers of the marshmallow schemas",
    "prefect.serialization.*.bases: * is no base": "no marshmallow at run time",
    "prefect.serialization.*Schema.[!clduv]*: is gone": "what marshmallow reads of its own classes",
    "prefect.serialization.*Schema.create_object: is gone": "as above",
    "prefect.serialization.*Schema.load_*puts: is gone": "as above",
    "prefect.serialization.*Schema*.*: no [*]*args": "there is nothing that they could take",
    "prefect.agent.*.populate_env_vars: image must be given now": "the agents for containers share one",
    "prefect.core.*: is gone": "helpers of the module that defined them",
    "prefect.utilities.executors.*heartbeat*.kind: is gone": "helpers of the module that defined them",
    "prefect.utilities.graphql.*.kind: is gone": "helpers of the module that defined them",
    "*Client.logger: is gone": "an instance has it",
    "prefect.client.Secret.client: is gone": "a client is made when the secret is asked for",
    "prefect.configuration.create_user_config.call: default of source_path*": "a path of the installation",
    "prefect.utilities.datetimes.retry_delay.call: no [*]args": "durations are given by keyword",
    "prefect.utilities.notifications.*: default of * became None": "how a curried function shows its arguments",
}
if sys.version_info >= (3, 12):
    INTENDED["prefect.core.task.NoDefault.call: *"] = "how an enumeration shows its arguments, which nobody gives"


def argument_faults(released, ours):
    """Yield what a caller who knows the released arguments would stumble over."""
    if released is None:
        return
    if ours is None:
        yield "no arguments can be seen"
        return
    # Nobody gives the instance by name; where it cannot be, a field of a template may be called so.
    released, ours = ([argument for argument in side if argument[0] != "self"] for side in (released, ours))
    named = {name: (kind, default) for name, kind, default in ours}
    for name, kind, default in released:
        if kind in ("VAR_KEYWORD", "VAR_POSITIONAL"):
            # The options of all tasks are the same, whether they are named or handed on.
            if not any(k == kind for k, _ in named.values()) and "skip_on_upstream_skip" not in named:
                yield f"no {'**' if kind == 'VAR_KEYWORD' else '*'}{name}"
        elif name not in named:
            yield f"no argument {name}"
        elif default is not None and named[name][1] != default:
            yield f"default of {name}: {default} became {named[name][1]}"
        elif kind == "POSITIONAL_OR_KEYWORD" and named[name][0] != kind:
            yield f"{name} was {kind}, is {named[name][0]}"
    places = [n for n, kind, _ in released if kind == "POSITIONAL_OR_KEYWORD"]
    if places != [n for n, kind, _ in ours if kind == "POSITIONAL_OR_KEYWORD"][: len(places)]:
        yield "other order of arguments"
    known = {name for name, _, _ in released}
    for name, kind, default in ours:
        if name not in known and default is None and not kind.startswith("VAR_"):
            yield f"{name} must be given now"


def faults(released, ours):
    """Yield (what, fault) for one name."""
    if released["kind"] != ours["kind"]:
        yield "kind", f"was a {released['kind']}, is a {ours['kind']}"
        return
    for text in argument_faults(released.get("arguments"), ours.get("arguments")):
        yield "call", text
    for base in released.get("bases", ()):
        if base not in ours["bases"]:
            yield "bases", f"{base} is no base"
    for name, member in released.get("members", {}).items():
        if name not in ours["members"]:
            yield name, "is gone"
        elif member["kind"] == "value" or ours["members"][name]["kind"] == "value":
            continue  # a plain attribute may become a property or a method of an instance, and the reverse
        else:
            for text in argument_faults(member.get("arguments"), ours["members"][name].get("arguments")):
                yield name, text


@pytest.fixture(scope="module")
def ours():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return surface({module: list(names) for module, names in RELEASED.items()})


@pytest.fixture(scope="module")
def found(ours):
    """List what differs, by module."""
    differs = {module: [] for module in RELEASED}
    for module, names in RELEASED.items():
        for name, released in names.items():
            own = ours[module].get(name)
            seen = [("kind", "is gone")] if own is None else faults(released, own)
            differs[module] += [f"{module}.{name}.{what}: {text}" for what, text in seen]
    return differs


@pytest.mark.parametrize("module", sorted(RELEASED))
def test_what_1_4_1_shows_is_there(found, module):
    assert [text for text in found[module] if not any(fnmatch(text, pattern) for pattern in INTENDED)] == []


def test_each_intended_difference_is_one(found):
    texts = [text for module in found.values() for text in module]
    assert [pattern for pattern in INTENDED if not any(fnmatch(text, pattern) for text in texts)] == []
