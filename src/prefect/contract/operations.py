"""Every GraphQL document that we send, as a named constant.

The text of a document never changes from call to call and never holds a value: values travel as
variables, so that a server parses and checks each document once.
"""

from __future__ import annotations

from typing import Final

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

# ----- listings of the command line; an option that was not given travels as null and is ignored

LIST_FLOWS: Final = """\
query(
    $name: String, $version: Int, $project: String, $limit: Int, $distinct_on: [flow_select_column!]
) {
    flow(
        where: {_and: {name: {_eq: $name}, version: {_eq: $version}, project: {name: {_eq: $project}}}},
        order_by: {name: asc, version: desc},
        distinct_on: $distinct_on,
        limit: $limit
    ) { name version created id project { name } }
}"""

LIST_PROJECTS: Final = """\
query($name: String, $limit: Int) {
    project(where: {_and: {name: {_eq: $name}}}, order_by: {name: asc}, limit: $limit) {
        id name created description flows_aggregate(distinct_on: name) { aggregate { count } }
    }
}"""

LIST_FLOW_RUNS: Final = """\
query($where: flow_run_bool_exp, $order_by: [flow_run_order_by!], $limit: Int) {
    flow_run(where: $where, order_by: $order_by, limit: $limit) {
        flow { name } id created state name start_time
    }
}"""

#: Runs of the past and the present, and those that are yet to come.
LIST_FLOW_RUNS_AND_UPCOMING: Final = """\
query($where: flow_run_bool_exp, $order_by: [flow_run_order_by!], $upcoming: flow_run_bool_exp, $limit: Int) {
    flow_run(where: $where, order_by: $order_by, limit: $limit) {
        id name state state_message created scheduled_start_time start_time end_time labels auto_scheduled
        flow { name project { name } }
    }
    upcoming: flow_run(where: $upcoming, order_by: [{scheduled_start_time: asc}], limit: $limit) {
        id name state state_message created scheduled_start_time start_time end_time labels auto_scheduled
        flow { name project { name } }
    }
}"""

CREATED_FLOW_RUN: Final = """\
query($id: uuid!) {
    flow_run_by_pk(id: $id) {
        id name flow_id state created scheduled_start_time start_time end_time labels parameters context
    }
}"""

#: Of the runs that are due, and of those that were made by hand or are due, the newest.
LAST_FLOW_RUN: Final = """\
query($due: flow_run_bool_exp, $made: flow_run_bool_exp) {
    due: flow_run(where: $due, order_by: [{scheduled_start_time: desc}], limit: 1) { id created scheduled_start_time }
    made: flow_run(where: $made, order_by: [{created: desc}], limit: 1) { id created scheduled_start_time }
}"""

LIST_TASK_RUNS: Final = """\
query($where: task_run_bool_exp, $limit: Int) {
    task_run(where: $where, order_by: [{state_timestamp: asc}, {id: asc}], limit: $limit) {
        id name map_index state state_message start_time end_time task { name slug }
    }
}"""

PAUSED_TASK_RUNS: Final = """\
query($id: uuid!, $where: task_run_bool_exp, $limit: Int) {
    flow_run(where: {id: {_eq: $id}}) { id state }
    task_run(where: $where, order_by: [{task_id: asc}, {map_index: asc}], limit: $limit) {
        id map_index version task { name }
    }
    at_work: task_run(where: {flow_run_id: {_eq: $id}, state: {_in: ["Running", "Submitted"]}}, limit: 1) { id }
}"""

LIST_TASKS: Final = """\
query($name: String, $flow_name: String, $flow_version: Int, $project: String, $limit: Int) {
    task(
        where: {
            _and: {
                name: {_eq: $name},
                flow: {name: {_eq: $flow_name}, version: {_eq: $flow_version}, project: {name: {_eq: $project}}}
            }
        },
        limit: $limit,
        order_by: {created: desc}
    ) { id name slug created flow { name version } mapped type }
}"""

LIST_LOGS: Final = """\
query($name: String, $id: uuid) {
    flow_run(where: {name: {_eq: $name}, id: {_eq: $id}}, order_by: {start_time: desc}) {
        logs(order_by: {timestamp: asc}) { timestamp message level info name task_run_id flow_run_id }
        start_time
    }
}"""

#: Newest start first.
RUNS_WITH_LOGS: Final = """\
query($name: String, $id: uuid) {
    flow_run(where: {name: {_eq: $name}, id: {_eq: $id}}, order_by: {start_time: desc}, limit: 100) { id start_time }
}"""

DESCRIBE_FLOWS: Final = """\
query($name: String, $version: Int, $project: String) {
    flow(
        where: {_and: {name: {_eq: $name}, version: {_eq: $version}, project: {name: {_eq: $project}}}},
        order_by: {name: asc, version: desc},
        distinct_on: name
    ) { name version project { name } created description parameters archived storage environment }
}"""

DESCRIBE_TASKS: Final = """\
query($name: String, $version: Int, $project: String) {
    flow(
        where: {_and: {name: {_eq: $name}, version: {_eq: $version}, project: {name: {_eq: $project}}}},
        order_by: {name: asc, version: desc},
        distinct_on: name
    ) { tasks { name created slug description type max_retries retry_delay mapped } }
}"""

DESCRIBE_FLOW_RUN: Final = """\
query($id: uuid, $name: String, $flow_name: String) {
    flow_run(where: {_and: {id: {_eq: $id}, name: {_eq: $name}, flow: {name: {_eq: $flow_name}}}}) {
        name flow { name } created parameters auto_scheduled scheduled_start_time start_time end_time serialized_state
    }
}"""

WHY_NOT_RUNNING: Final = "query($id: UUID!) { why_not_running(flow_run_id: $id) { ready state reasons } }"

