// Written by codegen.js from home.graphql; not by hand.
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

export type Interval_Comparison_Exp = {
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

export type Flow_Bool_Exp = {
  _and?: Array<Flow_Bool_Exp> | null | undefined;
  _not?: Flow_Bool_Exp | null | undefined;
  _or?: Array<Flow_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  version?: Int_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  description?: String_Comparison_Exp | null | undefined;
  environment?: Jsonb_Comparison_Exp | null | undefined;
  run_config?: Jsonb_Comparison_Exp | null | undefined;
  parameters?: Jsonb_Comparison_Exp | null | undefined;
  project_id?: Uuid_Comparison_Exp | null | undefined;
  archived?: Boolean_Comparison_Exp | null | undefined;
  version_group_id?: String_Comparison_Exp | null | undefined;
  storage?: Jsonb_Comparison_Exp | null | undefined;
  core_version?: String_Comparison_Exp | null | undefined;
  settings?: Jsonb_Comparison_Exp | null | undefined;
  serialized_flow?: Jsonb_Comparison_Exp | null | undefined;
  schedule?: Jsonb_Comparison_Exp | null | undefined;
  is_schedule_active?: Boolean_Comparison_Exp | null | undefined;
  flow_group_id?: Uuid_Comparison_Exp | null | undefined;
  tenant?: Tenant_Bool_Exp | null | undefined;
  flow_group?: Flow_Group_Bool_Exp | null | undefined;
  project?: Project_Bool_Exp | null | undefined;
  edges?: Edge_Bool_Exp | null | undefined;
  flow_runs?: Flow_Run_Bool_Exp | null | undefined;
  tasks?: Task_Bool_Exp | null | undefined;
};

export type Tenant_Bool_Exp = {
  _and?: Array<Tenant_Bool_Exp> | null | undefined;
  _not?: Tenant_Bool_Exp | null | undefined;
  _or?: Array<Tenant_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  slug?: String_Comparison_Exp | null | undefined;
  info?: Jsonb_Comparison_Exp | null | undefined;
  settings?: Jsonb_Comparison_Exp | null | undefined;
  flow_groups?: Flow_Group_Bool_Exp | null | undefined;
  flows?: Flow_Bool_Exp | null | undefined;
  projects?: Project_Bool_Exp | null | undefined;
};

export type Flow_Group_Bool_Exp = {
  _and?: Array<Flow_Group_Bool_Exp> | null | undefined;
  _not?: Flow_Group_Bool_Exp | null | undefined;
  _or?: Array<Flow_Group_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  description?: String_Comparison_Exp | null | undefined;
  labels?: Jsonb_Comparison_Exp | null | undefined;
  schedule?: Jsonb_Comparison_Exp | null | undefined;
  settings?: Jsonb_Comparison_Exp | null | undefined;
  default_parameters?: Jsonb_Comparison_Exp | null | undefined;
  run_config?: Jsonb_Comparison_Exp | null | undefined;
  priority?: Int_Comparison_Exp | null | undefined;
  tenant?: Tenant_Bool_Exp | null | undefined;
  flows?: Flow_Bool_Exp | null | undefined;
  flow_runs?: Flow_Run_Bool_Exp | null | undefined;
};

export type Flow_Run_Bool_Exp = {
  _and?: Array<Flow_Run_Bool_Exp> | null | undefined;
  _not?: Flow_Run_Bool_Exp | null | undefined;
  _or?: Array<Flow_Run_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  flow_id?: Uuid_Comparison_Exp | null | undefined;
  parameters?: Jsonb_Comparison_Exp | null | undefined;
  labels?: Jsonb_Comparison_Exp | null | undefined;
  run_config?: Jsonb_Comparison_Exp | null | undefined;
  context?: Jsonb_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  idempotency_key?: String_Comparison_Exp | null | undefined;
  scheduled_start_time?: Timestamptz_Comparison_Exp | null | undefined;
  auto_scheduled?: Boolean_Comparison_Exp | null | undefined;
  heartbeat?: Timestamptz_Comparison_Exp | null | undefined;
  start_time?: Timestamptz_Comparison_Exp | null | undefined;
  end_time?: Timestamptz_Comparison_Exp | null | undefined;
  version?: Int_Comparison_Exp | null | undefined;
  state?: String_Comparison_Exp | null | undefined;
  state_timestamp?: Timestamptz_Comparison_Exp | null | undefined;
  state_message?: String_Comparison_Exp | null | undefined;
  state_result?: Jsonb_Comparison_Exp | null | undefined;
  state_start_time?: Timestamptz_Comparison_Exp | null | undefined;
  serialized_state?: Jsonb_Comparison_Exp | null | undefined;
  times_resurrected?: Int_Comparison_Exp | null | undefined;
  agent_id?: Uuid_Comparison_Exp | null | undefined;
  event_seq?: Int_Comparison_Exp | null | undefined;
  run_config_role?: String_Comparison_Exp | null | undefined;
  flow_group_id?: Uuid_Comparison_Exp | null | undefined;
  priority?: Int_Comparison_Exp | null | undefined;
  tenant?: Tenant_Bool_Exp | null | undefined;
  agent?: Agent_Bool_Exp | null | undefined;
  flow?: Flow_Bool_Exp | null | undefined;
  logs?: Log_Bool_Exp | null | undefined;
  states?: Flow_Run_State_Bool_Exp | null | undefined;
  task_runs?: Task_Run_Bool_Exp | null | undefined;
};

export type Agent_Bool_Exp = {
  _and?: Array<Agent_Bool_Exp> | null | undefined;
  _not?: Agent_Bool_Exp | null | undefined;
  _or?: Array<Agent_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  agent_config_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  type?: String_Comparison_Exp | null | undefined;
  core_version?: String_Comparison_Exp | null | undefined;
  labels?: Jsonb_Comparison_Exp | null | undefined;
  last_queried?: Timestamptz_Comparison_Exp | null | undefined;
  agent_config?: Agent_Config_Bool_Exp | null | undefined;
  flow_runs?: Flow_Run_Bool_Exp | null | undefined;
};

export type Agent_Config_Bool_Exp = {
  _and?: Array<Agent_Config_Bool_Exp> | null | undefined;
  _not?: Agent_Config_Bool_Exp | null | undefined;
  _or?: Array<Agent_Config_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  settings?: Jsonb_Comparison_Exp | null | undefined;
  agents?: Agent_Bool_Exp | null | undefined;
};

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

export type Flow_Run_State_Bool_Exp = {
  _and?: Array<Flow_Run_State_Bool_Exp> | null | undefined;
  _not?: Flow_Run_State_Bool_Exp | null | undefined;
  _or?: Array<Flow_Run_State_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  flow_run_id?: Uuid_Comparison_Exp | null | undefined;
  timestamp?: Timestamptz_Comparison_Exp | null | undefined;
  state?: String_Comparison_Exp | null | undefined;
  message?: String_Comparison_Exp | null | undefined;
  result?: Jsonb_Comparison_Exp | null | undefined;
  start_time?: Timestamptz_Comparison_Exp | null | undefined;
  serialized_state?: Jsonb_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  version?: Int_Comparison_Exp | null | undefined;
  flow_run?: Flow_Run_Bool_Exp | null | undefined;
};

export type Task_Run_Bool_Exp = {
  _and?: Array<Task_Run_Bool_Exp> | null | undefined;
  _not?: Task_Run_Bool_Exp | null | undefined;
  _or?: Array<Task_Run_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  flow_run_id?: Uuid_Comparison_Exp | null | undefined;
  task_id?: Uuid_Comparison_Exp | null | undefined;
  map_index?: Int_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  heartbeat?: Timestamptz_Comparison_Exp | null | undefined;
  start_time?: Timestamptz_Comparison_Exp | null | undefined;
  end_time?: Timestamptz_Comparison_Exp | null | undefined;
  version?: Int_Comparison_Exp | null | undefined;
  state?: String_Comparison_Exp | null | undefined;
  state_timestamp?: Timestamptz_Comparison_Exp | null | undefined;
  state_message?: String_Comparison_Exp | null | undefined;
  state_result?: Jsonb_Comparison_Exp | null | undefined;
  state_start_time?: Timestamptz_Comparison_Exp | null | undefined;
  serialized_state?: Jsonb_Comparison_Exp | null | undefined;
  cache_key?: String_Comparison_Exp | null | undefined;
  tenant?: Tenant_Bool_Exp | null | undefined;
  flow_run?: Flow_Run_Bool_Exp | null | undefined;
  task?: Task_Bool_Exp | null | undefined;
  logs?: Log_Bool_Exp | null | undefined;
  states?: Task_Run_State_Bool_Exp | null | undefined;
};

export type Task_Bool_Exp = {
  _and?: Array<Task_Bool_Exp> | null | undefined;
  _not?: Task_Bool_Exp | null | undefined;
  _or?: Array<Task_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  flow_id?: Uuid_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  slug?: String_Comparison_Exp | null | undefined;
  description?: String_Comparison_Exp | null | undefined;
  type?: String_Comparison_Exp | null | undefined;
  max_retries?: Int_Comparison_Exp | null | undefined;
  retry_delay?: Interval_Comparison_Exp | null | undefined;
  trigger?: String_Comparison_Exp | null | undefined;
  mapped?: Boolean_Comparison_Exp | null | undefined;
  auto_generated?: Boolean_Comparison_Exp | null | undefined;
  cache_key?: String_Comparison_Exp | null | undefined;
  is_root_task?: Boolean_Comparison_Exp | null | undefined;
  is_terminal_task?: Boolean_Comparison_Exp | null | undefined;
  is_reference_task?: Boolean_Comparison_Exp | null | undefined;
  tags?: Jsonb_Comparison_Exp | null | undefined;
  flow?: Flow_Bool_Exp | null | undefined;
  task_runs?: Task_Run_Bool_Exp | null | undefined;
  upstream_edges?: Edge_Bool_Exp | null | undefined;
  downstream_edges?: Edge_Bool_Exp | null | undefined;
};

export type Edge_Bool_Exp = {
  _and?: Array<Edge_Bool_Exp> | null | undefined;
  _not?: Edge_Bool_Exp | null | undefined;
  _or?: Array<Edge_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  flow_id?: Uuid_Comparison_Exp | null | undefined;
  upstream_task_id?: Uuid_Comparison_Exp | null | undefined;
  downstream_task_id?: Uuid_Comparison_Exp | null | undefined;
  key?: String_Comparison_Exp | null | undefined;
  mapped?: Boolean_Comparison_Exp | null | undefined;
  flow?: Flow_Bool_Exp | null | undefined;
  upstream_task?: Task_Bool_Exp | null | undefined;
  downstream_task?: Task_Bool_Exp | null | undefined;
};

export type Task_Run_State_Bool_Exp = {
  _and?: Array<Task_Run_State_Bool_Exp> | null | undefined;
  _not?: Task_Run_State_Bool_Exp | null | undefined;
  _or?: Array<Task_Run_State_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  task_run_id?: Uuid_Comparison_Exp | null | undefined;
  timestamp?: Timestamptz_Comparison_Exp | null | undefined;
  state?: String_Comparison_Exp | null | undefined;
  message?: String_Comparison_Exp | null | undefined;
  result?: Jsonb_Comparison_Exp | null | undefined;
  start_time?: Timestamptz_Comparison_Exp | null | undefined;
  serialized_state?: Jsonb_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  version?: Int_Comparison_Exp | null | undefined;
  task_run?: Task_Run_Bool_Exp | null | undefined;
};

export type Project_Bool_Exp = {
  _and?: Array<Project_Bool_Exp> | null | undefined;
  _not?: Project_Bool_Exp | null | undefined;
  _or?: Array<Project_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  description?: String_Comparison_Exp | null | undefined;
  tenant?: Tenant_Bool_Exp | null | undefined;
  flows?: Flow_Bool_Exp | null | undefined;
};

export type Set_Task_Run_State_Input = {
  task_run_id: string;
  version?: number | null | undefined;
  state: unknown;
  flow_run_version?: number | null | undefined;
  id?: string | null | undefined;
};

export type HomeFailuresQueryVariables = Exact<{
  since: string;
}>;


export type HomeFailuresQuery = { flow_run: Array<{ id: string, name: string | null, state: string | null, state_message: string | null, start_time: string | null, end_time: string | null, scheduled_start_time: string, flow: { name: string, flow_group_id: string, project_id: string } }> };

export type NewestEndedQueryVariables = Exact<{
  groups: Array<string> | string;
}>;


export type NewestEndedQuery = { flow_group: Array<{ id: string, flows: Array<{ flow_runs: Array<{ id: string, state: string | null, start_time: string | null }> }> }> };

export type FailureReasonsQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type FailureReasonsQuery = { task_run: Array<{ flow_run_id: string, map_index: number, state_message: string | null, task: { name: string | null } }> };

export type HomePausedQueryVariables = Exact<{ [key: string]: never; }>;


export type HomePausedQuery = { task_run: Array<{ id: string, name: string | null, state_timestamp: string | null, state_message: string | null, map_index: number, task: { name: string | null }, flow_run: { id: string, name: string | null, state: string | null, flow: { name: string, project_id: string } } }> };

export type HomeLateQueryVariables = Exact<{
  before: string;
  limit: number;
}>;


export type HomeLateQuery = { flow_run: Array<{ id: string, name: string | null, scheduled_start_time: string, labels: unknown, flow: { name: string, flow_group_id: string, project_id: string } }>, flow_run_aggregate: { aggregate: { count: number } | null } };

export type WhyNotQueryVariables = Exact<{
  id: string;
}>;


export type WhyNotQuery = { why_not_running: { ready: boolean, state: string | null, reasons: Array<string> } | null };

export type HomeAgentsQueryVariables = Exact<{ [key: string]: never; }>;


export type HomeAgentsQuery = { agent: Array<{ id: string, name: string | null, labels: unknown, last_queried: string | null }> };

export type HomeUnreadQueryVariables = Exact<{ [key: string]: never; }>;


export type HomeUnreadQuery = { message_aggregate: { aggregate: { count: number } | null } };

export type HomeTroubleQueryVariables = Exact<{ [key: string]: never; }>;


export type HomeTroubleQuery = { message: Array<{ id: string, text: string | null, updated: string, content: unknown }>, cloud_hook: Array<{ id: string, name: string | null }>, action: Array<{ id: string, name: string | null, action_type: string }> };

export type HomeCountsQueryVariables = Exact<{
  where: Flow_Run_Bool_Exp;
  soon: Flow_Run_Bool_Exp;
}>;


export type HomeCountsQuery = { running: { aggregate: { count: number } | null }, upcoming: { aggregate: { count: number } | null } };

export type RunHistoryQueryVariables = Exact<{
  where: Flow_Run_Bool_Exp;
  from: string;
  to: string;
  seconds: number;
}>;


export type RunHistoryQuery = { flow_run_history: { buckets: Array<{ time: string, total: number, counts: unknown }> } | null };

export type HomeFlowsQueryVariables = Exact<{
  where: Flow_Group_Bool_Exp;
  limit: number;
}>;


export type HomeFlowsQuery = { flow_group: Array<{ id: string, name: string | null, schedule: unknown, flows: Array<{ id: string, name: string, version: number | null, archived: boolean, is_schedule_active: boolean, schedule: unknown, project: { id: string, name: string }, flow_runs: Array<{ id: string, name: string | null, state: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null }>, upcoming: Array<{ id: string, scheduled_start_time: string }> }> }>, project: Array<{ id: string, name: string }> };

export type ScheduleOnMutationVariables = Exact<{
  id: string;
}>;


export type ScheduleOnMutation = { set_schedule_active: { success: boolean | null, error: string | null } | null };

export type ScheduleOffMutationVariables = Exact<{
  id: string;
}>;


export type ScheduleOffMutation = { set_schedule_inactive: { success: boolean | null, error: string | null } | null };

export type SetTaskStateMutationVariables = Exact<{
  states: Array<Set_Task_Run_State_Input> | Set_Task_Run_State_Input;
}>;


export type SetTaskStateMutation = { set_task_run_states: { states: Array<{ id: string | null, status: string | null, message: string | null }> | null } | null };

export const HomeFailures: Doc<HomeFailuresQuery, HomeFailuresQueryVariables> = { name: "HomeFailures", kind: "query", text: "query HomeFailures($since:timestamptz!){flow_run(where:{state:{_in:[\"Failed\" \"TimedOut\" \"TriggerFailed\"]}scheduled_start_time:{_gte:$since}}order_by:[{scheduled_start_time:desc}]limit:200){id name state state_message start_time end_time scheduled_start_time flow{name flow_group_id project_id}}}" };

export const NewestEnded: Doc<NewestEndedQuery, NewestEndedQueryVariables> = { name: "NewestEnded", kind: "query", text: "query NewestEnded($groups:[uuid!]!){flow_group(where:{id:{_in:$groups}}limit:100){id flows(order_by:[{version:desc}]limit:4){flow_runs(where:{state:{_in:[\"Success\" \"Failed\" \"TimedOut\" \"TriggerFailed\" \"Cancelled\" \"Finished\"]}}order_by:[{start_time:desc_nulls_last}]limit:1){id state start_time}}}}" };

export const FailureReasons: Doc<FailureReasonsQuery, FailureReasonsQueryVariables> = { name: "FailureReasons", kind: "query", text: "query FailureReasons($ids:[uuid!]!){task_run(where:{flow_run_id:{_in:$ids}state:{_in:[\"Failed\" \"TimedOut\"]}}order_by:[{end_time:asc_nulls_last}]limit:200){flow_run_id map_index state_message task{name}}}" };

export const HomePaused: Doc<HomePausedQuery, HomePausedQueryVariables> = { name: "HomePaused", kind: "query", text: "query HomePaused{task_run(where:{state:{_eq:\"Paused\"}flow_run:{state:{_in:[\"Running\" \"Paused\" \"Scheduled\" \"Submitted\" \"Queued\" \"Retrying\"]}}}limit:50){id name state_timestamp state_message map_index task{name}flow_run{id name state flow{name project_id}}}}" };

export const HomeLate: Doc<HomeLateQuery, HomeLateQueryVariables> = { name: "HomeLate", kind: "query", text: "query HomeLate($before:timestamptz!$limit:Int!){flow_run(where:{state:{_eq:\"Scheduled\"}scheduled_start_time:{_lt:$before}}order_by:[{scheduled_start_time:asc}]limit:$limit){id name scheduled_start_time labels flow{name flow_group_id project_id}}flow_run_aggregate(where:{state:{_eq:\"Scheduled\"}scheduled_start_time:{_lt:$before}}){aggregate{count}}}" };

export const WhyNot: Doc<WhyNotQuery, WhyNotQueryVariables> = { name: "WhyNot", kind: "query", text: "query WhyNot($id:UUID!){why_not_running(flow_run_id:$id){ready state reasons}}" };

export const HomeAgents: Doc<HomeAgentsQuery, HomeAgentsQueryVariables> = { name: "HomeAgents", kind: "query", text: "query HomeAgents{agent(order_by:[{name:asc}]limit:200){id name labels last_queried}}" };

export const HomeUnread: Doc<HomeUnreadQuery, HomeUnreadQueryVariables> = { name: "HomeUnread", kind: "query", text: "query HomeUnread{message_aggregate(where:{read:{_eq:false}_or:[{type:{_is_null:true}}{type:{_neq:\"DELIVERY_FAILED\"}}]}){aggregate{count}}}" };

export const HomeTrouble: Doc<HomeTroubleQuery, HomeTroubleQueryVariables> = { name: "HomeTrouble", kind: "query", text: "query HomeTrouble{message(where:{read:{_eq:false}type:{_eq:\"DELIVERY_FAILED\"}}order_by:[{created:desc}]limit:20){id text updated content}cloud_hook(limit:500){id name}action(limit:500){id name action_type}}" };

export const HomeCounts: Doc<HomeCountsQuery, HomeCountsQueryVariables> = { name: "HomeCounts", kind: "query", text: "query HomeCounts($where:flow_run_bool_exp!$soon:flow_run_bool_exp!){running:flow_run_aggregate(where:$where){aggregate{count}}upcoming:flow_run_aggregate(where:$soon){aggregate{count}}}" };

export const RunHistory: Doc<RunHistoryQuery, RunHistoryQueryVariables> = { name: "RunHistory", kind: "query", text: "query RunHistory($where:flow_run_bool_exp!$from:DateTime!$to:DateTime!$seconds:Int!){flow_run_history(where:$where from:$from to:$to bucket_seconds:$seconds){buckets{time total counts}}}" };

export const HomeFlows: Doc<HomeFlowsQuery, HomeFlowsQueryVariables> = { name: "HomeFlows", kind: "query", text: "query HomeFlows($where:flow_group_bool_exp!$limit:Int!){flow_group(where:$where order_by:[{name:asc}{id:asc}]limit:$limit){id name schedule flows(order_by:[{version:desc}]limit:3){id name version archived is_schedule_active schedule project{id name}flow_runs(where:{state:{_neq:\"Scheduled\"}}order_by:[{scheduled_start_time:desc}]limit:12){id name state scheduled_start_time start_time end_time}upcoming:flow_runs(where:{state:{_eq:\"Scheduled\"}}order_by:[{scheduled_start_time:asc}]limit:1){id scheduled_start_time}}}project(order_by:[{name:asc}]limit:500){id name}}" };

export const ScheduleOn: Doc<ScheduleOnMutation, ScheduleOnMutationVariables> = { name: "ScheduleOn", kind: "mutation", text: "mutation ScheduleOn($id:UUID!){set_schedule_active(input:{flow_id:$id}){success error}}" };

export const ScheduleOff: Doc<ScheduleOffMutation, ScheduleOffMutationVariables> = { name: "ScheduleOff", kind: "mutation", text: "mutation ScheduleOff($id:UUID!){set_schedule_inactive(input:{flow_id:$id}){success error}}" };

export const SetTaskState: Doc<SetTaskStateMutation, SetTaskStateMutationVariables> = { name: "SetTaskState", kind: "mutation", text: "mutation SetTaskState($states:[set_task_run_state_input!]!){set_task_run_states(input:{states:$states}){states{id status message}}}" };
