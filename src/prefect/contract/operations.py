"""Every GraphQL document that we send, as a named constant.

The text of a document never changes from call to call and never holds a value: values travel as
variables, so that a server parses and checks each document once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from prefect.contract.listings import *  # noqa: F403 - all documents are found here, these lie in their own file


def __getattr__(name: str) -> Any:
    # Those of the command line load with the first of them: a flow run asks for none.
    from prefect.contract import listings

    if name in listings.__all__:
        return getattr(listings, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# ----- probes, tenants, projects

HELLO: Final = "query { hello }"

AUTH_TENANT: Final = "query { auth_info { tenant_id } }"

AUTH_USER: Final = "query { auth_info { user_id } }"

TENANT_IDS: Final = "query { tenant { id } }"

TENANT_SLUGS: Final = "query { tenant { id slug } }"

TENANTS_BY_SLUG_ORDER: Final = "query { tenant(order_by: {slug: asc}) { id slug name } }"

TENANT: Final = "query($id: uuid!) { tenant(where: {id: {_eq: $id}}) { id slug name } }"

TENANT_OF_SLUG: Final = "query($slug: String) { tenant(where: {slug: {_eq: $slug}}) { id } }"

CREATE_TENANT: Final = "mutation($input: create_tenant_input!) { create_tenant(input: $input) { id } }"

PROJECT_OF_NAME: Final = "query($name: String!) { project(where: {name: {_eq: $name}}) { id } }"

CREATE_PROJECT: Final = "mutation($input: create_project_input!) { create_project(input: $input) { id } }"

DELETE_PROJECT: Final = "mutation($input: delete_project_input!) { delete_project(input: $input) { success } }"

# ----- registration

CREATE_FLOW: Final = "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }"

CREATE_FLOW_COMPRESSED: Final = """\
mutation($input: create_flow_from_compressed_string_input!) {
    create_flow_from_compressed_string(input: $input) { id }
}"""

REGISTER_TASKS: Final = "mutation($input: register_tasks_input!) { register_tasks(input: $input) { success } }"

REGISTER_EDGES: Final = "mutation($input: register_edges_input!) { register_edges(input: $input) { success } }"

SET_SCHEDULE_ACTIVE: Final = """\
mutation($input: set_schedule_active_input!) { set_schedule_active(input: $input) { success } }"""

FLOW_GROUP_OF_FLOW: Final = "query($id: uuid!) { flow_by_pk(id: $id) { flow_group_id } }"

NEWEST_FLOW_OF_PROJECT: Final = """\
query($name: String!, $project_id: uuid!) {
    flow(
        where: {_and: {name: {_eq: $name}, project: {id: {_eq: $project_id}}}},
        order_by: {version: desc},
        limit: 1
    ) { id version }
}"""

VERSION_OF_FLOW: Final = "query($id: uuid!) { flow_by_pk(id: $id) { version } }"

FLOWS: Final = """\
query($where: flow_bool_exp, $order_by: [flow_order_by!]) {
    flow(where: $where, order_by: $order_by) {
        id settings run_config serialized_flow name archived project { name } core_version storage
        flow_group { labels }
    }
}"""

# ----- flow runs

CREATE_FLOW_RUN: Final = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"

CREATE_FLOW_RUNS: Final = """\
mutation($input: create_flow_runs_input!) { create_flow_runs(input: $input) { flow_run_ids } }"""

RESTART_FLOW_RUNS: Final = """\
mutation($input: restart_flow_runs_input!) {
    restart_flow_runs(input: $input) { flow_runs { flow_run_id restarted state task_runs code reason } }
}"""

_CHANGED = "created_before count states examples changed refused { flow_run_id code reason } cursor has_more"

CANCEL_FLOW_RUNS: Final = f"""\
mutation($input: cancel_flow_runs_input!) {{ cancel_flow_runs(input: $input) {{ {_CHANGED} }} }}"""

DELETE_FLOW_RUNS: Final = f"""\
mutation($input: delete_flow_runs_input!) {{ delete_flow_runs(input: $input) {{ {_CHANGED} }} }}"""

SET_FLOW_RUNS_STATE: Final = f"""\
mutation($input: set_flow_runs_state_input!) {{ set_flow_runs_state(input: $input) {{ {_CHANGED} }} }}"""

FLOW_RUN_COUNTS: Final = """\
query($where: flow_run_bool_exp, $by: [flow_run_key!], $limit: Int) {
    flow_run_counts(where: $where, by: $by, limit: $limit) {
        state flow_id flow_group_id project_id agent_id auto_scheduled count
    }
}"""

FLOW_RUN_HISTORY: Final = """\
query($where: flow_run_bool_exp, $from: DateTime!, $to: DateTime!, $seconds: Int!, $time: flow_run_time) {
    flow_run_history(where: $where, from: $from, to: $to, bucket_seconds: $seconds, time: $time) {
        buckets { time total counts }
    }
}"""

LOG_VOLUME: Final = """\
query($id: UUID!, $where: log_bool_exp, $buckets: Int) {
    log_volume(flow_run_id: $id, where: $where, buckets: $buckets) {
        from to total counts buckets { time total counts }
    }
}"""

SCHEDULE_PREVIEW: Final = """\
query($clocks: [preview_clock_input!], $timezone: String, $count: Int, $schedule: JSON) {
    schedule_preview(clocks: $clocks, timezone: $timezone, count: $count, schedule: $schedule) {
        times { time local clock parameter_defaults labels }
        clocks { clock error times { time local } }
        clock_changes { time timezone local_before local_after is_affected text }
    }
}"""

CANCEL_FLOW_RUN: Final = "mutation($input: cancel_flow_run_input!) { cancel_flow_run(input: $input) { state } }"

SET_FLOW_RUN_NAME: Final = """\
mutation($input: set_flow_run_name_input!) { set_flow_run_name(input: $input) { success } }"""

SET_FLOW_RUN_STATES: Final = """\
mutation($input: set_flow_run_states_input!) {
    set_flow_run_states(input: $input) { states { id status message } }
}"""

UPDATE_FLOW_RUN_HEARTBEAT: Final = """\
mutation($input: update_flow_run_heartbeat_input!) { update_flow_run_heartbeat(input: $input) { success } }"""

REPORT_PROCESS_END: Final = """\
mutation($input: report_process_end_input!) { report_process_end(input: $input) { settled } }"""

FLOW_RUN_INFO: Final = """\
query($id: uuid!) {
    flow_run_by_pk(id: $id) {
        id name flow_id parameters context version scheduled_start_time serialized_state
        task_runs(where: {map_index: {_eq: -1}}) { id version serialized_state task { id slug } }
        flow { project { id name } }
    }
}"""

FLOW_RUN_STATE: Final = "query($id: uuid!) { flow_run_by_pk(id: $id) { serialized_state } }"

FLOW_RUN_STATUS: Final = "query($id: uuid!) { flow_run_by_pk(id: $id) { version serialized_state } }"

FLOW_RUN_FLOW_SETTINGS: Final = "query($id: uuid!) { flow_run_by_pk(id: $id) { flow { settings } } }"

FLOW_RUN_CODE: Final = """\
query($id: uuid!) {
    flow_run(where: {id: {_eq: $id}}) { flow { name storage run_config } version }
}"""

FLOW_RUN_VIEW: Final = """\
query($where: flow_run_bool_exp) {
    flow_run(where: $where) {
        id name flow_id serialized_state states { timestamp serialized_state }
        labels parameters context updated run_config
    }
}"""

FLOW_RUN_LOGS: Final = """\
query($id: uuid!, $timestamps: log_bool_exp) {
    flow_run(where: {id: {_eq: $id}}) {
        logs(order_by: {timestamp: asc}, where: $timestamps) { timestamp message level }
    }
}"""

FLOW_RUN_EVENTS: Final = """\
query($flow_run_id: UUID!, $after: Int, $wait_seconds: Float, $limit: Int) {
    flow_run_events(flow_run_id: $flow_run_id, after: $after, wait_seconds: $wait_seconds, limit: $limit) {
        cursor events
    }
}"""

FLOW_RUN_EVENTS_OF_LEVELS: Final = """\
query($flow_run_id: UUID!, $after: Int, $wait_seconds: Float, $limit: Int, $levels: [log_level!]) {
    flow_run_events(
        flow_run_id: $flow_run_id, after: $after, wait_seconds: $wait_seconds, limit: $limit, levels: $levels
    ) { cursor events has_more }
}"""

LOG_PAGE: Final = """\
query($where: log_bool_exp, $limit: Int) {
    log(where: $where, order_by: [{seq: asc}], limit: $limit) {
        seq timestamp level message name task_run_id flow_run_id
    }
}"""

#: The last lines first.
LAST_LOGS: Final = """\
query($where: log_bool_exp, $limit: Int) {
    log(where: $where, order_by: [{seq: desc}], limit: $limit) {
        seq timestamp level message name task_run_id flow_run_id
    }
}"""

FLOW_RUN_START_TIMES: Final = """\
query($id: uuid!) {
    flow_run(where: {id: {_eq: $id}}) {
        states(where: {state: {_eq: "Scheduled"}}) { start_time created }
        scheduled_start_time
    }
}"""

TASK_RUN_START_TIMES: Final = """\
query($id: uuid!) {
    task_run(
        where: {
            state_start_time: {_is_null: false}, flow_run_id: {_eq: $id}, flow_run: {state: {_eq: "Running"}}
        }
    ) { state_start_time }
}"""

# ----- task runs

GET_OR_CREATE_TASK_RUN: Final = """\
mutation($input: get_or_create_task_run_info_input!) {
    get_or_create_task_run_info(input: $input) { id version serialized_state }
}"""

GET_OR_CREATE_MAPPED_TASK_RUNS: Final = """\
mutation($input: get_or_create_mapped_task_runs_input!) {
    get_or_create_mapped_task_runs(input: $input) { ids versions serialized_states }
}"""

TASK_RUN_STATE: Final = """\
query($id: UUID!) { get_task_run_info(task_run_id: $id) { serialized_state } }"""

SET_TASK_RUN_NAME: Final = """\
mutation($input: set_task_run_name_input!) { set_task_run_name(input: $input) { success } }"""

SET_TASK_RUN_STATES: Final = """\
mutation($input: set_task_run_states_input!) {
    set_task_run_states(input: $input) { states { id status message } }
}"""

CACHED_STATES: Final = """\
query($where: task_run_bool_exp) {
    task_run(where: $where, order_by: {state_timestamp: desc}, limit: 100) { serialized_state }
}"""

TASK_RUN_VIEW: Final = """\
query($where: task_run_bool_exp, $order_by: [task_run_order_by!]) {
    task_run(where: $where, order_by: $order_by) {
        id name task { id slug } map_index serialized_state flow_run_id
    }
}"""

TASK_RUN_FLOW: Final = """\
query($id: uuid!) { task_run_by_pk(id: $id) { task { flow { serialized_flow storage } } } }"""

TASK_RUN_IDS: Final = "query($flow_run_id: uuid!) { task_run(where: {flow_run_id: {_eq: $flow_run_id}}) { id } }"

# ----- agents and logs

REGISTER_AGENT: Final = "mutation($input: register_agent_input!) { register_agent(input: $input) { id } }"

AGENT_CONFIG: Final = "query($id: uuid!) { agent_config(where: {id: {_eq: $id}}) { settings } }"

AGENTS: Final = "query { agent { last_queried labels name id } }"

GET_RUNS_IN_QUEUE: Final = """\
mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"""

AGENT_FLOW_RUNS: Final = """\
query($ids: [uuid!]!, $before: timestamptz!, $states: [String!]!) {
    flow_run(
        where: {
            id: {_in: $ids},
            _or: [
                {state: {_in: $states}},
                {state: {_eq: "Running"}, task_runs: {state_start_time: {_lte: $before}}}
            ]
        }
    ) {
        id version state serialized_state parameters scheduled_start_time run_config name
        flow { id name environment storage version core_version run_config flow_group { run_config } }
        task_runs(where: {state_start_time: {_lte: $before}}) { id version task_id serialized_state }
    }
}"""

AGENT_FLOW_RUNS_AND_GIVERS: Final = """\
query($ids: [uuid!]!, $before: timestamptz!, $states: [String!]!) {
    flow_run(
        where: {
            id: {_in: $ids},
            _or: [
                {state: {_in: $states}},
                {state: {_eq: "Running"}, task_runs: {state_start_time: {_lte: $before}}}
            ]
        }
    ) {
        id version state serialized_state parameters scheduled_start_time run_config run_config_role name
        flow { id name environment storage version core_version run_config flow_group { run_config } }
        task_runs(where: {state_start_time: {_lte: $before}}) { id version task_id serialized_state }
    }
}"""

WRITE_RUN_LOGS: Final = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"

# ----- artifacts, secrets, key-value store, limits

CREATE_ARTIFACT: Final = """\
mutation($input: create_task_run_artifact_input!) { create_task_run_artifact(input: $input) { id } }"""

UPDATE_ARTIFACT: Final = """\
mutation($input: update_task_run_artifact_input!) { update_task_run_artifact(input: $input) { success } }"""

DELETE_ARTIFACT: Final = """\
mutation($input: delete_task_run_artifact_input!) { delete_task_run_artifact(input: $input) { success } }"""

SECRET_NAMES: Final = "query { secret_names }"  # noqa: S105 - a document, no secret

SECRET_VALUE: Final = "query($name: String!) { secret_value(name: $name) }"  # noqa: S105 - a document, no secret

SET_SECRET: Final = "mutation($input: set_secret_input!) { set_secret(input: $input) { success } }"  # noqa: S105 - a document, no secret

KEY_VALUE: Final = "query($key: String!) { key_value(where: {key: {_eq: $key}}) { id value } }"

KEYS: Final = "query { key_value { key } }"

SET_KEY_VALUE: Final = "mutation($input: set_key_value_input!) { set_key_value(input: $input) { id } }"

DELETE_KEY_VALUE: Final = "mutation($input: delete_key_value_input!) { delete_key_value(input: $input) { success } }"

TASK_TAG_LIMIT: Final = "query($tag: String!) { task_tag_limit(where: {tag: {_eq: $tag}}) { limit } }"

UPDATE_TASK_TAG_LIMIT: Final = """\
mutation($input: update_task_tag_limit_input!) { update_task_tag_limit(input: $input) { id } }"""

DELETE_TASK_TAG_LIMIT: Final = """\
mutation($input: delete_task_tag_limit_input!) { delete_task_tag_limit(input: $input) { success } }"""

# ----- API keys

CREATE_API_KEY: Final = "mutation($input: create_api_key_input!) { create_api_key(input: $input) { id key } }"

DELETE_API_KEY: Final = "mutation($input: delete_api_key_input!) { delete_api_key(input: $input) { success } }"

API_KEYS: Final = "query { auth_api_key { id name expires_at } }"


def documents() -> dict[str, str]:
    """Give every document by its constant's name."""
    from prefect.contract import listings

    everything = {**globals(), **{name: getattr(listings, name) for name in listings.__all__}}
    public = {name: text for name, text in everything.items() if name.isupper() and not name.startswith("_")}
    return {name: text for name, text in public.items() if isinstance(text, str)}
