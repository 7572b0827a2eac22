// Written by codegen.js from flow.graphql; not by hand.
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

export type Preview_Clock_Input = {
  cron?: string | null | undefined;
  interval?: number | null | undefined;
  parameter_defaults?: unknown;
};

export type Set_Flow_Group_Schedule_Input = {
  flow_group_id: string;
  cron_clocks?: Array<Cron_Clock_Input> | null | undefined;
  interval_clocks?: Array<Interval_Clock_Input> | null | undefined;
  timezone?: string | null | undefined;
};

export type Cron_Clock_Input = {
  cron: string;
  parameter_defaults?: unknown;
};

export type Interval_Clock_Input = {
  interval: number;
  parameter_defaults?: unknown;
};

export type FlowGroupQueryVariables = Exact<{
  id: string;
}>;


export type FlowGroupQuery = { flow_group_by_pk: { id: string, name: string | null, description: string | null, labels: unknown, schedule: unknown, settings: unknown, default_parameters: unknown, run_config: unknown, priority: number | null, flows: Array<{ id: string, name: string, version: number | null, created: string, core_version: string | null, archived: boolean, is_schedule_active: boolean, version_group_id: string | null, project: { id: string, name: string } }>, flows_aggregate: { aggregate: { count: number } | null } } | null };

export type FlowVersionsQueryVariables = Exact<{
  where: Flow_Bool_Exp;
  limit: number;
}>;


export type FlowVersionsQuery = { flow: Array<{ id: string, name: string, version: number | null, created: string, core_version: string | null, archived: boolean, is_schedule_active: boolean, version_group_id: string | null, project: { id: string, name: string } }> };

export type FlowVersionQueryVariables = Exact<{
  id: string;
}>;


export type FlowVersionQuery = { flow_by_pk: { id: string, name: string, version: number | null, description: string | null, parameters: unknown, run_config: unknown, environment: unknown, storage: unknown, settings: unknown, schedule: unknown, is_schedule_active: boolean, core_version: string | null, archived: boolean, created: string } | null };

export type FlowHistoryQueryVariables = Exact<{
  group: string;
}>;


export type FlowHistoryQuery = { flow_run: Array<{ id: string, name: string | null, state: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null }> };

export type FlowUpcomingQueryVariables = Exact<{
  group: string;
}>;


export type FlowUpcomingQuery = { flow_run: Array<{ id: string, name: string | null, scheduled_start_time: string, auto_scheduled: boolean }> };

export type FlowFailuresQueryVariables = Exact<{
  runs: Array<string> | string;
}>;


export type FlowFailuresQuery = { task_run: Array<{ id: string, state_message: string | null, flow_run_id: string, end_time: string | null, task: { id: string, name: string | null } }> };

export type FlowRunsQueryVariables = Exact<{
  where: Flow_Run_Bool_Exp;
  limit: number;
  offset: number;
}>;


export type FlowRunsQuery = { flow_run: Array<{ parameters: unknown, id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } }> };

export type FlowShapeQueryVariables = Exact<{
  flow: string;
}>;


export type FlowShapeQuery = { task: Array<{ id: string, name: string | null, slug: string | null, type: string | null, mapped: boolean, tags: unknown, max_retries: number | null, retry_delay: string | null, trigger: string | null, auto_generated: boolean, is_root_task: boolean, is_terminal_task: boolean, is_reference_task: boolean }>, edge: Array<{ upstream_task_id: string, downstream_task_id: string, key: string | null, mapped: boolean }> };

export type FlowLastRunsQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type FlowLastRunsQuery = { flow: Array<{ id: string, flow_runs: Array<{ id: string, state: string | null, start_time: string | null, scheduled_start_time: string }>, flow_runs_aggregate: { aggregate: { count: number } | null } }> };

export type FlowDoneQueryVariables = Exact<{
  flow: string;
  limit: number;
}>;