WHY_NOT_RUNNING_CAUSES: Final = """\
query($id: UUID!) {
    why_not_running(flow_run_id: $id) {
        ready state reasons queue_position
        causes {
            code text name limit until task_run_id
            holders { kind name run_id flow_run_id flow_run_name taken_time }
            agents { id name labels lacking last_queried }
        }
    }
}"""

#: The newest version of each flow.
FLOW_SCHEDULES: Final = """\
query($name: String, $project: String) {
    flow(
        where: {_and: {name: {_eq: $name}, archived: {_eq: false}, project: {name: {_eq: $project}}}},
        order_by: [{flow_group_id: asc}, {version: desc}],
        distinct_on: flow_group_id,
        limit: 100
    ) { id name version flow_group_id is_schedule_active schedule project { name } flow_group { schedule } }
}"""

#: The newest versions that have a schedule, or whose group has one.
FLOWS_WITH_SCHEDULES: Final = """\
query($project: String, $limit: Int) {
    flow(
        where: {
            archived: {_eq: false},
            project: {name: {_eq: $project}},
            _or: [{schedule: {_is_null: false}}, {flow_group: {schedule: {_is_null: false}}}]
        },
        order_by: [{flow_group_id: asc}, {version: desc}],
        distinct_on: flow_group_id,
        limit: $limit
    ) { id name version flow_group_id is_schedule_active schedule project { name } flow_group { schedule } }
}"""

FLOW_NAMES: Final = """\
query($project: String, $limit: Int) {
    flow(
        where: {archived: {_eq: false}, project: {name: {_eq: $project}}},
        order_by: {name: asc},
        distinct_on: name,
        limit: $limit
    ) { name }
}"""

SET_SCHEDULE_INACTIVE: Final = """\
mutation($input: set_schedule_inactive_input!) { set_schedule_inactive(input: $input) { success } }"""

VERSIONS_OF_FLOW: Final = """\
query($name: String!, $version: Int, $project: String) {
    flow(
        where: {name: {_eq: $name}, version: {_eq: $version}, project: {name: {_eq: $project}}},
        order_by: {version: asc},
        limit: 1000
    ) { id version flow_group_id project { name } }
}"""

DELETE_FLOW: Final = "mutation($input: delete_flow_input!) { delete_flow(input: $input) { success } }"

LIMITS: Final = """\
query {
    flow_concurrency_limit(order_by: {name: asc}) { id name limit }
    task_tag_limit(order_by: {tag: asc}) { id tag limit }
    flow_concurrency { label usage }
    task_concurrency { name usage }
}"""

UPDATE_FLOW_LIMIT: Final = """\
mutation($input: update_flow_concurrency_limit_input!) { update_flow_concurrency_limit(input: $input) { id } }"""

DELETE_FLOW_LIMIT: Final = """\
mutation($input: delete_flow_concurrency_limit_input!) { delete_flow_concurrency_limit(input: $input) { success } }"""

DELETE_SECRET: Final = "mutation($input: delete_secret_input!) { delete_secret(input: $input) { success } }"  # noqa: S105 - a document, no secret

LIST_AGENTS: Final = """\
query($limit: Int) {
    agent(order_by: [{last_queried: desc}], limit: $limit) { id name type core_version labels last_queried created }
}"""

NAMES_OF_FLOW_GROUPS: Final = """\
query($ids: [uuid!]!) {
    flow(where: {flow_group_id: {_in: $ids}}, order_by: {flow_group_id: asc}, distinct_on: flow_group_id) {
        flow_group_id name project { name }
    }
}"""

#: What ``prefect server status`` tells of the work: agents that asked lately, runs at work, runs that are late.
SERVER_WORK: Final = """\
query($alive: timestamptz!, $late: timestamptz!) {
    agent(where: {last_queried: {_gte: $alive}}, order_by: {last_queried: desc}, limit: 100) {
        id name type labels core_version last_queried
    }
    running: flow_run_aggregate(where: {state: {_eq: "Running"}}) { aggregate { count } }
    late: flow_run_aggregate(
        where: {state: {_eq: "Scheduled"}, scheduled_start_time: {_lt: $late}}
    ) { aggregate { count } }
}"""

FLOW_PAGE: Final = """\
query($name: String!) {
    flow(
        where: {_and: {name: {_eq: $name}, archived: {_eq: false}}},
        order_by: [{flow_group_id: asc}, {version: desc}],
        distinct_on: flow_group_id,
        limit: 20
    ) { id project { name } }
}"""

#: What a shell completes names with.
NAMES_THAT_BEGIN: Final = """\
query($begin: String!) {
    flow(
        where: {_and: {name: {_like: $begin}, archived: {_eq: false}}},
        order_by: {name: asc},
        distinct_on: name,
        limit: 50
    ) { name }
    project(where: {name: {_like: $begin}}, order_by: {name: asc}, limit: 50) { name }
    flow_run(where: {name: {_like: $begin}}, order_by: {created: desc}, limit: 20) { name }
}"""

NAMES_OF_PROJECTS: Final = "query($ids: [uuid!]!) { project(where: {id: {_in: $ids}}) { id name } }"

NEWEST_FLOW_OF_PROJECT_NAME: Final = """\
query($flow_name: String!, $project_name: String!) {
    flow(
        where: {name: {_eq: $flow_name}, archived: {_eq: false}, project: {name: {_eq: $project_name}}},
        order_by: {version: desc},
        limit: 1
    ) { id }
}"""


def documents() -> dict[str, str]:
    """Give every document by its constant's name."""
    public = {name: text for name, text in globals().items() if name.isupper() and not name.startswith("_")}
    return {name: text for name, text in public.items() if isinstance(text, str)}
