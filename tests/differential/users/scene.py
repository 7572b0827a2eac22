"""What the situations beside this file are written with: how a run is started, shown and recorded.

Runs with whatever ``prefect`` the interpreter has; uses the public interface of 1.4.1 only.
"""

import contextlib
import datetime
import inspect
import io
import logging
import os
import re
import tempfile
import warnings
from datetime import timedelta

import prefect
from prefect import task
from prefect.engine import state as S

SITUATIONS = {}
TMP = tempfile.mkdtemp()
Z = timedelta(0)
DEEPEST = 8

_flow = None
_days = {}


def situation(function):
    SITUATIONS[function.__name__] = function
    return function


@task
def inc(x):
    return x + 1


@task
def add(x, y=1):
    return x + y


@task
def ident(x):
    return x


class Recorder(logging.Handler):
    def __init__(self):
        super().__init__(logging.INFO)
        self.records = []

    def emit(self, record):
        self.records.append([record.name, record.levelname, norm(record.getMessage()).split("\n")[0]])


# Texts that differ from run to run, or that this package adds on purpose: the culprit at the end of an error's text, no
# links to documentation.
_PASSING = [
    (r"(Not implemented on the base Result class)[^'\")]*", r"\1"),
    (r"0x[0-9a-f]{6,}", "0x"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "{uuid}"),
    (r"prefect-result-[-\w]+", "prefect-result-{t}"),
    (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(\+00:00|Z)?", "{now}"),
    (r"1\.(5\.\d|4\.1)", "{v}"),
    (r" For more information, see https://\S+|[;.]? ?[Ss]ee https://\S+( for more \w+\.)?", ""),
    (r"(?s) \((<(Task|Flow|Parameter|Edge)[^)]*)\)$", ""),
    (r"(Cycle found; flows must be acyclic!) In <.*?(?=['\")]|$)[^')]*", r"\1"),
]


def today():
    """Give the current day as the context of a run does: that of UTC."""
    return datetime.datetime.now(datetime.timezone.utc).date()


def forget_days(day):
    """From now on this day and those beside it are shown by their names, so that a record is the same on any day."""
    _days.clear()
    for name, days in (("yesterday", -1), ("today", 0), ("tomorrow", 1)):
        other = day + timedelta(days=days)
        _days[other.strftime("%Y-%m-%d")] = f"{{{name}}}"
        _days[other.strftime("%Y%m%d")] = f"{{{name}, no dashes}}"


def norm(text):
    text = text.replace(TMP, "{tmp}").replace(os.path.expanduser("~"), "{home}")
    text = re.sub(r"\b20\d\d-?\d\d-?\d\d\b", lambda match: _days.get(match[0], match[0]), text)
    for pattern, place in _PASSING:
        text = re.sub(pattern, place, text)
    return re.sub(r"(not added to the flow|(?:unexpected|required) parameters): \{?([^}\n]*)\}?", _sorted_names, text)


def _sorted_names(match):
    return f"{match[1]}: {sorted(match[2].split('. ')[0].rstrip('}').split(', '))}"


def show(value, depth=0):
    if depth > DEEPEST:
        return "..."
    if isinstance(value, S.State):
        shown = {"state": type(value).__name__, "message": None if value.message is None else norm(str(value.message))}
        if isinstance(value.result, dict) and any(isinstance(key, prefect.Task) for key in value.result):
            tasks = sorted(value.result.items(), key=lambda item: label(item[0]))
            shown["tasks"] = {label(key): show(inner, depth + 1) for key, inner in tasks}
        else:
            shown["value"] = show(value.result, depth + 1)
        if isinstance(value, S.Mapped):
            shown["children"] = [show(child, depth + 1) for child in value.map_states or []]
        return shown
    if isinstance(value, dict):
        return {str(show(key)): show(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__] + [show(inner, depth + 1) for inner in value]
    if isinstance(value, (set, frozenset)):
        return [type(value).__name__] + sorted((show(inner, depth + 1) for inner in value), key=str)
    if isinstance(value, BaseException):
        return f"{type(value).__name__}({norm(str(value))})"
    if value is None or isinstance(value, (int, float, bool)):
        return value
    if isinstance(value, str):
        return norm(value)
    if isinstance(value, datetime.datetime):
        return f"{type(value).__name__} {norm(value.isoformat())}"
    return f"class {value.__name__}" if inspect.isclass(value) else norm(repr(value))


def label(key):
    if _flow is not None and key in _flow.slugs:
        return _flow.slugs[key]
    return getattr(key, "name", str(key))


def look_at(flow):
    """From now on tasks are shown by their slugs in this flow."""
    global _flow
    _flow = flow


def run(flow, **options):
    look_at(flow)
    return show(flow.run(**options))


def err(function, *args, **options):
    """Show what a call gives, or how it fails."""
    try:
        value = function(*args, **options)
    except BaseException as error:
        return f"RAISED {type(error).__name__}: {norm(str(error))}"
    return show(value)


def graph(flow):
    edges = sorted(
        f"{flow.slugs[e.upstream_task]} -> {flow.slugs[e.downstream_task]} "
        f"key={e.key} mapped={e.mapped} flattened={e.flattened}"
        for e in flow.edges
    )
    return {
        "tasks": sorted(flow.slugs.values()),
        "edges": edges,
        "constants": {flow.slugs[t]: show(dict(values)) for t, values in flow.constants.items() if values},
        "reference tasks": sorted(flow.slugs[t] for t in flow.reference_tasks()),
        "parameters": sorted(p.name for p in flow.parameters()),
    }


def record(function):
    """Run one situation and tell all that was seen of it; once more if a day ended meanwhile."""
    while True:
        day = today()
        forget_days(day)
        seen = _record_once(function)
        if today() == day:
            return seen


def _record_once(function):
    logger = logging.getLogger("prefect")
    recorder = Recorder()
    handlers, logger.handlers, logger.propagate = logger.handlers, [recorder], False
    look_at(None)
    prefect.context.pop("caches", None)
    output = io.StringIO()
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(output):
            warnings.simplefilter("always")
            given = err(function)
    finally:
        logger.handlers, logger.propagate = handlers, True
    # In which order tasks that do not depend on each other run is left open.
    return {
        "given": given,
        "log": sorted(recorder.records),
        "warnings": sorted(norm(str(w.message)) for w in caught if issubclass(w.category, UserWarning)),
        "output": norm(output.getvalue()),
    }