export type FlowDoneQuery = { flow_run: Array<{ id: string }> };

export type FlowTaskTimesQueryVariables = Exact<{
  runs: Array<string> | string;
}>;


export type FlowTaskTimesQuery = { task_run: Array<{ task_id: string, map_index: number, start_time: string | null, end_time: string | null }> };

export type FlowProjectsQueryVariables = Exact<{ [key: string]: never; }>;


export type FlowProjectsQuery = { project: Array<{ id: string, name: string }> };

export type SetGroupScheduleMutationVariables = Exact<{
  input: Set_Flow_Group_Schedule_Input;
}>;


export type SetGroupScheduleMutation = { set_flow_group_schedule: { success: boolean | null, error: string | null } | null };

export type DropGroupScheduleMutationVariables = Exact<{
  id: string;
}>;


export type DropGroupScheduleMutation = { delete_flow_group_schedule: { success: boolean | null, error: string | null } | null };

export type SetGroupParametersMutationVariables = Exact<{
  id: string;
  parameters: unknown;
}>;


export type SetGroupParametersMutation = { set_flow_group_default_parameters: { success: boolean | null, error: string | null } | null };

export type SetGroupPriorityMutationVariables = Exact<{
  id: string;
  priority?: number | null | undefined;
}>;


export type SetGroupPriorityMutation = { set_flow_group_priority: { success: boolean | null, error: string | null } | null };

export type SetGroupLabelsMutationVariables = Exact<{
  id: string;
  labels?: Array<string> | string | null | undefined;
}>;


export type SetGroupLabelsMutation = { set_flow_group_labels: { success: boolean | null, error: string | null } | null };

export type SetGroupConfigMutationVariables = Exact<{
  id: string;
  config?: unknown;
}>;


export type SetGroupConfigMutation = { set_flow_group_run_config: { success: boolean | null, error: string | null } | null };

export type SetGroupDescriptionMutationVariables = Exact<{
  id: string;
  text?: string | null | undefined;
}>;


export type SetGroupDescriptionMutation = { set_flow_group_description: { success: boolean | null, error: string | null } | null };

export type MoveFlowMutationVariables = Exact<{
  flow: string;
  project: string;
}>;


export type MoveFlowMutation = { update_flow_project: { id: string | null } | null };

export type ArchiveFlowMutationVariables = Exact<{
  id: string;
}>;


export type ArchiveFlowMutation = { archive_flow: { success: boolean | null, error: string | null } | null };

export type DeleteFlowMutationVariables = Exact<{
  id: string;
}>;


export type DeleteFlowMutation = { delete_flow: { success: boolean | null, error: string | null } | null };

export type DeleteFlowGroupMutationVariables = Exact<{
  id: string;
}>;


export type DeleteFlowGroupMutation = { delete_flow_group: { success: boolean | null, error: string | null } | null };

export type HeartbeatOnMutationVariables = Exact<{
  id: string;
}>;


export type HeartbeatOnMutation = { enable_flow_heartbeat: { success: boolean | null, error: string | null } | null };

export type HeartbeatOffMutationVariables = Exact<{
  id: string;
}>;


export type HeartbeatOffMutation = { disable_flow_heartbeat: { success: boolean | null, error: string | null } | null };

export type LazarusOnMutationVariables = Exact<{
  id: string;
}>;


export type LazarusOnMutation = { enable_flow_lazarus_process: { success: boolean | null, error: string | null } | null };

export type LazarusOffMutationVariables = Exact<{
  id: string;
}>;


export type LazarusOffMutation = { disable_flow_lazarus_process: { success: boolean | null, error: string | null } | null };

export type LockOnMutationVariables = Exact<{
  id: string;
}>;


export type LockOnMutation = { enable_flow_version_lock: { success: boolean | null, error: string | null } | null };

export type LockOffMutationVariables = Exact<{
  id: string;
}>;


export type LockOffMutation = { disable_flow_version_lock: { success: boolean | null, error: string | null } | null };

