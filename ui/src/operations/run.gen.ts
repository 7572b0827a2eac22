// Written by codegen.js from run.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type String_Comparison_Exp = {
  _eq?: string | null | undefined;
  _neq?: string | null | undefined;
  _gt?: string | null | undefined;
  _gte?: string | null | undefined;
  _lt?: string | null | undefined;
  _lte?: string | null | undefined;
  _in?: Array<string> | null | undefined;
  _nin?: Array<string> | null | undefined;
  _is_null?: boolean | null | undefined;
  _like?: string | null | undefined;
  _nlike?: string | null | undefined;
  _ilike?: string | null | undefined;
  _nilike?: string | null | undefined;
  _similar?: string | null | undefined;
  _nsimilar?: string | null | undefined;
  _regex?: string | null | undefined;
  _nregex?: string | null | undefined;
  _iregex?: string | null | undefined;
  _niregex?: string | null | undefined;
};

export type Int_Comparison_Exp = {
  _eq?: number | null | undefined;
  _neq?: number | null | undefined;
  _gt?: number | null | undefined;
  _gte?: number | null | undefined;
  _lt?: number | null | undefined;
  _lte?: number | null | undefined;
  _in?: Array<number> | null | undefined;
  _nin?: Array<number> | null | undefined;
  _is_null?: boolean | null | undefined;
};

export type Boolean_Comparison_Exp = {
  _eq?: boolean | null | undefined;
  _neq?: boolean | null | undefined;
  _gt?: boolean | null | undefined;
  _gte?: boolean | null | undefined;
  _lt?: boolean | null | undefined;
  _lte?: boolean | null | undefined;
  _in?: Array<boolean> | null | undefined;
  _nin?: Array<boolean> | null | undefined;
  _is_null?: boolean | null | undefined;
};

export type Uuid_Comparison_Exp = {
  _eq?: string | null | undefined;
  _neq?: string | null | undefined;
  _gt?: string | null | undefined;
  _gte?: string | null | undefined;
  _lt?: string | null | undefined;
  _lte?: string | null | undefined;
  _in?: Array<string> | null | undefined;
  _nin?: Array<string> | null | undefined;
  _is_null?: boolean | null | undefined;
};

export type Timestamptz_Comparison_Exp = {
  _eq?: string | null | undefined;
  _neq?: string | null | undefined;
  _gt?: string | null | undefined;
  _gte?: string | null | undefined;
  _lt?: string | null | undefined;
  _lte?: string | null | undefined;
  _in?: Array<string> | null | undefined;
  _nin?: Array<string> | null | undefined;
  _is_null?: boolean | null | undefined;
};

export type Jsonb_Comparison_Exp = {
  _eq?: unknown;
  _neq?: unknown;
  _gt?: unknown;
  _gte?: unknown;
  _lt?: unknown;
  _lte?: unknown;
  _in?: Array<unknown> | null | undefined;
  _nin?: Array<unknown> | null | undefined;
  _is_null?: boolean | null | undefined;
  _contains?: unknown;
  _contained_in?: unknown;
  _has_key?: string | null | undefined;
  _has_keys_any?: Array<string> | null | undefined;
  _has_keys_all?: Array<string> | null | undefined;
  _cast?: Jsonb_Cast_Exp | null | undefined;
};

export type Jsonb_Cast_Exp = {
  String?: String_Comparison_Exp | null | undefined;
};

export type Order_By =
  | 'asc'
  | 'asc_nulls_first'
  | 'asc_nulls_last'
  | 'desc'
  | 'desc_nulls_first'
  | 'desc_nulls_last';

export type Log_Bool_Exp = {
  _and?: Array<Log_Bool_Exp> | null | undefined;
  _not?: Log_Bool_Exp | null | undefined;
  _or?: Array<Log_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  flow_run_id?: Uuid_Comparison_Exp | null | undefined;
  task_run_id?: Uuid_Comparison_Exp | null | undefined;
  timestamp?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  level?: String_Comparison_Exp | null | undefined;
  message?: String_Comparison_Exp | null | undefined;
  info?: Jsonb_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  is_loaded_from_archive?: Boolean_Comparison_Exp | null | undefined;
  seq?: Int_Comparison_Exp | null | undefined;
};

