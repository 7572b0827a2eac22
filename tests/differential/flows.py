"""Invent small flows: plain JSON descriptions of what ``driver.py`` builds and runs.

A description depends on its seed alone. It may describe a flow that cannot be built, or one whose tasks fail in every
way there is: what counts is that both packages say the same of it.

Shapes::

    flow      {name, parameters, nodes, runs, references?, terminal?, state_handlers?, on_failure?, result?, ...}
    node      {kind: task | case | switch | ifelse | merge | filter | apply_map | resource | tags | chain, ...}
    source    {const: value} | {ref: id} | {param: name} | {unmapped|mapped|flatten: source} | {list|tuple: [source]} |
              {dict: {key: source}} | {item: [source, key]} | {op: [operator, source, source]}
    deed      {do: what a task does, at?: [map indexes], times?: first calls only, rounds?: first rounds of a loop, ...}
"""

from __future__ import annotations

import random
from typing import Any

Description = dict[str, Any]

NAMES = ("load", "inc", "clean", "loud", "join", "stage", "probe")
TRIGGERS = (
    ["all_successful"],
    ["all_failed"],
    ["all_finished"],
    ["always_run"],
    ["any_successful"],
    ["any_failed"],
    ["not_all_skipped"],
    ["manual_only"],
    ["some_failed", {"at_least": 1}],
    ["some_failed", {"at_least": 0.5, "at_most": 2}],
    ["some_failed"],
    ["some_successful", {"at_least": 2}],
    ["some_successful", {"at_least": 0.3}],
    ["some_successful", {"at_most": 1}],
)
VALIDATORS = (
    ["duration_only"],
    ["all_inputs"],
    ["all_parameters"],
    ["never_use"],
    ["partial_inputs_only", ["x"]],
    ["partial_inputs_only", None],
    ["partial_parameters_only", ["p"]],
)
CONSTANTS: tuple[Any, ...] = (
    0,
    1,
    5,
    "word",
    None,
    [1, 2],
    [1, 2, 3],
    [],
    [[1, 2], [3]],
    [1, [2, 3]],
    {"a": 1},
    "ab",
    2.5,
    True,
)
LISTS: tuple[Any, ...] = ([1, 2], [1, 2, 3], [5], [], [[1, 2], [3]], ["a", "b"], [0, None, 2], "xyz", [[1], 2, [3]])
STATES = ("Success", "Failed", "Skipped", "Cancelled", "TriggerFailed", "TimedOut", "ValidationFailed", "Finished")
TEMPLATES = (
    "{task_name}.out",
    "{task_full_name}",
    "{x}",
    "{flow_name}-{task_slug}",
    "{nothing}",
    "{map_index}-{x}",
    "{parameters[p]}",
)
HANDLED = (
    "Running",
    "Success",
    "Failed",
    "Retrying",
    "Skipped",
    "Mapped",
    "Cached",
    "TriggerFailed",
    "Looped",
    "Paused",
)


