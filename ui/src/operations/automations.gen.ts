// Written by codegen.js from automations.graphql; not by hand.
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

export type Delivery_Bool_Exp = {
  _and?: Array<Delivery_Bool_Exp> | null | undefined;
  _not?: Delivery_Bool_Exp | null | undefined;
  _or?: Array<Delivery_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  cloud_hook_id?: Uuid_Comparison_Exp | null | undefined;
  action_id?: Uuid_Comparison_Exp | null | undefined;
  outcome?: String_Comparison_Exp | null | undefined;
  attempts?: Int_Comparison_Exp | null | undefined;
  next_time?: Timestamptz_Comparison_Exp | null | undefined;
  reason?: String_Comparison_Exp | null | undefined;
  event_type?: String_Comparison_Exp | null | undefined;
  subject?: String_Comparison_Exp | null | undefined;
  state?: String_Comparison_Exp | null | undefined;
  flow_run_id?: Uuid_Comparison_Exp | null | undefined;
  cloud_hook?: Cloud_Hook_Bool_Exp | null | undefined;
  action?: Action_Bool_Exp | null | undefined;
  flow_run?: Flow_Run_Bool_Exp | null | undefined;
};

export type Cloud_Hook_Bool_Exp = {
  _and?: Array<Cloud_Hook_Bool_Exp> | null | undefined;
  _not?: Cloud_Hook_Bool_Exp | null | undefined;
  _or?: Array<Cloud_Hook_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  states?: Jsonb_Comparison_Exp | null | undefined;
  type?: String_Comparison_Exp | null | undefined;
  config?: Jsonb_Comparison_Exp | null | undefined;
  active?: Boolean_Comparison_Exp | null | undefined;
  version_group_id?: String_Comparison_Exp | null | undefined;
  deliveries?: Delivery_Bool_Exp | null | undefined;
};

export type Action_Bool_Exp = {
  _and?: Array<Action_Bool_Exp> | null | undefined;
  _not?: Action_Bool_Exp | null | undefined;
  _or?: Array<Action_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  name?: String_Comparison_Exp | null | undefined;
  action_type?: String_Comparison_Exp | null | undefined;
  action_config?: Jsonb_Comparison_Exp | null | undefined;
  deliveries?: Delivery_Bool_Exp | null | undefined;
  hooks?: Hook_Bool_Exp | null | undefined;
};

export type Hook_Bool_Exp = {
  _and?: Array<Hook_Bool_Exp> | null | undefined;
  _not?: Hook_Bool_Exp | null | undefined;
  _or?: Array<Hook_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  event_type?: String_Comparison_Exp | null | undefined;
  event_tags?: Jsonb_Comparison_Exp | null | undefined;
  action_id?: Uuid_Comparison_Exp | null | undefined;
  action?: Action_Bool_Exp | null | undefined;
};

export type Create_Cloud_Hook_Input = {
  tenant_id?: string | null | undefined;
  type: Cloud_Hook_Type;
  name?: string | null | undefined;
  version_group_id?: string | null | undefined;
  states: Array<string>;
  config?: unknown;
};

export type Cloud_Hook_Type =
  | 'PAGERDUTY'
  | 'SLACK_WEBHOOK'
  | 'TWILIO'
  | 'WEBHOOK'
  | 'PREFECT_MESSAGE';

export type Update_Cloud_Hook_Input = {
  cloud_hook_id: string;
  name?: string | null | undefined;
  version_group_id?: string | null | undefined;
  states?: Array<string> | null | undefined;
  config?: unknown;
  seen_updated?: string | null | undefined;
};

export type Create_Action_Input = {
  name?: string | null | undefined;
  action_type: Action_Type;
  action_config?: unknown;
  tenant_id?: string | null | undefined;
};

export type Action_Type =
  | 'WEBHOOK'
  | 'SLACK'
  | 'TEAMS'
  | 'PAGERDUTY'
  | 'TWILIO'
  | 'EMAIL'
  | 'MESSAGE'
  | 'CANCEL_RUN'
  | 'START_RUN'
  | 'PAUSE_SCHEDULE';