export type Log_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  task_run_id?: Order_By | null | undefined;
  timestamp?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  level?: Order_By | null | undefined;
  message?: Order_By | null | undefined;
  info?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  is_loaded_from_archive?: Order_By | null | undefined;
  seq?: Order_By | null | undefined;
};

export type Set_Flow_Run_State_Input = {
  flow_run_id: string;
  version?: number | null | undefined;
  state: unknown;
  id?: string | null | undefined;
};

export type Set_Task_Run_State_Input = {
  task_run_id: string;
  version?: number | null | undefined;
  state: unknown;
  flow_run_version?: number | null | undefined;
  id?: string | null | undefined;
};

export type Restart_Flow_Runs_Input = {
  flow_run_ids: Array<string>;
  from?: Restart_From | null | undefined;
  task_run_ids?: Array<string> | null | undefined;
  parameters?: unknown;
  message?: string | null | undefined;
  dry_run?: boolean | null | undefined;
};

export type Restart_From =
  | 'FAILED'
  | 'START'
  | 'TASK';

export type RunHeadSubscriptionVariables = Exact<{
  id: string;
}>;


export type RunHeadSubscription = { flow_run_by_pk: { created: string, updated: string, flow_id: string, agent_id: string | null, heartbeat: string | null, parameters: unknown, context: unknown, run_config: unknown, run_config_role: string | null, times_resurrected: number | null, priority: number, state_result: unknown, state_start_time: string | null, id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, agent: { id: string, name: string | null, last_queried: string | null } | null, states: Array<{ id: string, version: number | null, state: string, timestamp: string, message: string | null, start_time: string | null }>, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } } | null };

export type RunShapeQueryVariables = Exact<{
  flow: string;
}>;


export type RunShapeQuery = { task: Array<{ id: string, name: string | null, slug: string | null, type: string | null, mapped: boolean, is_reference_task: boolean, is_root_task: boolean, is_terminal_task: boolean, tags: unknown, max_retries: number | null, retry_delay: string | null, trigger: string | null }>, edge: Array<{ upstream_task_id: string, downstream_task_id: string, key: string | null, mapped: boolean }> };

export type RunTaskRunsQueryVariables = Exact<{
  id: string;
}>;


export type RunTaskRunsQuery = { task_run_aggregate: { aggregate: { count: number } | null }, task_run: Array<{ id: string, task_id: string, map_index: number, name: string | null, state: string | null, start_time: string | null, end_time: string | null, state_timestamp: string | null, version: number }> };

export type RunAttemptsQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type RunAttemptsQuery = { task_run: Array<{ id: string, version: number, states: Array<{ state: string, timestamp: string }> }> };

export type RunTaskEventsSubscriptionVariables = Exact<{
  id: string;
  after: number;
  since?: string | null | undefined;
}>;


export type RunTaskEventsSubscription = { flow_run_events: { cursor: number | null, task_run_cursor: string | null, has_more: boolean | null, events: unknown } | null };

export type RunLogEventsSubscriptionVariables = Exact<{
  id: string;
  after: number;
  since?: string | null | undefined;
}>;


export type RunLogEventsSubscription = { flow_run_events: { cursor: number | null, task_run_cursor: string | null, has_more: boolean | null, events: unknown } | null };

export type RunFailuresQueryVariables = Exact<{
  id: string;
  limit: number;
}>;


export type RunFailuresQuery = { task_run_failures: Array<{ state: string, message: string | null, count: number, first: Array<{ task_run_id: string, task_id: string, map_index: number, end_time: string | null }> }> | null };

export type RunDurationsQueryVariables = Exact<{
  group: string;
}>;


export type RunDurationsQuery = { flow_run: Array<{ id: string, start_time: string | null, end_time: string | null }> };

export type RunWhyQueryVariables = Exact<{
  id: string;
}>;


