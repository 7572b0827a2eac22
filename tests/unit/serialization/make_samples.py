"""Make the JSON samples beside this file again, with the released package.

Run it with a Python that has ``prefect==1.4.1`` (pins: marshmallow 3, pendulum 2)::

    python tests/unit/serialization/make_samples.py

Each sample is an expression and the JSON that the released package makes of it. The tests evaluate the same expression
with this package and compare. Only ``serialize`` and the Schema classes of the public interface are used.
"""

import json
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"

# Kind of object -> expressions. The names in them are those of ``namespace``.
EXPRESSIONS = {
    "state": [
        "Pending('m')",
        "Pending(context={'a': 1, 'tags': ['x']},"
        " cached_inputs={'x': PrefectResult(value=1, location='1'), 'y': NoResult})",
        "Scheduled('m', start_time=ny)",
        "Scheduled('m', start_time=naive)",
        "Scheduled('m', start_time=utc, context={'task_run_count': 2})",
        "Paused('p')",
        "Paused('p', start_time=ny)",
        "Resume('r', start_time=utc)",
        "Retrying('x', start_time=utc, run_count=3)",
        "Submitted('s', state=Scheduled('q', start_time=ny))",
        "Submitted()",
        "Queued('q', state=Submitted(state=Pending()), start_time=utc)",
        "Queued('q', start_time=utc)",
        "ClientFailed('c', state=Success(result=3))",
        "Running('r')",
        "Cancelling()",
        "Finished()",
        "Looped('l', result=2, loop_count=4)",
        "Success('ok', result=LocalResult(dir='/tmp/proctor-samples', validate_dir=False, location='a.prefect'))",
        "Success(result=PrefectResult(value=5, location='5'))",
        "Success(result=5)",
        "Success(result=Result(5, location='somewhere'))",
        "Success(result=ConstantResult(value=5))",
        "Success(5)",
        "Success('ünïcode \\U0001f600')",
        "Cached('c', result=1, cached_parameters={'a': 1}, cached_result_expiration=ny, hashed_inputs={'x': 'abc'})",
        "Cached()",
        "Mapped('m', map_states=[Success(), Failed()])",
        "Mapped(n_map_states=3)",
        "Skipped()",
        "Cancelled('c')",
        "Failed('f', result=ValueError('x'))",
        "TimedOut('t')",
        "TriggerFailed()",
        "ValidationFailed()",
    ],
    "schedule": [
        "Schedule([])",
        "IntervalSchedule(interval=timedelta(hours=1))",
        "IntervalSchedule(start_date=ny, interval=timedelta(days=1), end_date=ny_later)",
        "CronSchedule('0 9 * * 1-5', start_date=ny)",
        "CronSchedule('0 9 1 * 1', day_or=False)",
        "RRuleSchedule(rrule(DAILY, count=3, dtstart=naive))",
        "RRuleSchedule(rrule(DAILY, byweekday=MO(1), dtstart=utc, until=utc_later), start_date=utc)",
        "RRuleSchedule(rules)",
        "Schedule(["
        "clocks.IntervalClock(timedelta(minutes=90), start_date=ny, parameter_defaults={'n': 3}, labels=['q', 'a']),"
        " clocks.DatesClock([ny_later, utc], parameter_defaults={'d': [1, {'x': None}]}),"
        " clocks.CronClock('*/5 * * * *', labels=[])])",
        "Schedule([clocks.IntervalClock(timedelta(minutes=1), start_date=half_hour_offset)])",
        "Schedule([clocks.CronClock('0 9 * * *')],"
        " filters=[filters.on_datetime(utc), filters.between_datetimes(utc, ny), filters.on_date(1, 2),"
        " filters.between_dates(1, 2, 3, 4), filters.at_time(time(9)),"
        " filters.between_times(time(9), time(10, 30, 1)), filters.is_weekday, filters.is_weekend,"
        " filters.is_month_end,"
        " filters.is_month_start, filters.is_day_of_week(3)], or_filters=[filters.is_weekday],"
        " not_filters=[filters.is_weekend],"
        " adjustments=[adjustments.add(timedelta(hours=1, seconds=0.5)), adjustments.next_weekday])",
    ],
    "run_config": [
        "UniversalRun()",
        "UniversalRun({'a': '1'}, ['b', 'a'])",
        "LocalRun()",
        "LocalRun(working_dir='/srv', env={'A': '1'}, labels=['z', 'y'])",
        "DockerRun()",
        "DockerRun(image='i', ports=[80], host_config={'a': 1}, labels=['x'])",
        "KubernetesRun()",
        "KubernetesRun(job_template={'a': 1}, image='i', cpu_limit=2, cpu_request='500m', memory_limit='2Gi',"
        " memory_request=3, service_account_name='s', image_pull_secrets=['a'], image_pull_policy='Always')",
        "KubernetesRun(job_template='a: 1\\nb: [1, 2]\\n')",
        "KubernetesRun(job_template_path='agent:///x/y.yaml')",
        "KubernetesRun(job_template_path='s3://b/y.yaml')",
        "ECSRun()",
        "ECSRun(task_definition={'a': 1}, image='i', cpu=1, memory='2 GB', task_role_arn='t', execution_role_arn='e',"
        " run_task_kwargs={'a': 1})",
        "ECSRun(task_definition_arn='arn', cpu=1.5, memory=1024)",
        "ECSRun(task_definition_path='agent:///x')",
        "VertexRun()",
        "VertexRun(image='i', machine_type='m', scheduling={'a': 1}, service_account='s', network='n',"
        " worker_pool_specs=[{'a': 1}])",
    ],
    "result": [
        "NoResult",
        "Result(3)",
        "Result(3, location='x')",
        "ConstantResult(value=3)",
        "PrefectResult(value=3)",
        "PrefectResult(value=3, location='3')",
        "LocalResult(dir='/tmp/proctor-samples', validate_dir=False, location='{x}.y')",
        "S3Result(bucket='b', location='k')",
        "GCSResult(bucket='b', location='k')",
        "AzureResult('c', location='k')",
        "OwnResult(location='z')",
    ],
}

