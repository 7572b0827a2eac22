"""The GraphQL documents of the command line: what it lists, shows and changes for a person.

Part of ``operations``, where its callers find them. An option that was not given travels as null and is ignored.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "CREATED_FLOW_RUN",
    "DELETE_FLOW",
    "DELETE_FLOW_LIMIT",
    "DELETE_HOOK",
    "DELETE_SECRET",
    "DESCRIBE_FLOWS",
    "DESCRIBE_FLOW_RUN",
    "DESCRIBE_TASKS",
    "FLOWS_WITH_SCHEDULES",
    "FLOW_NAMES",
    "FLOW_PAGE",
    "FLOW_SCHEDULES",
    "LAST_FLOW_RUN",
    "LIMITS",
    "LIST_AGENTS",
    "LIST_ARTIFACTS",
    "LIST_AUTOMATIONS",
    "LIST_FLOWS",
    "LIST_FLOW_RUNS",
    "LIST_FLOW_RUNS_AND_UPCOMING",
    "LIST_LOGS",
    "LIST_PROJECTS",
    "LIST_TASKS",
    "LIST_TASK_RUNS",
    "NAMES_OF_FLOW_GROUPS",
    "NAMES_OF_PROJECTS",
    "NAMES_THAT_BEGIN",
    "NEWEST_FLOW_OF_PROJECT_NAME",
    "PAUSED_TASK_RUNS",
    "RUNS_WITH_LOGS",
    "SERVER_WORK",
    "SET_SCHEDULE_INACTIVE",
    "UPDATE_FLOW_LIMIT",
    "VERSIONS_OF_FLOW",
    "WHY_NOT_RUNNING",
    "WHY_NOT_RUNNING_CAUSES",
]

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

LIST_AUTOMATIONS: Final = """\
query($limit: Int) {
    hook(order_by: [{created: desc}], limit: $limit) {
        id event_type event_tags created action { name action_type action_config }
    }
}"""

DELETE_HOOK: Final = "mutation($input: delete_hook_input!) { delete_hook(input: $input) { success } }"

LIST_ARTIFACTS: Final = """\
query($id: uuid!, $limit: Int) {
    task_run_artifact(
        where: {task_run: {flow_run_id: {_eq: $id}}}, order_by: [{created: asc}, {id: asc}], limit: $limit
    ) { id kind data created task_run_id task_run { map_index task { name } } }
}"""

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
