"""Every public import path of the 1.x interface exists, and is loaded only when it is used."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

# Module -> public names in it.
PATHS = {
    "prefect": "Client Flow Parameter Task api apply_map case config context flatten mapped models plugins "
    "resource_manager "
    "tags task unmapped __version__ agent artifacts backend client configuration core engine exceptions executors "
    "run_configs schedules serialization storage tasks triggers utilities",
    "prefect.core": "Edge Flow Parameter Task edge flow parameter task",
    "prefect.core.edge": "Edge",
    "prefect.core.flow": "Flow",
    "prefect.core.parameter": "Parameter DateTimeParameter no_default",
    "prefect.core.task": "Task NoDefault",
    "prefect.engine": "FlowRunner TaskRunner get_default_executor_class get_default_flow_runner_class "
    "get_default_task_runner_class cache_validators cloud executors flow_runner result results runner serializers "
    "signals "
    "state task_runner",
    "prefect.engine.state": "State Pending Scheduled Paused Resume Retrying ClientFailed Submitted Queued Running "
    "Cancelling "
    "Finished Looped Success Cached Mapped Skipped Cancelled Failed TimedOut TriggerFailed ValidationFailed",
    "prefect.engine.signals": "ENDRUN FAIL LOOP PAUSE RETRY SKIP SUCCESS TRIGGERFAIL VALIDATIONFAIL PrefectSignal "
    "PrefectStateSignal signal_from_state",
    "prefect.engine.runner": "Runner call_state_handlers ENDRUN",
    "prefect.engine.flow_runner": "FlowRunner FlowRunnerInitializeResult run_task",
    "prefect.engine.task_runner": "TaskRunner TaskRunnerInitializeResult",
    "prefect.engine.cloud": "CloudFlowRunner CloudTaskRunner",
    "prefect.engine.cloud.flow_runner": "CloudFlowRunner",
    "prefect.engine.cloud.task_runner": "CloudTaskRunner",
    "prefect.engine.result": "Result NoResult NoResultType",
    "prefect.engine.result.base": "Result ResultNotImplementedError",
    "prefect.engine.results": "AzureResult ConstantResult GCSResult LocalResult PrefectResult S3Result SecretResult",
    "prefect.engine.results.azure_result": "AzureResult",
    "prefect.engine.results.constant_result": "ConstantResult",
    "prefect.engine.results.gcs_result": "GCSResult",
    "prefect.engine.results.local_result": "LocalResult",
    "prefect.engine.results.prefect_result": "PrefectResult",
    "prefect.engine.results.s3_result": "S3Result",
    "prefect.engine.results.secret_result": "SecretResult",
    "prefect.engine.serializers": "Serializer PickleSerializer JSONSerializer DateTimeSerializer PandasSerializer "
    "CompressedSerializer",
    "prefect.engine.cache_validators": "all_inputs all_parameters duration_only never_use partial_inputs_only "
    "partial_parameters_only",
    "prefect.engine.executors": "DaskExecutor LocalDaskExecutor LocalExecutor",
    "prefect.engine.executors.dask": "DaskExecutor LocalDaskExecutor",
    "prefect.engine.executors.local": "LocalExecutor",
    "prefect.utilities.notifications.notifications": "callback_factory gmail_notifier slack_message_formatter "
    "slack_notifier snowflake_logger",
    "prefect.utilities.notifications.jira_notification": "jira_notifier",
    "prefect.executors": "DaskExecutor Executor LocalDaskExecutor LocalExecutor",
    "prefect.run_configs": "DockerRun ECSRun KubernetesRun LocalRun RunConfig UniversalRun VertexRun",
    "prefect.storage": "Azure Bitbucket CodeCommit Docker GCS Git GitHub GitLab Local Module S3 Storage Webhook "
    "get_default_storage_class",
    "prefect.schedules": "Schedule CronSchedule IntervalSchedule RRuleSchedule clocks filters adjustments",
    "prefect.schedules.clocks": "Clock ClockEvent CronClock DatesClock IntervalClock RRuleClock",
    "prefect.schedules.filters": "on_datetime on_date at_time between_datetimes between_dates between_times is_weekday "
    "is_weekend is_month_end is_month_start is_day_of_week",
    "prefect.schedules.adjustments": "add next_weekday",
    "prefect.triggers": "all_successful all_failed all_finished always_run any_successful any_failed manual_only "
    "not_all_skipped some_failed some_successful",
    "prefect.client": "Client Secret",
    "prefect.client.client": "Client",
    "prefect.client.secrets": "Secret",
    "prefect.backend": "FlowRunView FlowView TaskRunView TenantView",
    "prefect.artifacts": "create_link update_link create_markdown update_markdown delete_artifact",
    "prefect.exceptions": "PrefectException ClientError AuthorizationError ObjectNotFoundError FlowStorageError "
    "PrefectSignal "
    "VersionLockMismatchSignal TaskTimeoutSignal",
    "prefect.agent": "Agent",
    "prefect.agent.local": "LocalAgent",
    "prefect.serialization": "edge flow result run_config schedule state storage task",
    "prefect.cli": "cli",
    "prefect.hello_world": "hello_flow name capitalize say_hello",
    "prefect.tasks.control_flow": "case switch ifelse merge FilterTask",
    "prefect.tasks.core": "collections constants function operators resource_manager",
    "prefect.utilities.tasks": "apply_map as_task defaults_from_attrs pause_task tags task",
    "prefect.utilities.edges": "unmapped mapped flatten",
    "prefect.utilities.debug": "raise_on_exception",
    "prefect.utilities.logging": "get_logger",
    "prefect.utilities.configuration": "set_temporary_config",
    "prefect.utilities.context": "context",
    "prefect.utilities.plugins": "register_api register_model register_plugin",
}
PLACES = [(module, name) for module, names in PATHS.items() for name in names.split()]
GONE = (
    "prefect.environments",
    "prefect.engine.result_handlers",
    "prefect.environments.storage",
    "prefect.utilities.exceptions",
)


@pytest.mark.parametrize(("module", "name"), PLACES, ids=[".".join(place) for place in PLACES])
def test_a_public_name_is_where_it_was(module, name):
    assert getattr(importlib.import_module(module), name) is not None


@pytest.mark.parametrize("module", GONE)
def test_what_1_0_removed_is_not_there_again(module):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(module)


def loaded_after(code: str) -> set[str]:
    text = f"import sys, json\nbefore = set(sys.modules)\n{code}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_three_modules_of_ours_and_few_of_others():
    loaded = loaded_after("import prefect")
    assert {name for name in loaded if name.partition(".")[0] == "prefect"} == {
        "prefect",
        "prefect._lazy",
        "prefect._version",
    }
    assert len(loaded) <= 10, sorted(loaded)


LATE = {
    "pendulum",
    "dask",
    "distributed",
    "cloudpickle",
    "urllib3",
    "click",
    "starlette",
    "sqlalchemy",
    "graphql",
    "asyncio",
    "croniter",
}


@pytest.mark.parametrize(
    "code",
    [
        "from prefect import Flow, Parameter, Task, case, task, unmapped",
        "from prefect.engine.state import Success",
        "from prefect.executors import LocalExecutor",
        "from prefect.run_configs import UniversalRun",
        "import prefect.storage, prefect.agent, prefect.backend, prefect.client, prefect.engine, prefect.tasks",
    ],
)
def test_building_blocks_load_without_what_only_runs_need(code):
    assert not LATE & loaded_after(code)


def test_every_name_of_a_package_can_be_imported_at_once():
    names = "Flow task Parameter LocalResult PickleSerializer"
    code = "from prefect import *\nfrom prefect.engine.results import *\nfrom prefect.engine.serializers import *\n"
    subprocess.run([sys.executable, "-c", code + "\n".join(names.split())], check=True)
