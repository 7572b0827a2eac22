// Written by codegen.js from queue.graphql; not by hand.
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

export type Set_Flow_Run_State_Input = {
  flow_run_id: string;
  version?: number | null | undefined;
  state: unknown;
  id?: string | null | undefined;
};

export type QueueRunsSubscriptionVariables = Exact<{
  before: string;
  limit: number;
}>;


export type QueueRunsSubscription = { flow_run: Array<{ id: string, name: string | null, state: string | null, state_message: string | null, state_start_time: string | null, scheduled_start_time: string, labels: unknown, agent_id: string | null, flow: { id: string, name: string, flow_group_id: string } }> };

export type QueueNextQueryVariables = Exact<{
  after: string;
}>;


export type QueueNextQuery = { flow_run: Array<{ id: string, name: string | null, scheduled_start_time: string, labels: unknown, flow: { name: string, flow_group_id: string } }> };

export type QueueStateQueryVariables = Exact<{
  id: string;
}>;


export type QueueStateQuery = { tenant_by_pk: { settings: unknown } | null, agent: Array<{ id: string, name: string | null, labels: unknown, last_queried: string | null }> };

export type QueueWhyQueryVariables = Exact<{
  id: string;
}>;


export type QueueWhyQuery = { why_not_running: { ready: boolean, reasons: Array<string>, queue_position: number | null, causes: Array<{ code: string, text: string, name: string | null, limit: number | null, holders: Array<{ flow_run_id: string | null, flow_run_name: string | null, taken_time: string | null }> }> } | null };

export type LateCountQueryVariables = Exact<{
  where: Flow_Run_Bool_Exp;
}>;


export type LateCountQuery = { flow_run_aggregate: { aggregate: { count: number } | null } };

export type StartNowMutationVariables = Exact<{
  states: Array<Set_Flow_Run_State_Input> | Set_Flow_Run_State_Input;
}>;


export type StartNowMutation = { set_flow_run_states: { states: Array<{ id: string | null, status: string | null, message: string | null }> | null } | null };

export type PauseQueueMutationVariables = Exact<{ [key: string]: never; }>;


export type PauseQueueMutation = { pause_tenant_work_queue: { success: boolean | null, error: string | null } | null };

export type ResumeQueueMutationVariables = Exact<{ [key: string]: never; }>;


export type ResumeQueueMutation = { resume_tenant_work_queue: { success: boolean | null, error: string | null } | null };

export const QueueRuns: Doc<QueueRunsSubscription, QueueRunsSubscriptionVariables> = { name: "QueueRuns", kind: "subscription", text: "subscription QueueRuns($before:timestamptz!$limit:Int!){flow_run(where:{state:{_in:[\"Scheduled\" \"Queued\" \"Submitted\" \"Retrying\"]}state_start_time:{_lte:$before}}order_by:[{state_start_time:asc}{id:asc}]limit:$limit){id name state state_message state_start_time scheduled_start_time labels agent_id flow{id name flow_group_id}}}" };

export const QueueNext: Doc<QueueNextQuery, QueueNextQueryVariables> = { name: "QueueNext", kind: "query", text: "query QueueNext($after:timestamptz!){flow_run(where:{state:{_eq:\"Scheduled\"}scheduled_start_time:{_gt:$after}}order_by:[{scheduled_start_time:asc}]limit:10){id name scheduled_start_time labels flow{name flow_group_id}}}" };

export const QueueState: Doc<QueueStateQuery, QueueStateQueryVariables> = { name: "QueueState", kind: "query", text: "query QueueState($id:uuid!){tenant_by_pk(id:$id){settings}agent(order_by:[{name:asc}]limit:200){id name labels last_queried}}" };

export const QueueWhy: Doc<QueueWhyQuery, QueueWhyQueryVariables> = { name: "QueueWhy", kind: "query", text: "query QueueWhy($id:UUID!){why_not_running(flow_run_id:$id){ready reasons queue_position causes{code text name limit holders{flow_run_id flow_run_name taken_time}}}}" };

export const LateCount: Doc<LateCountQuery, LateCountQueryVariables> = { name: "LateCount", kind: "query", text: "query LateCount($where:flow_run_bool_exp!){flow_run_aggregate(where:$where){aggregate{count}}}" };

export const StartNow: Doc<StartNowMutation, StartNowMutationVariables> = { name: "StartNow", kind: "mutation", text: "mutation StartNow($states:[set_flow_run_state_input!]!){set_flow_run_states(input:{states:$states}){states{id status message}}}" };

export const PauseQueue: Doc<PauseQueueMutation, PauseQueueMutationVariables> = { name: "PauseQueue", kind: "mutation", text: "mutation PauseQueue{pause_tenant_work_queue(input:{}){success error}}" };

export const ResumeQueue: Doc<ResumeQueueMutation, ResumeQueueMutationVariables> = { name: "ResumeQueue", kind: "mutation", text: "mutation ResumeQueue{resume_tenant_work_queue(input:{}){success error}}" };
