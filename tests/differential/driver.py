"""Build and run described flows with whatever ``prefect`` this interpreter has, and tell what happened.

Reads one description a line from stdin and writes one answer a line to stdout, both JSON. Uses the public interface of
1.4.1 only, so that the same file runs with the released package and with this one. What a description may contain is
told by ``flows.py``, which invents them.
"""

import builtins
import collections
import datetime
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
import warnings

import prefect
from prefect import Flow, Parameter, Task, apply_map, case, flatten, mapped, resource_manager, tags, task, unmapped
from prefect.engine import cache_validators, signals
from prefect.engine import state as states
from prefect.engine.result import Result
from prefect.engine.results import LocalResult, PrefectResult
from prefect.engine.serializers import CompressedSerializer, JSONSerializer, PickleSerializer
from prefect.executors import LocalDaskExecutor, LocalExecutor
from prefect.tasks.control_flow import FilterTask, ifelse, merge, switch

ZERO = datetime.timedelta(0)
ERRORS = {
    "ValueError": ValueError,
    "KeyError": KeyError,
    "TypeError": TypeError,
    "ZeroDivisionError": ZeroDivisionError,
}


class Coded(Exception):
    """Has a constructor of its own, whose arguments are not those of ``Exception``."""

    def __init__(self, code, *, detail="unknown"):
        super().__init__(f"code {code}")
        self.code = code
        self.detail = detail


class Named(Exception):
    """Takes keywords only."""

    def __init__(self, *, message):
        super().__init__(message)


class Bare(Exception):
    """Tells nothing to its parent."""

    def __init__(self, message):
        self.message = message

    def __str__(self):
        return f"bare {self.message}"


def caused(message):
    error = ValueError(message)
    error.__cause__ = KeyError("cause")
    return error


# How each error is made of a message; ``retry_on`` names the classes above.
MAKERS = {
    **ERRORS,
    "Coded": lambda message: Coded(message, detail="of the task"),
    "Named": lambda message: Named(message=message),
    "Bare": Bare,
    "caused": caused,
}
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME_NAME = re.compile(r"prefect-result-[-\w]+")
LONGEST = 300


MOST_RECORDS = 400


class TooLong(BaseException):
    """The run does not come to an end."""