export type FlowPreviewQueryVariables = Exact<{
  clocks?: Array<Preview_Clock_Input> | Preview_Clock_Input | null | undefined;
  timezone?: string | null | undefined;
}>;


export type FlowPreviewQuery = { schedule_preview: { clocks: Array<{ clock: number, error: string | null, times: Array<{ time: string, local: string }> }>, clock_changes: Array<{ time: string, text: string, is_affected: boolean }> } | null };

export type FlowPreviewOfQueryVariables = Exact<{
  schedule?: unknown;
}>;


export type FlowPreviewOfQuery = { schedule_preview: { times: Array<{ time: string, local: string, clock: number }> } | null };

export type VersionRowFragment = { id: string, name: string, version: number | null, created: string, core_version: string | null, archived: boolean, is_schedule_active: boolean, version_group_id: string | null, project: { id: string, name: string } };

export type RunRowFragment = { id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } };

export const FlowGroup: Doc<FlowGroupQuery, FlowGroupQueryVariables> = { name: "FlowGroup", kind: "query", text: "query FlowGroup($id:uuid!){flow_group_by_pk(id:$id){id name description labels schedule settings default_parameters run_config priority flows(order_by:[{version:desc}]limit:100){...VersionRow}flows_aggregate{aggregate{count}}}}fragment VersionRow on flow{id name version created core_version archived is_schedule_active version_group_id project{id name}}" };

export const FlowVersions: Doc<FlowVersionsQuery, FlowVersionsQueryVariables> = { name: "FlowVersions", kind: "query", text: "query FlowVersions($where:flow_bool_exp!$limit:Int!){flow(where:$where order_by:[{version:desc}]limit:$limit){...VersionRow}}fragment VersionRow on flow{id name version created core_version archived is_schedule_active version_group_id project{id name}}" };

export const FlowVersion: Doc<FlowVersionQuery, FlowVersionQueryVariables> = { name: "FlowVersion", kind: "query", text: "query FlowVersion($id:uuid!){flow_by_pk(id:$id){id name version description parameters run_config environment storage settings schedule is_schedule_active core_version archived created}}" };

export const FlowHistory: Doc<FlowHistoryQuery, FlowHistoryQueryVariables> = { name: "FlowHistory", kind: "query", text: "query FlowHistory($group:uuid!){flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_neq:\"Scheduled\"}}order_by:[{scheduled_start_time:desc}]limit:100){id name state state_message scheduled_start_time start_time end_time}}" };

export const FlowUpcoming: Doc<FlowUpcomingQuery, FlowUpcomingQueryVariables> = { name: "FlowUpcoming", kind: "query", text: "query FlowUpcoming($group:uuid!){flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_eq:\"Scheduled\"}}order_by:[{scheduled_start_time:asc}]limit:20){id name scheduled_start_time auto_scheduled}}" };

export const FlowFailures: Doc<FlowFailuresQuery, FlowFailuresQueryVariables> = { name: "FlowFailures", kind: "query", text: "query FlowFailures($runs:[uuid!]!){task_run(where:{flow_run_id:{_in:$runs}state:{_in:[\"Failed\" \"TimedOut\"]}}order_by:[{end_time:desc}]limit:500){id state_message flow_run_id end_time task{id name}}}" };

export const FlowRuns: Doc<FlowRunsQuery, FlowRunsQueryVariables> = { name: "FlowRuns", kind: "query", text: "query FlowRuns($where:flow_run_bool_exp!$limit:Int!=50$offset:Int!=0){flow_run(where:$where order_by:[{scheduled_start_time:desc}]limit:$limit offset:$offset){...RunRow parameters}}fragment RunRow on flow_run{id name state state_timestamp state_message scheduled_start_time start_time end_time version labels auto_scheduled idempotency_key flow{id name version flow_group_id project{id name}}}" };