export type RunWhyQuery = { why_not_running: { ready: boolean, state: string | null, queue_position: number | null, causes: Array<{ code: string, text: string, name: string | null, limit: number | null, until: string | null, holders: Array<{ flow_run_id: string | null, flow_run_name: string | null, taken_time: string | null }>, agents: Array<{ id: string, name: string | null, lacking: Array<string>, last_queried: string | null }> }> } | null };

export type RunFlowQueryVariables = Exact<{
  flow: string;
}>;


export type RunFlowQuery = { flow_by_pk: { id: string, name: string, version: number | null, parameters: unknown, flow_group: { id: string, default_parameters: unknown }, project: { name: string } } | null };

export type RunArtifactsQueryVariables = Exact<{
  id: string;
  limit: number;
}>;


export type RunArtifactsQuery = { task_run_artifact: Array<{ id: string, kind: string, data: unknown, created: string, task_run: { id: string, name: string | null, map_index: number, task: { name: string | null } } }> };

export type RunArtifactCountQueryVariables = Exact<{
  id: string;
}>;


export type RunArtifactCountQuery = { task_run_artifact_aggregate: { aggregate: { count: number } | null } };

export type RunStateQueryVariables = Exact<{
  id: string;
}>;


export type RunStateQuery = { flow_run_by_pk: { serialized_state: unknown } | null };

export type LogPageQueryVariables = Exact<{
  where: Log_Bool_Exp;
  order: Array<Log_Order_By> | Log_Order_By;
  limit: number;
}>;


export type LogPageQuery = { log: Array<{ id: string, seq: number, timestamp: string, level: string | null, name: string | null, message: string | null, task_run_id: string | null }> };

export type LogHitsQueryVariables = Exact<{
  where: Log_Bool_Exp;
  order: Array<Log_Order_By> | Log_Order_By;
  limit: number;
}>;


export type LogHitsQuery = { log: Array<{ id: string, seq: number, timestamp: string }> };

export type LogVolumeQueryVariables = Exact<{
  id: string;
  where?: Log_Bool_Exp | null | undefined;
  buckets: number;
}>;


export type LogVolumeQuery = { log_volume: { from: string | null, to: string | null, total: number, counts: unknown, buckets: Array<{ time: string, total: number, counts: unknown }> } | null };

export type RestartRunsMutationVariables = Exact<{
  input: Restart_Flow_Runs_Input;
}>;


export type RestartRunsMutation = { restart_flow_runs: { flow_runs: Array<{ flow_run_id: string, restarted: boolean, state: string | null, task_runs: number, code: string | null, reason: string | null }> } | null };

export type SetRunStatesMutationVariables = Exact<{
  states: Array<Set_Flow_Run_State_Input> | Set_Flow_Run_State_Input;
}>;


export type SetRunStatesMutation = { set_flow_run_states: { states: Array<{ id: string | null, status: string | null, message: string | null }> | null } | null };

export type SetTaskRunStatesMutationVariables = Exact<{
  states: Array<Set_Task_Run_State_Input> | Set_Task_Run_State_Input;
}>;


export type SetTaskRunStatesMutation = { set_task_run_states: { states: Array<{ id: string | null, status: string | null, message: string | null }> | null } | null };

export type CancelRunMutationVariables = Exact<{
  id: string;
}>;


export type CancelRunMutation = { cancel_flow_run: { state: string | null } | null };

export type RenameRunMutationVariables = Exact<{
  id: string;
  name: string;
}>;


export type RenameRunMutation = { set_flow_run_name: { success: boolean | null, error: string | null } | null };

export type SetRunPriorityMutationVariables = Exact<{
  id: string;
  priority: number;
}>;


export type SetRunPriorityMutation = { set_flow_run_priority: { success: boolean | null, error: string | null } | null };

export type LabelRunMutationVariables = Exact<{
  id: string;
  labels: Array<string> | string;
}>;


export type LabelRunMutation = { set_flow_run_labels: { success: boolean | null, error: string | null } | null };

export type DeleteRunMutationVariables = Exact<{
  id: string;
}>;


export type DeleteRunMutation = { delete_flow_run: { success: boolean | null, error: string | null } | null };