class Quiet(logging.Handler):
    """Keep the records of a run that a user would see, and end one that goes round for ever."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.records = []

    def emit(self, record):
        self.records.append([record.name, record.levelname, record.getMessage().split("\n")[0]])
        if len(self.records) > MOST_RECORDS:
            raise TooLong


class Scene:
    """One flow: how it is built from its description, and what was seen of its runs."""

    def __init__(self, spec, folder):
        self.spec = spec
        self.folder = folder
        self.made = {}
        self.parameters = {}
        self.events = []
        self.calls = collections.Counter()
        self.fired = collections.Counter()
        self.flow = None

    def __getstate__(self):
        # In another process a task needs what it does, and not the flow that it is part of.
        return {**self.__dict__, "made": {}, "parameters": {}, "flow": None}

    # --- how things are shown -----------------------------------------------------------------------------------------

    def text(self, value):
        text = str(value).replace(self.folder, "{folder}")
        text = TIME_NAME.sub("prefect-result-{time}", UUID.sub("{uuid}", ADDRESS.sub("{address}", text)))
        return text if len(text) <= LONGEST else text[:LONGEST] + "..."

    def show(self, value):
        if isinstance(value, list):
            return "[" + ", ".join(map(self.show, value)) + "]"
        if isinstance(value, tuple):
            return "(" + ", ".join(map(self.show, value)) + ",)"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.show(k)}: {self.show(v)}" for k, v in value.items()) + "}"
        if isinstance(value, (set, frozenset)):
            return "{" + ", ".join(sorted(map(self.show, value))) + "}"
        if isinstance(value, BaseException):
            return f"{type(value).__name__}({self.text(value)})"
        if isinstance(value, states.State):
            return f"<{type(value).__name__}: {self.text(value.message)}>"
        return self.text(repr(value))

    def show_state(self, state):
        if state is None:
            return None
        if not isinstance(state, states.State):
            return {"type": "not a state: " + self.show(state)}
        shown = {"type": type(state).__name__, "message": None if state.message is None else self.text(state.message)}
        shown["value"] = self.show(state.result)
        inner = state._result
        if getattr(inner, "location", None) is not None:
            shown["location"] = self.text(inner.location)
        context = {k: sorted(v) if k == "tags" else self.show(v) for k, v in (state.context or {}).items()}
        if context:
            shown["context"] = context
        if isinstance(state, states.Mapped):
            shown["count"] = state.n_map_states
            shown["children"] = [self.show_state(child) for child in state.map_states]
        if isinstance(state, states.Cached):
            shown["expires"] = state.cached_result_expiration is not None
            shown["parameters"] = self.show(dict(sorted((state.cached_parameters or {}).items())))
            shown["hashed"] = sorted(state.hashed_inputs or {})
        if isinstance(state, states.Retrying):
            shown["run_count"] = state.run_count
        if isinstance(state, states.Looped):
            shown["loop_count"] = state.loop_count
        return shown

    def where(self):
        context = prefect.context
        return [context.get("task_slug"), context.get("map_index")]

    # --- what tasks do ------------------------------------------------------------------------------------------------

    def act(self, name, body, arguments):
        context = prefect.context
        slug, index = self.where()
        seen = {
            "args": {k: self.show(v) for k, v in arguments.items()},
            "run_count": context.get("task_run_count"),
            "full_name": context.get("task_full_name"),
        }
        for key in ("task_loop_count", "task_run_name", "resume"):
            if context.get(key) is not None:
                seen[key] = self.text(context.get(key))
        if context.get("task_loop_result") is not None:
            seen["task_loop_result"] = self.show(context.get("task_loop_result"))
        self.events.append(["call", slug, index, seen])
        if name.startswith("loud"):
            print(f"{name} speaks\n\nand again")
        self.calls[slug, index] += 1
        for deed in body:
            if "times" in deed and self.calls[slug, index] > deed["times"]:
                continue
            if "rounds" in deed and context.get("task_loop_count", 1) > deed["rounds"]:
                continue
            if "at" in deed and index not in deed["at"]:
                continue
            if deed["do"] == "pause" and context.get("resume"):
                continue
            return self.perform(deed, arguments)
        return None

    def perform(self, deed, arguments):
        do = deed["do"]
        values = list(arguments.values())
        if do == "value":
            return deed["value"]
        if do == "tuple":
            return tuple(deed["value"])
        if do == "add":
            return values[0] + deed["value"]
        if do == "sum":
            total = values[0]
            for value in values[1:]:
                total = total + value
            return total
        if do == "echo":
            return values[0] if len(values) == 1 else values
        if do == "span":
            return [deed["value"] + n for n in range(deed["count"])]
        if do == "nest":
            return [[n * 10 + m for m in range(width)] for n, width in enumerate(deed["widths"])]
        if do == "each":
            return [values[0]] * deed["count"]
        if do == "length":
            return len(values[0])
        if do == "context":
            return prefect.context.get(deed["key"])
        if do == "parameter":
            return prefect.context.parameters.get(deed["key"])
        if do == "raise":
            raise MAKERS[deed["error"]](deed["message"])
        if do == "sleep":
            time.sleep(deed["seconds"])
            return "slept"
        if do == "nothing":
            return None
        if do == "unpicklable":
            return lambda: (x for x in ())
        if do == "state":
            return getattr(states, deed["state"])(deed["message"])
        raise self.signal(do, deed)

    def signal(self, do, deed):
        if do == "endrun":
            return signals.ENDRUN(state=getattr(states, deed["state"])(deed["message"]))
        options = {"result": deed["result"]} if "result" in deed else {}
        kind = getattr(signals, do.upper())
        if do == "retry":
            options["start_time"] = datetime.datetime.now(datetime.UTC)
        return kind(deed["message"], **options) if deed.get("message") else kind(**options)

    # --- handlers -----------------------------------------------------------------------------------------------------

    def handler(self, spec, kind):
        def handle(thing, old, new):
            slug, index = self.where() if kind == "task" else ["flow", None]
            self.events.append([f"{kind} handler", slug, index, [type(old).__name__, type(new).__name__]])
            if spec.get("on") != type(new).__name__:
                return None
            key = (id(spec), slug, index)
            self.fired[key] += 1
            if self.fired[key] > spec.get("times", 1):
                return None
            do = spec["do"]
            if do == "same":
                return new
            if do == "replace":
                return getattr(states, spec["state"])(spec["message"])
            if do == "raise":
                raise ValueError(spec["message"])
            if do == "bad":
                return "no state"
            raise self.signal(do, spec)

        return handle

    def runner_handler(self, runner, old, new):
        slug, index = self.where()
        self.events.append(["state", slug, index, [type(old).__name__, type(new).__name__]])

    def on_failure(self, kind):
        def failed(thing, state):
            slug, index = self.where() if kind == "task" else ["flow", None]
            self.events.append([f"{kind} on_failure", slug, index, [type(state).__name__]])

        return failed

    # --- building -----------------------------------------------------------------------------------------------------

    def source(self, spec):
        ((kind, value),) = spec.items()
        if kind == "const":
            return value
        if kind == "ref":
            return self.made[value]
        if kind == "param":
            return self.parameters[value]
        if kind == "unmapped":
            return unmapped(self.source(value))
        if kind == "mapped":
            return mapped(self.source(value))
        if kind == "flatten":
            return flatten(self.source(value))
        if kind == "list":
            return [self.source(v) for v in value]
        if kind == "tuple":
            return tuple(self.source(v) for v in value)
        if kind == "dict":
            return {k: self.source(v) for k, v in value.items()}
        if kind == "item":
            return self.source(value[0])[value[1]]
        if kind == "op":
            left, right = self.source(value[1]), self.source(value[2])
            return OPERATORS[value[0]](left, right)
        raise KeyError(kind)

    def options(self, spec):
        given = dict(spec)
        if "retry_delay" in given:
            given["retry_delay"] = datetime.timedelta(seconds=given["retry_delay"])
        if "retry_on" in given:
            given["retry_on"] = [ERRORS[name] for name in given["retry_on"]]
        if "trigger" in given:
            name, *args = given["trigger"]
            given["trigger"] = getattr(prefect.triggers, name)
            if args:
                given["trigger"] = given["trigger"](**args[0])
        if "cache_for" in given:
            given["cache_for"] = datetime.timedelta(seconds=given["cache_for"])
        if "cache_validator" in given:
            name, *args = given["cache_validator"]
            given["cache_validator"] = getattr(cache_validators, name)
            if args:
                given["cache_validator"] = given["cache_validator"](validate_on=args[0])
        if "result" in given:
            given["result"] = self.kind_of_result(**given["result"])
        if "tags" in given:
            given["tags"] = set(given["tags"])
        if given.pop("on_failure", False):
            given["on_failure"] = self.on_failure("task")
        if "state_handlers" in given:
            given["state_handlers"] = [self.handler(h, "task") for h in given["state_handlers"]]
        if isinstance(given.get("task_run_name"), list):
            template = given["task_run_name"][0]
            given["task_run_name"] = lambda **fields: template.format(**fields)
        if isinstance(given.get("target"), list):
            template_of_target = given["target"][0]
            given["target"] = lambda **fields: template_of_target.format(**fields)
        return given

    def kind_of_result(self, kind="local", location=None):
        if kind == "prefect":
            return PrefectResult()
        if kind == "plain":
            return Result()
        if kind == "nowhere":
            # A folder that is gone when it is written to is made again; a file in its place is not.
            with open(os.path.join(self.folder, "file"), "w"):
                return LocalResult(dir=os.path.join(self.folder, "file", "folder"), validate_dir=False)
        if kind == "callable":
            template = location or "{task_full_name}"
            return LocalResult(dir=self.folder, location=lambda **fields: template.format(**fields))
        options = {} if location is None else {"location": location}
        if kind == "json":
            options["serializer"] = JSONSerializer()
        elif kind == "gzip":
            options["serializer"] = CompressedSerializer(PickleSerializer(), "gzip")
        return LocalResult(dir=self.folder, **options)

    def new_task(self, spec):
        scene, body, name = self, spec.get("body", []), spec["name"]
        options = self.options(spec.get("options", {}))
        keys = tuple(spec.get("inputs", {}))
        if spec.get("how") == "class":

            class Node(Task):
                def run(self, x=None, y=None, z=None):
                    given = {"x": x, "y": y, "z": z}
                    return scene.act(name, body, {k: given[k] for k in keys})

            return Node(name=name, **options)

        def node(x=None, y=None, z=None):
            given = {"x": x, "y": y, "z": z}
            return scene.act(name, body, {k: given[k] for k in keys})

        node.__name__ = name
        return task(node, **options)

    def node(self, spec):
        getattr(self, "add_" + spec["kind"])(spec)

    def add_task(self, spec):
        made = self.new_task(spec)
        inputs = {key: self.source(value) for key, value in spec.get("inputs", {}).items()}
        upstream = [self.source(value) for value in spec.get("upstream", [])]
        how = spec.get("bind", "call")
        if how == "map":
            made = made.map(**inputs, upstream_tasks=upstream or None)
        elif how == "call":
            made = made(**inputs, upstream_tasks=upstream or None)
        elif how == "mapped":
            made = made(**inputs, upstream_tasks=upstream or None, mapped=True)
        elif how == "bind":
            made.bind(**inputs, upstream_tasks=upstream or None)
        elif how == "set":
            prefect.context.get("flow").set_dependencies(
                made, upstream_tasks=upstream, keyword_tasks=inputs, mapped=spec.get("is_mapped", False)
            )
        self.made[spec["id"]] = made
        if "unpack" in spec:
            for place, part in enumerate(made):
                self.made[f"{spec['id']}.{place}"] = part

    def add_chain(self, spec):
        self.flow.chain(*[self.source(value) for value in spec["tasks"]])

    def add_case(self, spec):
        with case(self.source(spec["on"]), spec["value"]):
            for inner in spec["nodes"]:
                self.node(inner)

    def add_tags(self, spec):
        with tags(*spec["tags"]):
            for inner in spec["nodes"]:
                self.node(inner)

    def add_switch(self, spec):
        switch(self.source(spec["on"]), {key: self.source(value) for key, value in spec["cases"]})

    def add_ifelse(self, spec):
        branches = [None if branch is None else self.source(branch) for branch in spec["branches"]]
        ifelse(self.source(spec["on"]), *branches)

    def add_merge(self, spec):
        options = self.options(spec.get("options", {}))
        self.made[spec["id"]] = merge(*[self.source(value) for value in spec["tasks"]], **options)

    def add_filter(self, spec):
        options = {}
        if spec["keep"] == "truthy":
            options["filter_func"] = bool
        elif spec["keep"] == "errors":
            options["filter_func"] = lambda x: isinstance(x, BaseException)
        self.made[spec["id"]] = FilterTask(**options)(task_results=self.source(spec["on"]))

    def add_apply_map(self, spec):
        def build(*arguments):
            before = dict(self.made)
            for place, argument in enumerate(arguments):
                self.made[f"{spec['id']}:{place}"] = argument
            for inner in spec["nodes"]:
                self.node(inner)
            last = self.made[spec["nodes"][-1]["id"]]
            self.made.clear()
            self.made.update(before)
            return last

        self.made[spec["id"]] = apply_map(build, *[self.source(value) for value in spec["over"]])

    def add_resource(self, spec):
        scene = self

        def maybe(stage):
            scene.events.append([stage, *scene.where(), {}])
            for deed in spec.get(stage, []):
                if "times" in deed:
                    scene.fired[spec["id"], stage] += 1
                    if scene.fired[spec["id"], stage] > deed["times"]:
                        continue
                return scene.perform(deed, {})
            return f"{spec['id']} {stage}"

        class Manager:
            def __init__(self, x=None):
                self.x = x
                maybe("init")

            def setup(self):
                return maybe("setup")

            def cleanup(self, resource):
                scene.events.append(["resource", *scene.where(), {"resource": scene.show(resource)}])
                maybe("cleanup")

        if spec.get("without_setup"):
            del Manager.setup
        with resource_manager(Manager, name=spec["name"])(self.source(spec["x"])) as resource:
            self.made[spec["id"]] = resource
            for inner in spec["nodes"]:
                self.node(inner)

    def build(self):
        spec = self.spec
        options = {}
        if "state_handlers" in spec:
            options["state_handlers"] = [self.handler(h, "flow") for h in spec["state_handlers"]]
        if spec.get("on_failure"):
            options["on_failure"] = self.on_failure("flow")
        if "result" in spec:
            options["result"] = LocalResult(dir=self.folder, **spec["result"])
        if "terminal" in spec:
            options["terminal_state_handler"] = self.terminal
        if spec.get("executor") == "dask":
            options["executor"] = LocalDaskExecutor(scheduler="synchronous")
        elif spec.get("executor") == "processes":
            options["executor"] = LocalDaskExecutor(scheduler="processes", num_workers=2)
        elif spec.get("executor") in ("threads", "alone"):
            workers = 4 if spec["executor"] == "threads" else 1
            options["executor"] = LocalDaskExecutor(scheduler="threads", num_workers=workers)
        else:
            options["executor"] = LocalExecutor()
        with Flow(spec["name"], **options) as self.flow:
            for given in spec.get("parameters", []):
                settings = {k: given[k] for k in ("default", "required") if k in given}
                self.parameters[given["name"]] = Parameter(given["name"], **settings)
                if given.get("added", True):
                    self.flow.add_task(self.parameters[given["name"]])
            for inner in spec["nodes"]:
                self.node(inner)
            if spec.get("loop"):
                self.flow.add_edge(self.source(spec["loop"][0]), self.source(spec["loop"][1]), validate=True)
        if "references" in spec:
            self.flow.set_reference_tasks([self.source(value) for value in spec["references"]])
        if spec.get("copy"):
            self.flow = self.flow.copy()

    def terminal(self, flow, state, reference_states):
        kinds = sorted(type(s).__name__ for s in reference_states)
        self.events.append(["terminal handler", "flow", None, [type(state).__name__, kinds]])
        spec = self.spec["terminal"]
        if spec["do"] == "replace" and state.is_finished():
            return getattr(states, spec["state"])(spec["message"], result=state.result)
        if spec["do"] == "raise":
            raise ValueError(spec["message"])
        return None

    # --- running ------------------------------------------------------------------------------------------------------

    def graph(self):
        slugs = self.flow.slugs

        def sorted_rows(rows):
            return sorted(rows, key=lambda row: json.dumps(row))

        edges = [
            [slugs[e.upstream_task], slugs[e.downstream_task], e.key, bool(e.mapped), bool(e.flattened)]
            for e in self.flow.edges
        ]
        return {
            "tasks": sorted_rows([slug, t.name, type(t).__name__] for t, slug in slugs.items()),
            "edges": sorted_rows(edges),
            "constants": sorted_rows(
                [slugs[t], k, self.show(v)] for t, c in self.flow.constants.items() for k, v in c.items()
            ),
            "reference": sorted(slugs[t] for t in self.flow.reference_tasks()),
            "terminal": sorted(slugs[t] for t in self.flow.terminal_tasks()),
            "root": sorted(slugs[t] for t in self.flow.root_tasks()),
        }

    def run(self, given):
        self.events = []
        self.calls.clear()
        self.fired.clear()
        options = {"parameters": given.get("parameters") or {}}
        if given.get("watched", True):
            options["task_runner_state_handlers"] = [self.runner_handler]
        if "task_states" in given:
            options["task_states"] = {
                self.source(place): getattr(states, name)(message, result=value)
                for place, name, message, value in given["task_states"]
            }
        if "context" in given:
            options["context"] = given["context"]
        answer = {}
        try:
            final = self.flow.run(**options)
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            answer["raised"] = [type(error).__name__, self.text(error)]
            if isinstance(error, TooLong):
                return {**answer, "events": []}
        else:
            answer["state"] = [type(final).__name__, self.text(final.message)]
            if isinstance(final.result, dict):
                answer["tasks"] = {self.flow.slugs.get(t, t.name): self.show_state(s) for t, s in final.result.items()}
            else:
                answer["value"] = self.show(final.result)
        answer["events"] = self.events
        if self.spec.get("executor") in ("threads", "alone", "processes"):
            answer["events"].sort(key=json.dumps)
        return answer

    def tell(self, log):
        answer = {"warnings": []}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.build()
            except Exception as error:
                answer["refused"] = [type(error).__name__, self.text(error)]
            else:
                answer["graph"] = self.graph()
                answer["runs"] = []
                for given in self.spec["runs"]:
                    log.records.clear()
                    run = self.run(given)
                    run["logs"] = (
                        []
                        if len(log.records) > MOST_RECORDS
                        else sorted([name, level, self.text(text)] for name, level, text in log.records)
                    )
                    answer["runs"].append(run)
        answer["warnings"] = sorted({self.text(w.message) for w in caught if issubclass(w.category, UserWarning)})
        return answer


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "is_equal": lambda a, b: a.is_equal(b),
    "is_not_equal": lambda a, b: a.is_not_equal(b),
    "or_": lambda a, b: a.or_(b),
}


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What tasks print is theirs; the answers have a channel of their own.
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the process
    os.dup2(sys.stdout.fileno(), 1)
    prompts = []

    def agree(prompt=""):
        prompts.append(prompt)
        return "y"

    builtins.input = agree
    prefect.utilities.logging.get_logger("start")
    logger = logging.getLogger("prefect")
    log = Quiet()
    logger.handlers[:] = [log]
    logger.propagate = False
    home = tempfile.mkdtemp()
    for line in sys.stdin:
        folder = tempfile.mkdtemp(dir=home)
        prefect.context.caches = {}
        prompts.clear()
        answer = Scene(json.loads(line), folder).tell(log)
        # How often a run asked that goes round for ever says how fast it went.
        is_endless = any(run.get("raised", [""])[0] == TooLong.__name__ for run in answer.get("runs", ()))
        answer["prompts"] = [] if is_endless else sorted(prompts)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        shutil.rmtree(folder)
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