export const FlowShape: Doc<FlowShapeQuery, FlowShapeQueryVariables> = { name: "FlowShape", kind: "query", text: "query FlowShape($flow:uuid!){task(where:{flow_id:{_eq:$flow}}order_by:[{name:asc}]limit:5000){id name slug type mapped tags max_retries retry_delay trigger auto_generated is_root_task is_terminal_task is_reference_task}edge(where:{flow_id:{_eq:$flow}}limit:20000){upstream_task_id downstream_task_id key mapped}}" };

export const FlowLastRuns: Doc<FlowLastRunsQuery, FlowLastRunsQueryVariables> = { name: "FlowLastRuns", kind: "query", text: "query FlowLastRuns($ids:[uuid!]!){flow(where:{id:{_in:$ids}}limit:100){id flow_runs(where:{state:{_neq:\"Scheduled\"}}order_by:[{scheduled_start_time:desc}]limit:1){id state start_time scheduled_start_time}flow_runs_aggregate(where:{state:{_neq:\"Scheduled\"}}){aggregate{count}}}}" };

export const FlowDone: Doc<FlowDoneQuery, FlowDoneQueryVariables> = { name: "FlowDone", kind: "query", text: "query FlowDone($flow:uuid!$limit:Int!){flow_run(where:{flow_id:{_eq:$flow}state:{_eq:\"Success\"}}order_by:[{scheduled_start_time:desc}]limit:$limit){id}}" };

export const FlowTaskTimes: Doc<FlowTaskTimesQuery, FlowTaskTimesQueryVariables> = { name: "FlowTaskTimes", kind: "query", text: "query FlowTaskTimes($runs:[uuid!]!){task_run(where:{flow_run_id:{_in:$runs}state:{_eq:\"Success\"}map_index:{_lt:3}}order_by:[{flow_run_id:asc}]limit:10000){task_id map_index start_time end_time}}" };

export const FlowProjects: Doc<FlowProjectsQuery, FlowProjectsQueryVariables> = { name: "FlowProjects", kind: "query", text: "query FlowProjects{project(order_by:[{name:asc}]limit:1000){id name}}" };

export const SetGroupSchedule: Doc<SetGroupScheduleMutation, SetGroupScheduleMutationVariables> = { name: "SetGroupSchedule", kind: "mutation", text: "mutation SetGroupSchedule($input:set_flow_group_schedule_input!){set_flow_group_schedule(input:$input){success error}}" };

export const DropGroupSchedule: Doc<DropGroupScheduleMutation, DropGroupScheduleMutationVariables> = { name: "DropGroupSchedule", kind: "mutation", text: "mutation DropGroupSchedule($id:UUID!){delete_flow_group_schedule(input:{flow_group_id:$id}){success error}}" };

export const SetGroupParameters: Doc<SetGroupParametersMutation, SetGroupParametersMutationVariables> = { name: "SetGroupParameters", kind: "mutation", text: "mutation SetGroupParameters($id:UUID!$parameters:JSON!){set_flow_group_default_parameters(input:{flow_group_id:$id parameters:$parameters}){success error}}" };

export const SetGroupPriority: Doc<SetGroupPriorityMutation, SetGroupPriorityMutationVariables> = { name: "SetGroupPriority", kind: "mutation", text: "mutation SetGroupPriority($id:UUID!$priority:Int){set_flow_group_priority(input:{flow_group_id:$id priority:$priority}){success error}}" };

export const SetGroupLabels: Doc<SetGroupLabelsMutation, SetGroupLabelsMutationVariables> = { name: "SetGroupLabels", kind: "mutation", text: "mutation SetGroupLabels($id:UUID!$labels:[String!]){set_flow_group_labels(input:{flow_group_id:$id labels:$labels}){success error}}" };

export const SetGroupConfig: Doc<SetGroupConfigMutation, SetGroupConfigMutationVariables> = { name: "SetGroupConfig", kind: "mutation", text: "mutation SetGroupConfig($id:UUID!$config:JSON){set_flow_group_run_config(input:{flow_group_id:$id run_config:$config}){success error}}" };

