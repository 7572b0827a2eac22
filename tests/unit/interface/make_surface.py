"""Make ``surface.json.gz`` again: what can be seen of the public interface of the released package by introspection.

Run it with a Python that has ``prefect==1.4.1``::

    python tests/unit/interface/make_surface.py | gzip -n9 > surface.json.gz

For each public module and name: of a function its arguments, of a class its bases, the arguments of its constructor and
its public members. Only names, kinds and defaults of arguments; no code and no texts. The test runs the same functions
over this package.
"""

import importlib
import inspect
import json
import sys
import warnings

MODULES = [
    "prefect",
    "prefect.core",
    "prefect.core.edge",
    "prefect.core.flow",
    "prefect.core.parameter",
    "prefect.core.task",
    "prefect.engine",
    "prefect.engine.state",
    "prefect.engine.signals",
    "prefect.engine.runner",
    "prefect.engine.flow_runner",
    "prefect.engine.task_runner",
    "prefect.engine.cloud",
    "prefect.engine.result",
    "prefect.engine.result.base",
    "prefect.engine.results",
    "prefect.engine.serializers",
    "prefect.engine.cache_validators",
    "prefect.engine.executors",
    "prefect.executors",
    "prefect.run_configs",
    "prefect.storage",
    "prefect.schedules",
    "prefect.schedules.clocks",
    "prefect.schedules.filters",
    "prefect.schedules.adjustments",
    "prefect.triggers",
    "prefect.client",
    "prefect.backend",
    "prefect.backend.flow_run",
    "prefect.backend.execution",
    "prefect.artifacts",
    "prefect.exceptions",
    "prefect.utilities.tasks",
    "prefect.utilities.edges",
    "prefect.utilities.context",
    "prefect.utilities.configuration",
    "prefect.utilities.logging",
    "prefect.utilities.graphql",
    "prefect.utilities.notifications",
    "prefect.utilities.debug",
    "prefect.utilities.datetimes",
    "prefect.utilities.collections",
    "prefect.utilities.executors",
    "prefect.utilities.storage",
    "prefect.utilities.filesystems",
    "prefect.utilities.importtools",
    "prefect.utilities.diagnostics",
    "prefect.utilities.git",
    "prefect.utilities.backend",
    "prefect.utilities.plugins",
    "prefect.agent",
    "prefect.agent.local",
    "prefect.agent.docker",
    "prefect.agent.kubernetes",
    "prefect.agent.ecs",
    "prefect.agent.vertex",
    "prefect.serialization.edge",
    "prefect.serialization.flow",
    "prefect.serialization.result",
    "prefect.serialization.run_config",
    "prefect.serialization.schedule",
    "prefect.serialization.state",
    "prefect.serialization.storage",
    "prefect.serialization.task",
    "prefect.hello_world",
    "prefect.configuration",
    "prefect.tasks.core.collections",
    "prefect.tasks.core.constants",
    "prefect.tasks.core.function",
    "prefect.tasks.core.operators",
    "prefect.tasks.core.resource_manager",
    "prefect.tasks.control_flow",
    "prefect.tasks.control_flow.case",
    "prefect.tasks.control_flow.conditional",
    "prefect.tasks.control_flow.filter",
    "prefect.tasks.prefect",
    "prefect.tasks.secrets",
    "prefect.tasks.shell",
    "prefect.tasks.files",
    "prefect.tasks.templates",
    "prefect.tasks.database",
]
# What marshmallow, python-box and BaseException have is not part of this interface.
FOREIGN = ("marshmallow", "box", "builtins", "collections")


def shown(value):
    """Give a default as text that is the same in every environment."""
    if inspect.isclass(value) or inspect.isfunction(value):
        return value.__name__
    if value is None or isinstance(value, (bool, int, float, str, tuple, list, dict)):
        return repr(value)
    return type(value).__name__


def arguments(function):
    """List the arguments of a callable as [name, kind, default or null]; None when they cannot be seen."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [
        [p.name, p.kind.name, None if p.default is p.empty else shown(p.default)] for p in signature.parameters.values()
    ]


def is_foreign(cls, name):
    for base in cls.__mro__:
        if name in vars(base):
            return base.__module__.split(".")[0] in FOREIGN
    return False


def member(cls, name):
    found = inspect.getattr_static(cls, name)
    if isinstance(found, (staticmethod, classmethod)):
        return {"kind": "class method", "arguments": arguments(getattr(cls, name))}
    if inspect.isfunction(found):
        return {"kind": "method", "arguments": arguments(found)}
    return {"kind": "value"}


def described(value, foreign=True):
    if inspect.isclass(value):
        names = [n for n in dir(value) if not n.startswith("_") and (foreign or not is_foreign(value, n))]
        members = {n: member(value, n) for n in names if hasattr(value, n)}
        bases = [c.__name__ for c in value.__mro__ if c.__module__.startswith("prefect")]
        made = None if issubclass(value, dict) else arguments(value)
        return {"kind": "class", "bases": bases, "arguments": made, "members": members}
    if inspect.ismodule(value):
        return {"kind": "module"}
    if inspect.isroutine(value) or type(value).__name__ == "curry":
        return {"kind": "function", "arguments": arguments(value)}
    return {"kind": "value"}


def belongs(module, value):
    """Tell whether a name is defined in the module or handed on by it as a package, not merely used there."""
    home = getattr(value, "__module__", None)
    if not isinstance(home, str) or not (inspect.isclass(value) or callable(value)):
        return False
    return home == module or home.startswith(module + ".")


def names_of(module):
    found = importlib.import_module(module)
    return [n for n in dir(found) if not n.startswith("_") and belongs(module, getattr(found, n))]


def surface(names_by_module, foreign=True):
    """Describe these names; with ``foreign`` also members that come from classes of other packages."""
    seen = {}
    for module, names in names_by_module.items():
        found = importlib.import_module(module)
        seen[module] = {name: described(getattr(found, name), foreign) for name in names if hasattr(found, name)}
    return seen


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    shown_names = {module: names_of(module) for module in MODULES}
    json.dump(surface(shown_names, foreign=False), sys.stdout, indent=0, sort_keys=True)