export type Create_Flow_Run_State_Changed_Hook_Input = {
  states: Array<string>;
  flow_group_ids?: Array<string> | null | undefined;
  action_id: string;
  tenant_id?: string | null | undefined;
};

export type Create_Agent_Sla_Failed_Hook_Input = {
  duration_seconds: number;
  agent_ids?: Array<string> | null | undefined;
  action_id: string;
  tenant_id?: string | null | undefined;
};

export type Create_Flow_Sla_Failed_Hook_Input = {
  sla_config_id: string;
  action_id: string;
  tenant_id?: string | null | undefined;
};

export type Create_Flow_Sla_Config_Input = {
  name?: string | null | undefined;
  kind: Flow_Sla_Kind;
  duration_seconds: number;
  tenant_id?: string | null | undefined;
};

export type Flow_Sla_Kind =
  | 'SCHEDULED_NOT_STARTED'
  | 'STARTED_NOT_FINISHED';

export type Create_Flow_Group_Sla_Input = {
  sla_config_id: string;
  flow_group_id: string;
  tenant_id?: string | null | undefined;
};

export type AllAutomationsQueryVariables = Exact<{ [key: string]: never; }>;


export type AllAutomationsQuery = { hook: Array<{ id: string, event_type: string, event_tags: unknown, action_id: string, created: string }>, action: Array<{ id: string, name: string | null, action_type: string, created: string, deliveries: Array<{ id: string, outcome: string, updated: string }> }>, flow_sla_config: Array<{ id: string, name: string | null, kind: string, duration_seconds: number, flow_groups: Array<{ flow_group_id: string }> }>, flow_group: Array<{ id: string, name: string | null, flows: Array<{ name: string, version_group_id: string | null }> }>, agent: Array<{ id: string, name: string | null }> };

export type CloudHooksQueryVariables = Exact<{
  where: Cloud_Hook_Bool_Exp;
}>;


export type CloudHooksQuery = { cloud_hook: Array<{ id: string, name: string | null, type: string, states: unknown, active: boolean, version_group_id: string | null, updated: string, account_sid: unknown, messaging_service_sid: unknown, to: unknown, severity: unknown, deliveries: Array<{ id: string, outcome: string, updated: string }> }> };

export type DeliveriesQueryVariables = Exact<{
  where: Delivery_Bool_Exp;
}>;


export type DeliveriesQuery = { delivery: Array<{ id: string, outcome: string, attempts: number, next_time: string | null, reason: string | null, event_type: string | null, subject: string | null, state: string | null, flow_run_id: string | null, created: string, updated: string, flow_run: { id: string } | null }> };

export type HookFlowsQueryVariables = Exact<{ [key: string]: never; }>;


export type HookFlowsQuery = { flow_group: Array<{ id: string, name: string | null, flows: Array<{ name: string, version_group_id: string | null }> }> };

export type MakeActionMutationVariables = Exact<{
  input: Create_Action_Input;
}>;


export type MakeActionMutation = { create_action: { id: string | null } | null };

export type DropActionMutationVariables = Exact<{
  id: string;
}>;


export type DropActionMutation = { delete_action: { success: boolean | null, error: string | null } | null };

export type TestActionMutationVariables = Exact<{
  id: string;
}>;


export type TestActionMutation = { test_action: { success: boolean | null, error: string | null } | null };

export type HookOnStatesMutationVariables = Exact<{
  input: Create_Flow_Run_State_Changed_Hook_Input;
}>;


export type HookOnStatesMutation = { create_flow_run_state_changed_hook: { id: string | null } | null };

export type HookOnAgentMutationVariables = Exact<{
  input: Create_Agent_Sla_Failed_Hook_Input;
}>;


export type HookOnAgentMutation = { create_agent_sla_failed_hook: { id: string | null } | null };

export type HookOnSlaMutationVariables = Exact<{
  input: Create_Flow_Sla_Failed_Hook_Input;
}>;