export type RunRowFragment = { id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } };

export const RunHead: Doc<RunHeadSubscription, RunHeadSubscriptionVariables> = { name: "RunHead", kind: "subscription", text: "subscription RunHead($id:uuid!){flow_run_by_pk(id:$id){...RunRow created updated flow_id agent_id heartbeat parameters context run_config run_config_role times_resurrected priority state_result state_start_time agent{id name last_queried}states(order_by:[{version:asc}]limit:200){id version state timestamp message start_time}}}fragment RunRow on flow_run{id name state state_timestamp state_message scheduled_start_time start_time end_time version labels auto_scheduled idempotency_key flow{id name version flow_group_id project{id name}}}" };

export const RunShape: Doc<RunShapeQuery, RunShapeQueryVariables> = { name: "RunShape", kind: "query", text: "query RunShape($flow:uuid!){task(where:{flow_id:{_eq:$flow}}){id name slug type mapped is_reference_task is_root_task is_terminal_task tags max_retries retry_delay trigger}edge(where:{flow_id:{_eq:$flow}}){upstream_task_id downstream_task_id key mapped}}" };

export const RunTaskRuns: Doc<RunTaskRunsQuery, RunTaskRunsQueryVariables> = { name: "RunTaskRuns", kind: "query", text: "query RunTaskRuns($id:uuid!){task_run_aggregate(where:{flow_run_id:{_eq:$id}}){aggregate{count}}task_run(where:{flow_run_id:{_eq:$id}}limit:50000){id task_id map_index name state start_time end_time state_timestamp version}}" };

export const RunAttempts: Doc<RunAttemptsQuery, RunAttemptsQueryVariables> = { name: "RunAttempts", kind: "query", text: "query RunAttempts($ids:[uuid!]!){task_run(where:{id:{_in:$ids}}limit:100){id version states(order_by:[{version:asc}]limit:200){state timestamp}}}" };

export const RunTaskEvents: Doc<RunTaskEventsSubscription, RunTaskEventsSubscriptionVariables> = { name: "RunTaskEvents", kind: "subscription", text: "subscription RunTaskEvents($id:UUID!$after:Int!$since:String){flow_run_events(flow_run_id:$id after:$after kinds:[task_run]task_runs_after:$since){cursor task_run_cursor has_more events}}" };

export const RunLogEvents: Doc<RunLogEventsSubscription, RunLogEventsSubscriptionVariables> = { name: "RunLogEvents", kind: "subscription", text: "subscription RunLogEvents($id:UUID!$after:Int!$since:String){flow_run_events(flow_run_id:$id after:$after kinds:[log]task_runs_after:$since){cursor task_run_cursor has_more events}}" };

export const RunFailures: Doc<RunFailuresQuery, RunFailuresQueryVariables> = { name: "RunFailures", kind: "query", text: "query RunFailures($id:UUID!$limit:Int!){task_run_failures(flow_run_id:$id limit:$limit){state message count first{task_run_id task_id map_index end_time}}}" };

export const RunDurations: Doc<RunDurationsQuery, RunDurationsQueryVariables> = { name: "RunDurations", kind: "query", text: "query RunDurations($group:uuid!){flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_eq:\"Success\"}}order_by:[{start_time:desc}]limit:20){id start_time end_time}}" };

export const RunWhy: Doc<RunWhyQuery, RunWhyQueryVariables> = { name: "RunWhy", kind: "query", text: "query RunWhy($id:UUID!){why_not_running(flow_run_id:$id){ready state queue_position causes{code text name limit until holders{flow_run_id flow_run_name taken_time}agents{id name lacking last_queried}}}}" };

export const RunFlow: Doc<RunFlowQuery, RunFlowQueryVariables> = { name: "RunFlow", kind: "query", text: "query RunFlow($flow:uuid!){flow_by_pk(id:$flow){id name version parameters flow_group{id default_parameters}project{name}}}" };

