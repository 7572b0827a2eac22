"""What a registered flow looks like: each document described once, and the check that reads the descriptions.

Pure, and linear in the document. What a description does not name is kept as it came: other versions of 1.x send more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prefect.contract import limits
from prefect.model import codec
from prefect.schedules.cron import is_valid
from prefect.schedules.rules import fault_of_rule
from prefect.server.actions.checks import check_labels, check_name
from prefect.server.errors import BadInput

__all__ = ["EDGE", "FLOW", "SCHEDULE", "TASK", "check"]

#: Looks at a value that is at a place; raises ``BadInput``, which names the place.
Check = Callable[[str, Any], None]
MOST_NUMBER = 2**31 - 1
#: Every look at a schedule asks each of its clocks and reads each of its crons and dates.
MOST_CLOCKS = limits.SCHEDULE_CLOCKS
MOST_DATES = limits.SCHEDULE_DATES
LONGEST_CRON = limits.CRON_CHARACTERS
#: Characters of a recurrence rule; rules of one set.
LONGEST_RULE = limits.RULE_CHARACTERS
MOST_RULES = limits.RULES_OF_A_SET
#: The clocks whose times are known here; an interval below a minute is refused by clients, and gives no runs.
CLOCKS = ("CronClock", "DatesClock", "IntervalClock", "RRuleClock")
SHORTEST_READ = 60_000_000
MOST_MICROSECONDS = 10_000 * 366 * 86_400 * 1_000_000
#: Filters and adjustments of a schedule, each kind.
MOST_FUNCTIONS = limits.SCHEDULE_FUNCTIONS


def _refuse(place: str, expected: str, value: Any) -> None:
    raise BadInput(place, expected, value)


def text(place: str, value: Any) -> None:
    if not isinstance(value, str):
        _refuse(place, "a text", value)


def cron(place: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_CRON:
        _refuse(place, f"a text of at most {LONGEST_CRON} characters", value)


def rule(place: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_RULE:
        _refuse(place, f"a text of at most {LONGEST_RULE} characters", value)


def name(place: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        _refuse(place, "a text that is not empty", value)
    check_name(place, value)


def number(place: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_NUMBER:
        _refuse(place, f"a number from 0 to {MOST_NUMBER}", value)


def switch(place: str, value: Any) -> None:
    if not isinstance(value, bool):
        _refuse(place, "true or false", value)


def anything(place: str, value: Any) -> None:
    """Accept any JSON value: that of a user."""


def mapping(place: str, value: Any) -> None:
    if not isinstance(value, dict):
        _refuse(place, "a JSON object", value)


def labels(place: str, value: Any) -> None:
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        _refuse(place, "a list of texts", value)
    # An empty one does no harm here: 1.x registered it.
    check_labels(place, [item for item in value if item.strip()])


def maybe(check_value: Check) -> Check:
    """Accept null, too."""

    def checked(place: str, value: Any) -> None:
        if value is not None:
            check_value(place, value)

    return checked


def either(first: Check, second: Check, expected: str) -> Check:
    """Accept one of two forms."""

    def checked(place: str, value: Any) -> None:
        for one in (first, second):
            try:
                one(place, value)
            except BadInput:
                continue
            return
        _refuse(place, expected, value)

    return checked


def list_of(item: Check, most: int | None = None) -> Check:
    """Accept a list."""

    def checked(place: str, value: Any) -> None:
        if not isinstance(value, list):
            _refuse(place, "a list", value)
        if most is not None and len(value) > most:
            _refuse(place, f"at most {most} items", f"{len(value)} items")
        for index, one in enumerate(value):
            item(f"{place}[{index}]", one)

    return checked


def parameters(place: str, value: Any) -> None:
    """Accept a list of parameters; a flow without any may have an empty object."""
    if value != {}:
        list_of(PARAMETER)(place, value)


def document(required: Mapping[str, Check] | None = None, /, **optional: Check) -> Check:
    """Accept an object: each of ``required`` must be there; of the others, what is there and not null is looked at."""
    must = dict(required or {})
    fields = {**must, **{key: maybe(look) for key, look in optional.items()}}

    def checked(place: str, value: Any) -> None:
        if not isinstance(value, dict):
            _refuse(place, "a JSON object", value)
        for key, look in fields.items():
            if key in value:
                look(f"{place}.{key}", value[key])
            elif key in must:
                look(f"{place}.{key}", None)

    return checked


# ------------------------------------------------------------------------------------- descriptions

#: A task, by its slug or as an object that has it.
TASK_REFERENCE = either(name, document({"slug": name}), "a task slug")
FUNCTION = either(text, document(fn=text, kwargs=mapping), "the name of a function")
TIME = either(text, document(dt=text, tz=text), "a time")
RULE = document({"rr": rule}, _dtstart=text, _until=text)
RULES = document(
    type=text,
    rr=rule,
    _dtstart=text,
    _until=text,
    _rrule=list_of(RULE, MOST_RULES),
    _exrule=list_of(RULE, MOST_RULES),
    _rdate=list_of(text, MOST_DATES),
    _exdate=list_of(text, MOST_DATES),
)
CLOCK = document(
    type=text,
    parameter_defaults=mapping,
    labels=labels,
    start_date=TIME,
    end_date=TIME,
    interval=anything,
    cron=cron,
    day_or=switch,
    dates=list_of(TIME, MOST_DATES),
    rrule_obj=RULES,
)
FUNCTIONS = list_of(anything, MOST_FUNCTIONS)
SCHEDULE = document(
    type=text,
    clocks=list_of(CLOCK, MOST_CLOCKS),
    filters=FUNCTIONS,
    or_filters=FUNCTIONS,
    not_filters=FUNCTIONS,
    adjustments=FUNCTIONS,
)


def schedule(place: str, value: Any) -> None:
    """Accept a schedule whose clocks can be read, but for those of types that are not known here.

    A flow with another one would be registered and never scheduled, without a word; and a rule that does not go on
    would keep whoever looks for its next times for ever.
    """
    SCHEDULE(place, value)
    for index, clock in enumerate(value.get("clocks") or ()):
        if clock.get("type") in CLOCKS:
            _check_clock(f"{place}.clocks[{index}]", clock)


def _check_clock(place: str, clock: Mapping[str, Any]) -> None:
    interval, cron_text, rules = clock.get("interval"), clock.get("cron"), clock.get("rrule_obj") or {}
    if interval is not None:
        if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0 < interval < MOST_MICROSECONDS:
            _refuse(f"{place}.interval", "a number of microseconds greater than 0", interval)
        if interval < SHORTEST_READ:
            return
    if cron_text is not None and not is_valid(cron_text):
        _refuse(f"{place}.cron", "a cron expression", cron_text)
    if rules.get("type") == "rrule":
        _check_rule(f"{place}.rrule_obj", rules)
    for kind in ("_rrule", "_exrule"):
        for index, one in enumerate(rules.get(kind) or ()):
            _check_rule(f"{place}.rrule_obj.{kind}[{index}]", one)
    try:
        codec.load("clock", clock)
    except Exception as error:  # whatever it says against its input is the caller's to hear
        _refuse(place, f"a clock that can be read ({str(error)[:200]})", clock)


def _check_rule(place: str, value: Mapping[str, Any]) -> None:
    RULE(place, value)
    if fault := fault_of_rule(value):
        _refuse(f"{place}.rr", f"a recurrence rule that can be read and goes on ({fault[:200]})", value["rr"])


PARAMETER = document({"name": text}, slug=text, required=switch, default=anything, type=text)
TASK = document(
    {"slug": name},
    name=text,
    type=text,
    max_retries=number,
    retry_delay=number,
    timeout=number,
    trigger=FUNCTION,
    cache_for=number,
    cache_key=text,
    cache_validator=FUNCTION,
    tags=labels,
    auto_generated=switch,
    skip_on_upstream_skip=switch,
)
EDGE = document({"upstream_task": TASK_REFERENCE, "downstream_task": TASK_REFERENCE}, key=text, mapped=switch)
#: Where and how a flow runs, and where its code lies: of many types, which their clients know.
RUN_CONFIG = document(type=text, labels=labels)
STORAGE = document(type=text, flows=mapping)
FLOW = document(
    {"name": name},
    type=text,
    description=text,
    schedule=schedule,
    parameters=parameters,
    tasks=list_of(TASK),
    edges=list_of(EDGE),
    reference_tasks=list_of(TASK_REFERENCE),
    environment=RUN_CONFIG,
    run_config=RUN_CONFIG,
    storage=STORAGE,
)


def check(description: Check, place: str, value: Any) -> None:
    """Look at a whole document.

    Raises:
        BadInput: naming the field, what was expected and what came.
    """
    description(place, value)