export const SetGroupDescription: Doc<SetGroupDescriptionMutation, SetGroupDescriptionMutationVariables> = { name: "SetGroupDescription", kind: "mutation", text: "mutation SetGroupDescription($id:UUID!$text:String){set_flow_group_description(input:{flow_group_id:$id description:$text}){success error}}" };

export const MoveFlow: Doc<MoveFlowMutation, MoveFlowMutationVariables> = { name: "MoveFlow", kind: "mutation", text: "mutation MoveFlow($flow:UUID!$project:UUID!){update_flow_project(input:{flow_id:$flow project_id:$project}){id}}" };

export const ArchiveFlow: Doc<ArchiveFlowMutation, ArchiveFlowMutationVariables> = { name: "ArchiveFlow", kind: "mutation", text: "mutation ArchiveFlow($id:UUID!){archive_flow(input:{flow_id:$id}){success error}}" };

export const DeleteFlow: Doc<DeleteFlowMutation, DeleteFlowMutationVariables> = { name: "DeleteFlow", kind: "mutation", text: "mutation DeleteFlow($id:UUID!){delete_flow(input:{flow_id:$id}){success error}}" };

export const DeleteFlowGroup: Doc<DeleteFlowGroupMutation, DeleteFlowGroupMutationVariables> = { name: "DeleteFlowGroup", kind: "mutation", text: "mutation DeleteFlowGroup($id:UUID!){delete_flow_group(input:{flow_group_id:$id}){success error}}" };

export const HeartbeatOn: Doc<HeartbeatOnMutation, HeartbeatOnMutationVariables> = { name: "HeartbeatOn", kind: "mutation", text: "mutation HeartbeatOn($id:UUID!){enable_flow_heartbeat(input:{flow_id:$id}){success error}}" };

export const HeartbeatOff: Doc<HeartbeatOffMutation, HeartbeatOffMutationVariables> = { name: "HeartbeatOff", kind: "mutation", text: "mutation HeartbeatOff($id:UUID!){disable_flow_heartbeat(input:{flow_id:$id}){success error}}" };

export const LazarusOn: Doc<LazarusOnMutation, LazarusOnMutationVariables> = { name: "LazarusOn", kind: "mutation", text: "mutation LazarusOn($id:UUID!){enable_flow_lazarus_process(input:{flow_id:$id}){success error}}" };

export const LazarusOff: Doc<LazarusOffMutation, LazarusOffMutationVariables> = { name: "LazarusOff", kind: "mutation", text: "mutation LazarusOff($id:UUID!){disable_flow_lazarus_process(input:{flow_id:$id}){success error}}" };

export const LockOn: Doc<LockOnMutation, LockOnMutationVariables> = { name: "LockOn", kind: "mutation", text: "mutation LockOn($id:UUID!){enable_flow_version_lock(input:{flow_id:$id}){success error}}" };

export const LockOff: Doc<LockOffMutation, LockOffMutationVariables> = { name: "LockOff", kind: "mutation", text: "mutation LockOff($id:UUID!){disable_flow_version_lock(input:{flow_id:$id}){success error}}" };

export const FlowPreview: Doc<FlowPreviewQuery, FlowPreviewQueryVariables> = { name: "FlowPreview", kind: "query", text: "query FlowPreview($clocks:[preview_clock_input!]$timezone:String){schedule_preview(clocks:$clocks timezone:$timezone count:5){clocks{clock error times{time local}}clock_changes{time text is_affected}}}" };

export const FlowPreviewOf: Doc<FlowPreviewOfQuery, FlowPreviewOfQueryVariables> = { name: "FlowPreviewOf", kind: "query", text: "query FlowPreviewOf($schedule:JSON){schedule_preview(schedule:$schedule count:5){times{time local clock}}}" };