export type HookOnSlaMutation = { create_flow_sla_failed_hook: { id: string | null } | null };

export type DropHookMutationVariables = Exact<{
  id: string;
}>;


export type DropHookMutation = { delete_hook: { success: boolean | null, error: string | null } | null };

export type MakeSlaMutationVariables = Exact<{
  input: Create_Flow_Sla_Config_Input;
}>;


export type MakeSlaMutation = { create_flow_sla_config: { id: string | null } | null };

export type HoldToSlaMutationVariables = Exact<{
  input: Create_Flow_Group_Sla_Input;
}>;


export type HoldToSlaMutation = { create_flow_group_sla: { id: string | null } | null };

export type MakeCloudHookMutationVariables = Exact<{
  input: Create_Cloud_Hook_Input;
}>;


export type MakeCloudHookMutation = { create_cloud_hook: { id: string | null } | null };

export type ChangeCloudHookMutationVariables = Exact<{
  input: Update_Cloud_Hook_Input;
}>;


export type ChangeCloudHookMutation = { update_cloud_hook: { success: boolean | null, error: string | null } | null };

export type DropCloudHookMutationVariables = Exact<{
  id: string;
}>;


export type DropCloudHookMutation = { delete_cloud_hook: { success: boolean | null, error: string | null } | null };

export type CloudHookOnMutationVariables = Exact<{
  id: string;
}>;


export type CloudHookOnMutation = { set_cloud_hook_active: { success: boolean | null, error: string | null } | null };

export type CloudHookOffMutationVariables = Exact<{
  id: string;
}>;


export type CloudHookOffMutation = { set_cloud_hook_inactive: { success: boolean | null, error: string | null } | null };

export type TestCloudHookMutationVariables = Exact<{
  id: string;
}>;


export type TestCloudHookMutation = { test_cloud_hook: { success: boolean | null, error: string | null } | null };

export const AllAutomations: Doc<AllAutomationsQuery, AllAutomationsQueryVariables> = { name: "AllAutomations", kind: "query", text: "query AllAutomations{hook(order_by:[{created:asc}]limit:500){id event_type event_tags action_id created}action(order_by:[{created:asc}]limit:500){id name action_type created deliveries(order_by:[{updated:desc}{id:desc}]limit:1){id outcome updated}}flow_sla_config(order_by:[{created:asc}]limit:500){id name kind duration_seconds flow_groups{flow_group_id}}flow_group(where:{flows:{archived:{_eq:false}}}order_by:[{name:asc}]limit:1000){id name flows(order_by:[{version:desc}]limit:1){name version_group_id}}agent(order_by:[{name:asc}]limit:200){id name}}" };

export const CloudHooks: Doc<CloudHooksQuery, CloudHooksQueryVariables> = { name: "CloudHooks", kind: "query", text: "query CloudHooks($where:cloud_hook_bool_exp!){cloud_hook(where:$where order_by:[{created:asc}]limit:500){id name type states account_sid:config(path:\"account_sid\")messaging_service_sid:config(path:\"messaging_service_sid\")to:config(path:\"to\")severity:config(path:\"severity\")active version_group_id updated deliveries(order_by:[{updated:desc}{id:desc}]limit:1){id outcome updated}}}" };

export const Deliveries: Doc<DeliveriesQuery, DeliveriesQueryVariables> = { name: "Deliveries", kind: "query", text: "query Deliveries($where:delivery_bool_exp!){delivery(where:$where order_by:[{updated:desc}{id:desc}]limit:20){id outcome attempts next_time reason event_type subject state flow_run_id flow_run{id}created updated}}" };

export const HookFlows: Doc<HookFlowsQuery, HookFlowsQueryVariables> = { name: "HookFlows", kind: "query", text: "query HookFlows{flow_group(where:{flows:{archived:{_eq:false}}}order_by:[{name:asc}]limit:1000){id name flows(order_by:[{version:desc}]limit:1){name version_group_id}}}" };