# JSON of the wire -> what the released package makes of it, as JSON again ("error" where it refuses).
MINIMAL_STATES = [
    {"type": "Pending", "message": "Task run created"},
    {"type": "Paused"},
    {"type": "Mapped"},
    {"type": "Mapped", "n_map_states": 2},
    {"type": "Looped"},
    {"type": "Submitted"},
    {"type": "Cached"},
    {"type": "Success", "context": None, "cached_inputs": None, "message": None},
    {"type": "Success", "zork": 1},
    {"type": "Success", "_result": {"type": "CustomResult", "location": "z"}},
    {"type": "Success", "_result": {"type": "Unheard", "location": "z"}},
    {"type": "Success", "_result": {"location": "z"}},
    {
        "type": "Submitted",
        "state": {"type": "Queued", "start_time": "2030-01-01T00:00:00+00:00", "state": {"type": "Running"}},
    },
    {"type": "Retrying", "run_count": None, "start_time": "2030-01-01T00:00:00+00:00"},
    {"type": "Scheduled", "start_time": "2030-01-01T00:00:00"},
    {"type": "Unheard"},
    {"message": "no type"},
    {"type": "Success", "_result": None},
    {"type": "Success", "message": 3},
    {"type": "Success", "context": 3},
    {"type": "Scheduled", "start_time": "x"},
    {"type": "Retrying", "run_count": "x"},
]