export const RunArtifacts: Doc<RunArtifactsQuery, RunArtifactsQueryVariables> = { name: "RunArtifacts", kind: "query", text: "query RunArtifacts($id:uuid!$limit:Int!){task_run_artifact(where:{task_run:{flow_run_id:{_eq:$id}}}order_by:[{created:asc}]limit:$limit){id kind data created task_run{id name map_index task{name}}}}" };

export const RunArtifactCount: Doc<RunArtifactCountQuery, RunArtifactCountQueryVariables> = { name: "RunArtifactCount", kind: "query", text: "query RunArtifactCount($id:uuid!){task_run_artifact_aggregate(where:{task_run:{flow_run_id:{_eq:$id}}}){aggregate{count}}}" };

export const RunState: Doc<RunStateQuery, RunStateQueryVariables> = { name: "RunState", kind: "query", text: "query RunState($id:uuid!){flow_run_by_pk(id:$id){serialized_state}}" };

export const LogPage: Doc<LogPageQuery, LogPageQueryVariables> = { name: "LogPage", kind: "query", text: "query LogPage($where:log_bool_exp!$order:[log_order_by!]!$limit:Int!){log(where:$where order_by:$order limit:$limit){id seq timestamp level name message task_run_id}}" };

export const LogHits: Doc<LogHitsQuery, LogHitsQueryVariables> = { name: "LogHits", kind: "query", text: "query LogHits($where:log_bool_exp!$order:[log_order_by!]!$limit:Int!){log(where:$where order_by:$order limit:$limit){id seq timestamp}}" };

export const LogVolume: Doc<LogVolumeQuery, LogVolumeQueryVariables> = { name: "LogVolume", kind: "query", text: "query LogVolume($id:UUID!$where:log_bool_exp$buckets:Int!){log_volume(flow_run_id:$id where:$where buckets:$buckets){from to total counts buckets{time total counts}}}" };

export const RestartRuns: Doc<RestartRunsMutation, RestartRunsMutationVariables> = { name: "RestartRuns", kind: "mutation", text: "mutation RestartRuns($input:restart_flow_runs_input!){restart_flow_runs(input:$input){flow_runs{flow_run_id restarted state task_runs code reason}}}" };

export const SetRunStates: Doc<SetRunStatesMutation, SetRunStatesMutationVariables> = { name: "SetRunStates", kind: "mutation", text: "mutation SetRunStates($states:[set_flow_run_state_input!]!){set_flow_run_states(input:{states:$states}){states{id status message}}}" };

export const SetTaskRunStates: Doc<SetTaskRunStatesMutation, SetTaskRunStatesMutationVariables> = { name: "SetTaskRunStates", kind: "mutation", text: "mutation SetTaskRunStates($states:[set_task_run_state_input!]!){set_task_run_states(input:{states:$states}){states{id status message}}}" };

export const CancelRun: Doc<CancelRunMutation, CancelRunMutationVariables> = { name: "CancelRun", kind: "mutation", text: "mutation CancelRun($id:UUID!){cancel_flow_run(input:{flow_run_id:$id}){state}}" };

export const RenameRun: Doc<RenameRunMutation, RenameRunMutationVariables> = { name: "RenameRun", kind: "mutation", text: "mutation RenameRun($id:UUID!$name:String!){set_flow_run_name(input:{flow_run_id:$id name:$name}){success error}}" };

export const SetRunPriority: Doc<SetRunPriorityMutation, SetRunPriorityMutationVariables> = { name: "SetRunPriority", kind: "mutation", text: "mutation SetRunPriority($id:UUID!$priority:Int!){set_flow_run_priority(input:{flow_run_id:$id priority:$priority}){success error}}" };

export const LabelRun: Doc<LabelRunMutation, LabelRunMutationVariables> = { name: "LabelRun", kind: "mutation", text: "mutation LabelRun($id:UUID!$labels:[String!]!){set_flow_run_labels(input:{flow_run_id:$id labels:$labels}){success error}}" };

export const DeleteRun: Doc<DeleteRunMutation, DeleteRunMutationVariables> = { name: "DeleteRun", kind: "mutation", text: "mutation DeleteRun($id:UUID!){delete_flow_run(input:{flow_run_id:$id}){success error}}" };