class Inventor:
    """Invents one flow."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)
        self.known: list[str] = []
        self.lists: list[str] = []
        self.mapped: list[str] = []
        self.count = 0
        self.parameters: list[str] = []
        self.watched_values = False

    # --- small words --------------------------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, choices: Any) -> Any:
        return self.random.choice(list(choices))

    def new_id(self) -> str:
        self.count += 1
        return f"n{self.count}"

    # --- sources ------------------------------------------------------------------------------------------------------

    def plain(self) -> Description:
        """Give something a task may take as it is."""
        roll = self.random.random()
        if self.known and roll < 0.62:
            return {"ref": self.one(self.known[-4:] if self.chance(0.6) else self.known)}
        if self.parameters and roll < 0.74:
            return {"param": self.one(self.parameters)}
        if self.known and roll < 0.80:
            kind = self.one(("list", "tuple"))
            return {kind: [self.plain() for _ in range(self.random.randint(1, 2))]}
        if self.known and roll < 0.83:
            return {"dict": {"k": self.plain(), "c": {"const": 1}}}
        if self.known and roll < 0.88:
            return {
                "op": [
                    self.one(OPERATORS),
                    {"ref": self.one(self.known)},
                    self.one(({"const": 2}, {"ref": self.one(self.known)})),
                ]
            }
        if self.known and roll < 0.91:
            return {"item": [{"ref": self.one(self.known)}, self.one((0, 1, "k", -1))]}
        return {"const": self.one(CONSTANTS)}

    def many(self) -> Description:
        """Give something that may be mapped over."""
        roll = self.random.random()
        if self.mapped and roll < 0.4:
            found: Description = {"ref": self.one(self.mapped)}
        elif self.lists and roll < 0.75:
            found = {"ref": self.one(self.lists)}
        elif roll < 0.8:
            found = self.plain()
        else:
            found = {"const": self.one(LISTS)}
        return {"flatten": found} if self.chance(0.15) else found

    # --- tasks --------------------------------------------------------------------------------------------------------

    def deed(self, inputs: int, wants: str | None = None) -> Description:
        if wants == "list":
            return self.one(
                (
                    {"do": "span", "value": self.random.randint(0, 5), "count": self.random.randint(0, 3)},
                    {"do": "span", "value": 1, "count": 3},
                    {"do": "nest", "widths": [self.random.randint(0, 2) for _ in range(self.random.randint(1, 3))]},
                    {"do": "value", "value": self.one(LISTS)},
                    {"do": "tuple", "value": [1, 2]},
                )
            )
        if inputs and self.chance(0.75):
            return self.one(
                (
                    {"do": "add", "value": 1},
                    {"do": "add", "value": 1},
                    {"do": "sum"},
                    {"do": "echo"},
                    {"do": "echo"},
                    {"do": "each", "count": self.random.randint(0, 2)},
                    {"do": "length"},
                )
            )
        return self.one(
            (
                {"do": "value", "value": self.one(CONSTANTS)},
                {"do": "value", "value": self.random.randint(0, 9)},
                {"do": "nothing"},
                {
                    "do": "context",
                    "key": self.one(
                        (
                            "task_name",
                            "task_full_name",
                            "task_slug",
                            "map_index",
                            "flow_name",
                            "task_run_count",
                            "task_tags",
                            "checkpointing",
                        )
                    ),
                },
                {"do": "span", "value": 3, "count": 2},
                {"do": "parameter", "key": "p"},
            )
        )

    def trouble(self) -> Description:
        """Give a deed that ends otherwise than with a value."""
        deed = dict(
            self.one(
                (
                    {"do": "raise", "error": "ValueError", "message": "broken"},
                    {"do": "raise", "error": "ValueError", "message": "broken"},
                    {"do": "raise", "error": "KeyError", "message": "k"},
                    {"do": "fail", "message": "failed by hand"},
                    {"do": "fail"},
                    {"do": "fail", "message": "with a value", "result": 7},
                    {"do": "skip", "message": "not needed"},
                    {"do": "skip", "message": "not needed", "result": None},
                    {"do": "skip", "message": "kept", "result": [1, 2]},
                    {"do": "success", "message": "early", "result": 3},
                    {"do": "success", "message": "early"},
                    {"do": "triggerfail", "message": "as if"},
                    {"do": "validationfail", "message": "invalid"},
                    {"do": "endrun", "state": self.one(STATES), "message": "the end"},
                    {"do": "state", "state": self.one(STATES), "message": "as a value"},
                    {"do": "retry", "message": "again", "times": self.random.randint(1, 2)},
                    {"do": "loop", "message": "round", "result": 1, "rounds": self.random.randint(1, 3)},
                    {"do": "loop", "result": 4, "rounds": 2},
                    {"do": "loop", "rounds": 1},
                    {"do": "pause", "message": "please"},
                )
            )
        )
        if "times" not in deed and "rounds" not in deed and deed["do"] != "pause" and self.chance(0.4):
            deed["times"] = self.random.randint(1, 2)
        return deed

    def body(self, inputs: int, is_mapped: bool, wants: str | None) -> list[Description]:
        body: list[Description] = []
        for _ in range(2):
            if self.chance(0.27):
                deed = self.trouble()
                if is_mapped and self.chance(0.7):
                    deed["at"] = [self.one((0, 1, 2))]
                body.append(deed)
        body.append(self.deed(inputs, wants))
        return body

    def options(self, is_mapped: bool) -> Description:
        found: Description = {}
        if self.chance(0.25):
            found |= {"max_retries": self.random.randint(1, 2), "retry_delay": 0}
            if self.chance(0.2):
                found["retry_on"] = [self.one(("ValueError", "KeyError"))]
        if self.chance(0.3):
            found["trigger"] = self.one(TRIGGERS)
        if self.chance(0.2):
            found["skip_on_upstream_skip"] = False
        if self.chance(0.12):
            found["cache_for"] = 600
            if self.chance(0.7):
                found["cache_validator"] = self.one(VALIDATORS)
            if self.chance(0.2):
                found["cache_key"] = "shared"
        if self.chance(0.12):
            found["result"] = self.one(
                ({}, {"location": self.one(TEMPLATES)}, {"location": "{task_name}-{map_index}.bin"})
            )
            if self.chance(0.3):
                found["checkpoint"] = self.chance(0.5)
        if self.chance(0.06):
            found["target"] = self.one(TEMPLATES) if self.chance(0.8) else [self.one(TEMPLATES)]
        if self.chance(0.06):
            template = self.one(TEMPLATES)
            found["task_run_name"] = template if self.chance(0.7) else [template]
        if self.chance(0.08):
            found["state_handlers"] = [self.handler() for _ in range(self.random.randint(1, 2))]
        if self.chance(0.07):
            found["on_failure"] = True
        if self.chance(0.06):
            found["tags"] = self.one((["red"], ["b", "a"]))
        if self.chance(0.03):
            found["slug"] = self.one(("my-slug", "other-slug"))
        if self.chance(0.05):
            found["log_stdout"] = True
        if self.chance(0.02):
            found["checkpoint"] = True
        return found

    def handler(self) -> Description:
        do = self.one(("same", "replace", "replace", "raise", "bad", "skip", "fail", "success", "endrun", "retry"))
        found: Description = {"on": self.one(HANDLED), "do": do, "message": "from a handler"}
        if do in ("replace", "endrun"):
            found["state"] = self.one((*STATES, "Pending"))
        return found

    def task(self, wants: str | None = None, is_inner: bool = False) -> Description:
        spec: Description = {"kind": "task", "id": self.new_id(), "name": self.one(NAMES)}
        is_mapped = not is_inner and self.chance(0.33)
        keys = ("x", "y", "z")[: self.one((0, 1, 1, 1, 2, 2, 3))]
        if is_mapped:
            keys = keys or ("x",)
            inputs = {key: self.many() if self.chance(0.8) else {"unmapped": self.plain()} for key in keys}
            inputs["x"] = self.many()
            # 1.4.1 flattens all edges from a task when one of them is: see docs/compatibility.md.
            flat = [value["flatten"] for value in inputs.values() if "flatten" in value]
            inputs = {key: {"flatten": value} if value in flat else value for key, value in inputs.items()}
            spec["bind"] = self.one(("map", "map", "map", "map", "mapped", "set"))
            if spec["bind"] == "set":
                spec["is_mapped"] = True
        else:
            inputs = {key: self.plain() for key in keys}
            if self.chance(0.08) and inputs:
                inputs["x"] = {self.one(("flatten", "mapped")): self.many()}
            spec["bind"] = self.one(("call", "call", "call", "bind", "set"))
        if self.chance(0.5):
            spec["how"] = "class"
        if inputs:
            spec["inputs"] = inputs
        if self.known and self.chance(0.2):
            upstream = {"ref": self.one(self.known)}
            spec["upstream"] = [{"unmapped": upstream} if is_mapped and self.chance(0.6) else upstream]
        options = self.options(is_mapped)
        if options:
            spec["options"] = options
        spec["body"] = self.body(len(keys), is_mapped, wants)
        if wants is None and not is_mapped and not is_inner and self.chance(0.04):
            spec["body"] = [{"do": "value", "value": self.one(([1, 2], [1], [1, 2, 3], "ab", 5))}]
            spec.setdefault("options", {})["nout"] = 2
            spec["unpack"] = 2
            self.known += [f"{spec['id']}.{n}" for n in range(2)]
        if is_mapped:
            self.mapped.append(spec["id"])
        if wants == "list":
            self.lists.append(spec["id"])
        self.known.append(spec["id"])
        return spec

    # --- blocks -------------------------------------------------------------------------------------------------------

    def inner(self, at_most: int = 2) -> list[Description]:
        """Give nodes that stand inside a block."""
        return [self.task() if self.chance(0.85) else self.block() for _ in range(self.random.randint(1, at_most))]

    def block(self) -> Description:
        kind = self.one(
            ("case", "case", "merge", "switch", "ifelse", "filter", "apply_map", "resource", "tags", "chain")
        )
        return getattr(self, kind)()  # type: ignore[no-any-return]

    def case(self) -> Description:
        on = self.plain()
        return {"kind": "case", "on": on, "value": self.one((1, 2, "word", True, None)), "nodes": self.inner()}

    def tags(self) -> Description:
        return {"kind": "tags", "tags": [self.one(("red", "blue"))], "nodes": self.inner(1)}

    def merge(self) -> Description:
        if len(self.known) < 2:
            return self.task()
        spec: Description = {
            "kind": "merge",
            "id": self.new_id(),
            "tasks": [{"ref": self.one(self.known)} for _ in range(self.random.randint(1, 3))],
        }
        if self.chance(0.2):
            spec["options"] = {"max_retries": 1, "retry_delay": 0} if self.chance(0.5) else {"checkpoint": False}
        self.known.append(spec["id"])
        return spec

    def switch(self) -> Description:
        if len(self.known) < 2:
            return self.task()
        cases = [
            ["1", {"ref": self.one(self.known)}],
            [1, {"ref": self.one(self.known)}],
            ["word", {"ref": self.one(self.known)}],
        ]
        cases = cases[: self.random.randint(1, 3)]
        return {"kind": "switch", "on": self.plain(), "cases": cases}

    def ifelse(self) -> Description:
        if len(self.known) < 2:
            return self.task()
        branches = [{"ref": self.one(self.known)} if self.chance(0.8) else None for _ in range(2)]
        return {"kind": "ifelse", "on": self.plain(), "branches": branches}

    def filter(self) -> Description:
        on = {"ref": self.one(self.mapped)} if self.mapped and self.chance(0.8) else self.plain()
        spec = {"kind": "filter", "id": self.new_id(), "on": on, "keep": self.one(("default", "truthy", "errors"))}
        self.known.append(spec["id"])
        self.lists.append(spec["id"])
        return spec

    def apply_map(self) -> Description:
        spec: Description = {"kind": "apply_map", "id": self.new_id(), "over": [self.many()]}
        if self.chance(0.4):
            spec["over"].append({"unmapped": self.plain()})
        outside = (list(self.known), list(self.lists), list(self.mapped))
        inner = [f"{spec['id']}:{place}" for place in range(len(spec["over"]))]
        self.known, self.lists, self.mapped = list(inner), [], []
        spec["nodes"] = [self.task(is_inner=True) for _ in range(self.random.randint(1, 3))]
        for inner_task in spec["nodes"]:
            # 1.4.1 numbers those of one name as they come out of a set.
            inner_task["name"] += inner_task["id"]
        self.known, self.lists, self.mapped = outside
        self.known.append(spec["id"])
        self.mapped.append(spec["id"])
        return spec

    def resource(self) -> Description:
        spec: Description = {"kind": "resource", "id": self.new_id(), "name": "manager", "x": self.plain()}
        for stage in ("init", "setup", "cleanup"):
            if self.chance(0.12):
                deed = self.one(
                    ({"do": "raise", "error": "ValueError", "message": stage}, {"do": "skip", "message": stage})
                )
                spec[stage] = [dict(deed)]
        if self.chance(0.1):
            spec["without_setup"] = True
        outside = list(self.known)
        self.known.append(spec["id"])
        spec["nodes"] = self.inner()
        if self.chance(0.5):
            self.known.remove(spec["id"])
        assert outside is not self.known
        return spec

    def chain(self) -> Description:
        if len(self.known) < 2:
            return self.task()
        places = sorted(self.random.sample(range(len(self.known)), 2))
        return {"kind": "chain", "tasks": [{"ref": self.known[place]} for place in places]}

    # --- the whole ----------------------------------------------------------------------------------------------------

    def flow(self) -> Description:
        spec: Description = {"name": "made up"}
        if self.chance(0.35):
            spec["parameters"] = []
            for name in ("p", "q")[: self.random.randint(1, 2)]:
                parameter: Description = {"name": name}
                if self.chance(0.7):
                    parameter["default"] = self.one((1, 2, "word", [1, 2], None, 0))
                if self.chance(0.15):
                    parameter["required"] = self.chance(0.5)
                spec["parameters"].append(parameter)
                self.parameters.append(name)
        spec["nodes"] = [self.task("list")] if self.chance(0.6) else []
        for _ in range(self.random.randint(1, 5)):
            spec["nodes"].append(self.block() if self.chance(0.25) else self.task())
        self._settings(spec)
        spec["runs"] = [self._run(spec) for _ in range(2 if self._keeps_values(spec) or self.chance(0.05) else 1)]
        return spec

    def _settings(self, spec: Description) -> None:
        if self.chance(0.15):
            spec["references"] = [{"ref": self.one(self.known)} for _ in range(self.random.randint(0, 2))]
        if self.chance(0.12):
            spec["terminal"] = self.one(
                (
                    {"do": "watch"},
                    {"do": "replace", "state": self.one(STATES[:4]), "message": "decided"},
                    {"do": "raise", "message": "terminal trouble"},
                )
            )
        if self.chance(0.12):
            handler = self.handler()
            handler["on"] = self.one(("Running", "Success", "Failed"))
            if handler["do"] == "retry":
                handler["do"] = "same"
            spec["state_handlers"] = [handler]
        if self.chance(0.1):
            spec["on_failure"] = True
        if self.chance(0.08):
            spec["result"] = self.one(({}, {"location": "{task_full_name}.flow"}))
        if self.chance(0.06):
            spec["copy"] = True
        if self.chance(0.03) and len(self.known) > 1:
            spec["loop"] = [{"ref": self.known[-1]}, {"ref": self.known[0]}]
        if self.chance(0.08):
            spec["executor"] = "dask"

    def _keeps_values(self, spec: Description) -> bool:
        text = repr(spec)
        return "cache_for" in text or "target" in text

    def _run(self, spec: Description) -> Description:
        run: Description = {}
        given: Description = {}
        for parameter in spec.get("parameters", []):
            if ("default" not in parameter and not self.chance(0.1)) or self.chance(0.3):
                given[parameter["name"]] = self.one((1, 2, "word", [1, 2], None))
        if self.chance(0.01):
            given["unknown"] = 1
        if given:
            run["parameters"] = given
        if self.chance(0.25):
            run["watched"] = False
        if self.chance(0.06) and self.known:
            state = self.one(("Success", "Failed", "Skipped", "Pending", "Cancelled", "Cached"))
            # 1.4.1 lets the children of a map begin with a state given to their parent.
            singles = [known for known in self.known if known not in self.mapped]
            given = self.one((None, 1, [1, 2]))
            run["task_states"] = [[{"ref": one}, state, "given", given] for one in singles[-1:]]
        return run


OPERATORS = ("+", "-", "*", "/", "//", "%", "**", ">", ">=", "<", "<=", "&", "is_equal", "is_not_equal", "or_", "|")


def invent(seed: int | str) -> Description:
    """Give the flow of a seed."""
    spec = Inventor(seed).flow()
    later = random.Random(f"later {seed}")
    # A real second each: rare.
    if random.Random(f"sleep {seed}").random() < 0.006:
        for node in spec["nodes"]:
            if node["kind"] == "task":
                node.setdefault("options", {}).pop("log_stdout", None)
                node["options"]["timeout"] = 1
                node["body"] = [{"do": "sleep", "seconds": 4}]
                break
    elif later.random() < 0.12:
        _in_threads(spec, later)
    else:
        _in_processes(spec, random.Random(f"processes {seed}"))
    if later.random() < 0.1:
        _write_elsewhere(spec, later)
    if later.random() < 0.08:
        _at_a_date(spec, later)
    if later.random() < 0.1:
        _branch_to_values(spec["nodes"], later)
    _with_errors_of_ones_own(spec, random.Random(f"errors {seed}"))
    _at_places_of_their_own(spec)
    return spec


def _tasks_of(nodes: list[Description]) -> list[Description]:
    found = []
    for node in nodes:
        if node["kind"] == "task":
            found.append(node)
        found += _tasks_of(node.get("nodes", []))
    return found


def _in_threads(spec: Description, chance: random.Random) -> None:
    """Let tasks overlap; without what depends on which of them is first."""
    spec["executor"] = chance.choice(("threads", "threads", "alone"))
    spec["runs"] = spec["runs"][:1]
    for node in _tasks_of(spec["nodes"]):
        # Redirecting prints is for the whole process, and a file at a target is for all children.
        for option in ("log_stdout", "target", "cache_key"):
            node.get("options", {}).pop(option, None)


def _at_places_of_their_own(spec: Description) -> None:
    """Where children of a map may overlap, let none find at its target what another wrote a moment before."""
    if spec.get("executor") == "dask":
        for node in _tasks_of(spec["nodes"]):
            target = node.get("options", {}).get("target")
            if isinstance(target, str) and "{map_index}" not in target and "{task_full_name}" not in target:
                node["options"]["target"] = f"{target}-{{map_index}}"


def _in_processes(spec: Description, chance: random.Random) -> None:
    """Let some flows run in processes, which take seconds; without what the driver keeps in its own process."""
    if chance.random() >= 0.02:
        return
    spec["executor"] = "processes"
    spec["runs"] = spec["runs"][:1]
    for node in _tasks_of(spec["nodes"]):
        # What is counted from attempt to attempt is counted anew in each process.
        node["body"] = [deed for deed in node["body"] if "times" not in deed and deed["do"] != "retry"]
        for option in ("state_handlers", "target", "cache_key", "timeout"):
            node.get("options", {}).pop(option, None)


def _with_errors_of_ones_own(spec: Description, chance: random.Random) -> None:
    """Let tasks raise exceptions with constructors of their own, or with a cause."""
    for node in _tasks_of(spec["nodes"]):
        for deed in node["body"]:
            if deed["do"] == "raise" and chance.random() < 0.3:
                deed["error"] = chance.choice(("Coded", "Named", "Bare", "caused"))


def _write_elsewhere(spec: Description, chance: random.Random) -> None:
    """Give tasks the other kinds of results and serializers."""
    for node in _tasks_of(spec["nodes"]):
        if chance.random() < 0.6:
            kind = chance.choice(("json", "gzip", "callable", "prefect", "plain", "nowhere"))
            result: Description = {"kind": kind}
            if kind in ("json", "gzip", "callable") and chance.random() < 0.7:
                result["location"] = chance.choice(TEMPLATES)
            node.setdefault("options", {})["result"] = result
            if kind == "prefect":
                node["options"].pop("target", None)


def _branch_to_values(nodes: list[Description], chance: random.Random) -> None:
    """Let some branches of a condition be values."""
    for node in nodes:
        if node["kind"] == "switch":
            node["cases"][-1][1] = {"const": chance.choice(CONSTANTS)}
        elif node["kind"] == "ifelse":
            node["branches"][chance.randrange(2)] = {"const": chance.choice((0, "word", [1, 2], {"a": 1}))}
        _branch_to_values(node.get("nodes", []), chance)


def _at_a_date(spec: Description, chance: random.Random) -> None:
    """Give a run a date and other values of the context, and let a task look at them."""
    for run in spec["runs"]:
        run["context"] = {"date": chance.choice(("2020-02-29", "2021-03-01T23:30:00+02:00", "no date"))}
        if chance.random() < 0.5:
            run["context"]["today"] = "some day"
        if chance.random() < 0.3:
            run["context"]["mine"] = 5
    keys = ("today", "yesterday_nodash", "tomorrow", "mine")
    for node in [node for node in _tasks_of(spec["nodes"]) if "timeout" not in node.get("options", {})][-2:]:
        if run["context"]["date"] == "no date":
            keys = ("mine", "flow_name")
        node["body"] = [*node["body"][:-1], {"do": "context", "key": chance.choice(keys)}]