def namespace() -> dict:
    """Names that the expressions use, of whichever package is installed."""
    import datetime
    from importlib import import_module

    import pendulum
    from dateutil import rrule as rules_module

    names: dict = {}
    places = (
        "prefect.engine.state:*",
        "prefect.engine.result:Result NoResult",
        "prefect.engine.results:AzureResult ConstantResult GCSResult LocalResult PrefectResult S3Result",
        "prefect.schedules:CronSchedule IntervalSchedule RRuleSchedule Schedule",
        "prefect.run_configs:DockerRun ECSRun KubernetesRun LocalRun UniversalRun VertexRun",
    )
    for place in places:
        module_name, _, wanted = place.partition(":")
        module = import_module(module_name)
        for name in dir(module) if wanted == "*" else wanted.split():
            # One that another room has not got (yet) is missed by the samples that name it alone.
            if hasattr(module, name):
                names[name] = getattr(module, name)
    for name in ("clocks", "filters", "adjustments"):
        names[name] = import_module(f"prefect.schedules.{name}")

    class OwnResult(names["Result"]):  # type: ignore[misc]
        pass

    rules = rules_module.rruleset()
    rules.rrule(rules_module.rrule(rules_module.DAILY, count=3, dtstart=datetime.datetime(2030, 1, 1)))
    rules.exrule(rules_module.rrule(rules_module.DAILY, count=1, dtstart=datetime.datetime(2030, 1, 1)))
    rules.rdate(datetime.datetime(2030, 1, 9))
    rules.exdate(datetime.datetime(2030, 1, 2))
    ny = pendulum.datetime(2030, 1, 1, tz="America/New_York")
    offset = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    names.update(
        DAILY=rules_module.DAILY,
        MO=rules_module.MO,
        OwnResult=OwnResult,
        half_hour_offset=datetime.datetime(2030, 1, 1, tzinfo=offset),
        naive=datetime.datetime(2030, 1, 1),
        ny=ny,
        ny_later=ny.add(days=200),
        rrule=rules_module.rrule,
        rules=rules,
        time=datetime.time,
        timedelta=datetime.timedelta,
        utc=pendulum.datetime(2030, 1, 1),
        utc_later=pendulum.datetime(2030, 5, 1),
    )
    return names


def schemas() -> dict:
    """Kind of object -> its Schema."""
    from prefect.serialization.flow import FlowSchema
    from prefect.serialization.result import StateResultSchema
    from prefect.serialization.run_config import RunConfigSchema
    from prefect.serialization.schedule import ScheduleSchema
    from prefect.serialization.state import StateSchema

    return {
        "flow": FlowSchema(),
        "state": StateSchema(),
        "schedule": ScheduleSchema(),
        "run_config": RunConfigSchema(),
        "result": StateResultSchema(),
    }


def sample_flow():
    """A flow with most of what a flow's JSON can hold."""
    from datetime import timedelta
    from importlib import import_module

    package = import_module("prefect")
    names = namespace()
    triggers = import_module("prefect.triggers")
    validators = import_module("prefect.engine.cache_validators")

    @package.task(
        tags=["b", "a"],
        max_retries=2,
        retry_delay=timedelta(seconds=30),
        timeout=60,
        cache_for=timedelta(hours=1),
        cache_validator=validators.partial_inputs_only(validate_on=["x"]),
        trigger=triggers.some_successful(at_least=1, at_most=0.5),
    )
    def add(x, y: int = 1) -> int:
        return x + y

    @package.task(slug="own-slug", skip_on_upstream_skip=False, trigger=lambda upstream: True)
    def double(values: list) -> list:
        return [2 * value for value in values]

    with package.Flow(
        "sample",
        schedule=names["CronSchedule"]("0 9 * * *", start_date=names["ny"]),
        run_config=names["LocalRun"](env={"A": "1"}, working_dir="/srv", labels=["z", "y"]),
    ) as flow:
        n = package.Parameter("n", default=5)
        needed = package.Parameter("needed")
        first = add(n, 2)
        second = add(n, needed)
        mapped = add.map([1, 2, 3], package.unmapped(first))
        double([mapped[0], second], upstream_tasks=[mapped])
    flow.set_reference_tasks([first])
    return flow


def main() -> None:
    names, by_kind = namespace(), schemas()
    DATA.mkdir(exist_ok=True)
    for kind, expressions in EXPRESSIONS.items():
        samples = [{"expression": text, "json": by_kind[kind].dump(eval(text, names))} for text in expressions]
        write(f"{kind}.json", samples)
    minimal = []
    for given in MINIMAL_STATES:
        try:
            minimal.append({"given": given, "json": by_kind["state"].dump(by_kind["state"].load(given))})
        except Exception as error:
            minimal.append({"given": given, "error": type(error).__name__})
    write("minimal_state.json", minimal)
    flow = sample_flow().serialize()
    flow_schema = by_kind["flow"]
    write("flow.json", [{"json": flow, "reloaded": flow_schema.dump(flow_schema.load(flow))}])


def write(name: str, samples: list) -> None:
    (DATA / name).write_text(json.dumps(samples, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
    sys.exit(0)