export const MakeAction: Doc<MakeActionMutation, MakeActionMutationVariables> = { name: "MakeAction", kind: "mutation", text: "mutation MakeAction($input:create_action_input!){create_action(input:$input){id}}" };

export const DropAction: Doc<DropActionMutation, DropActionMutationVariables> = { name: "DropAction", kind: "mutation", text: "mutation DropAction($id:UUID!){delete_action(input:{action_id:$id}){success error}}" };

export const TestAction: Doc<TestActionMutation, TestActionMutationVariables> = { name: "TestAction", kind: "mutation", text: "mutation TestAction($id:UUID!){test_action(input:{action_id:$id}){success error}}" };

export const HookOnStates: Doc<HookOnStatesMutation, HookOnStatesMutationVariables> = { name: "HookOnStates", kind: "mutation", text: "mutation HookOnStates($input:create_flow_run_state_changed_hook_input!){create_flow_run_state_changed_hook(input:$input){id}}" };

export const HookOnAgent: Doc<HookOnAgentMutation, HookOnAgentMutationVariables> = { name: "HookOnAgent", kind: "mutation", text: "mutation HookOnAgent($input:create_agent_sla_failed_hook_input!){create_agent_sla_failed_hook(input:$input){id}}" };

export const HookOnSla: Doc<HookOnSlaMutation, HookOnSlaMutationVariables> = { name: "HookOnSla", kind: "mutation", text: "mutation HookOnSla($input:create_flow_sla_failed_hook_input!){create_flow_sla_failed_hook(input:$input){id}}" };

export const DropHook: Doc<DropHookMutation, DropHookMutationVariables> = { name: "DropHook", kind: "mutation", text: "mutation DropHook($id:UUID!){delete_hook(input:{hook_id:$id}){success error}}" };

export const MakeSla: Doc<MakeSlaMutation, MakeSlaMutationVariables> = { name: "MakeSla", kind: "mutation", text: "mutation MakeSla($input:create_flow_sla_config_input!){create_flow_sla_config(input:$input){id}}" };

export const HoldToSla: Doc<HoldToSlaMutation, HoldToSlaMutationVariables> = { name: "HoldToSla", kind: "mutation", text: "mutation HoldToSla($input:create_flow_group_sla_input!){create_flow_group_sla(input:$input){id}}" };

export const MakeCloudHook: Doc<MakeCloudHookMutation, MakeCloudHookMutationVariables> = { name: "MakeCloudHook", kind: "mutation", text: "mutation MakeCloudHook($input:create_cloud_hook_input!){create_cloud_hook(input:$input){id}}" };

export const ChangeCloudHook: Doc<ChangeCloudHookMutation, ChangeCloudHookMutationVariables> = { name: "ChangeCloudHook", kind: "mutation", text: "mutation ChangeCloudHook($input:update_cloud_hook_input!){update_cloud_hook(input:$input){success error}}" };

export const DropCloudHook: Doc<DropCloudHookMutation, DropCloudHookMutationVariables> = { name: "DropCloudHook", kind: "mutation", text: "mutation DropCloudHook($id:UUID!){delete_cloud_hook(input:{cloud_hook_id:$id}){success error}}" };

export const CloudHookOn: Doc<CloudHookOnMutation, CloudHookOnMutationVariables> = { name: "CloudHookOn", kind: "mutation", text: "mutation CloudHookOn($id:UUID!){set_cloud_hook_active(input:{cloud_hook_id:$id}){success error}}" };

export const CloudHookOff: Doc<CloudHookOffMutation, CloudHookOffMutationVariables> = { name: "CloudHookOff", kind: "mutation", text: "mutation CloudHookOff($id:UUID!){set_cloud_hook_inactive(input:{cloud_hook_id:$id}){success error}}" };

export const TestCloudHook: Doc<TestCloudHookMutation, TestCloudHookMutationVariables> = { name: "TestCloudHook", kind: "mutation", text: "mutation TestCloudHook($id:UUID!){test_cloud_hook(input:{cloud_hook_id:$id}){success error}}" };
