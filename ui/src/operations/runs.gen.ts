// Written by codegen.js from runs.graphql; not by hand.
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

export type Flow_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  environment?: Order_By | null | undefined;
  run_config?: Order_By | null | undefined;
  parameters?: Order_By | null | undefined;
  project_id?: Order_By | null | undefined;
  archived?: Order_By | null | undefined;
  version_group_id?: Order_By | null | undefined;
  storage?: Order_By | null | undefined;
  core_version?: Order_By | null | undefined;
  settings?: Order_By | null | undefined;
  serialized_flow?: Order_By | null | undefined;
  schedule?: Order_By | null | undefined;
  is_schedule_active?: Order_By | null | undefined;
  flow_group_id?: Order_By | null | undefined;
  tenant?: Tenant_Order_By | null | undefined;
  flow_group?: Flow_Group_Order_By | null | undefined;
  project?: Project_Order_By | null | undefined;
  edges_aggregate?: Edge_Aggregate_Order_By | null | undefined;
  flow_runs_aggregate?: Flow_Run_Aggregate_Order_By | null | undefined;
  tasks_aggregate?: Task_Aggregate_Order_By | null | undefined;
};

export type Order_By =
  | 'asc'
  | 'asc_nulls_first'
  | 'asc_nulls_last'
  | 'desc'
  | 'desc_nulls_first'
  | 'desc_nulls_last';

export type Tenant_Order_By = {
  id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  slug?: Order_By | null | undefined;
  info?: Order_By | null | undefined;
  settings?: Order_By | null | undefined;
  flow_groups_aggregate?: Flow_Group_Aggregate_Order_By | null | undefined;
  flows_aggregate?: Flow_Aggregate_Order_By | null | undefined;
  projects_aggregate?: Project_Aggregate_Order_By | null | undefined;
};

export type Flow_Group_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Flow_Group_Max_Order_By | null | undefined;
  min?: Flow_Group_Min_Order_By | null | undefined;
  avg?: Flow_Group_Avg_Order_By | null | undefined;
  stddev?: Flow_Group_Stddev_Order_By | null | undefined;
  stddev_pop?: Flow_Group_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Flow_Group_Stddev_Samp_Order_By | null | undefined;
  sum?: Flow_Group_Sum_Order_By | null | undefined;
  var_pop?: Flow_Group_Var_Pop_Order_By | null | undefined;
  var_samp?: Flow_Group_Var_Samp_Order_By | null | undefined;
  variance?: Flow_Group_Variance_Order_By | null | undefined;
};

export type Flow_Group_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Avg_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Stddev_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Stddev_Pop_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Stddev_Samp_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Sum_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Var_Pop_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Var_Samp_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Group_Variance_Order_By = {
  priority?: Order_By | null | undefined;
};

export type Flow_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Flow_Max_Order_By | null | undefined;
  min?: Flow_Min_Order_By | null | undefined;
  avg?: Flow_Avg_Order_By | null | undefined;
  stddev?: Flow_Stddev_Order_By | null | undefined;
  stddev_pop?: Flow_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Flow_Stddev_Samp_Order_By | null | undefined;
  sum?: Flow_Sum_Order_By | null | undefined;
  var_pop?: Flow_Var_Pop_Order_By | null | undefined;
  var_samp?: Flow_Var_Samp_Order_By | null | undefined;
  variance?: Flow_Variance_Order_By | null | undefined;
};

export type Flow_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  project_id?: Order_By | null | undefined;
  version_group_id?: Order_By | null | undefined;
  core_version?: Order_By | null | undefined;
  flow_group_id?: Order_By | null | undefined;
};

export type Flow_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  project_id?: Order_By | null | undefined;
  version_group_id?: Order_By | null | undefined;
  core_version?: Order_By | null | undefined;
  flow_group_id?: Order_By | null | undefined;
};

export type Flow_Avg_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Stddev_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Stddev_Pop_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Stddev_Samp_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Sum_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Var_Pop_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Var_Samp_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Variance_Order_By = {
  version?: Order_By | null | undefined;
};

export type Project_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Project_Max_Order_By | null | undefined;
  min?: Project_Min_Order_By | null | undefined;
};

export type Project_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
};

export type Project_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
};

export type Flow_Group_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  labels?: Order_By | null | undefined;
  schedule?: Order_By | null | undefined;
  settings?: Order_By | null | undefined;
  default_parameters?: Order_By | null | undefined;
  run_config?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
  tenant?: Tenant_Order_By | null | undefined;
  flows_aggregate?: Flow_Aggregate_Order_By | null | undefined;
  flow_runs_aggregate?: Flow_Run_Aggregate_Order_By | null | undefined;
};

export type Flow_Run_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Flow_Run_Max_Order_By | null | undefined;
  min?: Flow_Run_Min_Order_By | null | undefined;
  avg?: Flow_Run_Avg_Order_By | null | undefined;
  stddev?: Flow_Run_Stddev_Order_By | null | undefined;
  stddev_pop?: Flow_Run_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Flow_Run_Stddev_Samp_Order_By | null | undefined;
  sum?: Flow_Run_Sum_Order_By | null | undefined;
  var_pop?: Flow_Run_Var_Pop_Order_By | null | undefined;
  var_samp?: Flow_Run_Var_Samp_Order_By | null | undefined;
  variance?: Flow_Run_Variance_Order_By | null | undefined;
};

export type Flow_Run_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  idempotency_key?: Order_By | null | undefined;
  scheduled_start_time?: Order_By | null | undefined;
  heartbeat?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  end_time?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  state_timestamp?: Order_By | null | undefined;
  state_message?: Order_By | null | undefined;
  state_start_time?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  agent_id?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  run_config_role?: Order_By | null | undefined;
  flow_group_id?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  idempotency_key?: Order_By | null | undefined;
  scheduled_start_time?: Order_By | null | undefined;
  heartbeat?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  end_time?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  state_timestamp?: Order_By | null | undefined;
  state_message?: Order_By | null | undefined;
  state_start_time?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  agent_id?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  run_config_role?: Order_By | null | undefined;
  flow_group_id?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Avg_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Stddev_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Stddev_Pop_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Stddev_Samp_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Sum_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Var_Pop_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Var_Samp_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Flow_Run_Variance_Order_By = {
  version?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
};

export type Project_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  tenant?: Tenant_Order_By | null | undefined;
  flows_aggregate?: Flow_Aggregate_Order_By | null | undefined;
};

export type Edge_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Edge_Max_Order_By | null | undefined;
  min?: Edge_Min_Order_By | null | undefined;
};

export type Edge_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  upstream_task_id?: Order_By | null | undefined;
  downstream_task_id?: Order_By | null | undefined;
  key?: Order_By | null | undefined;
};

export type Edge_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  upstream_task_id?: Order_By | null | undefined;
  downstream_task_id?: Order_By | null | undefined;
  key?: Order_By | null | undefined;
};

export type Task_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Task_Max_Order_By | null | undefined;
  min?: Task_Min_Order_By | null | undefined;
  avg?: Task_Avg_Order_By | null | undefined;
  stddev?: Task_Stddev_Order_By | null | undefined;
  stddev_pop?: Task_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Task_Stddev_Samp_Order_By | null | undefined;
  sum?: Task_Sum_Order_By | null | undefined;
  var_pop?: Task_Var_Pop_Order_By | null | undefined;
  var_samp?: Task_Var_Samp_Order_By | null | undefined;
  variance?: Task_Variance_Order_By | null | undefined;
};

export type Task_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  slug?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  type?: Order_By | null | undefined;
  max_retries?: Order_By | null | undefined;
  retry_delay?: Order_By | null | undefined;
  trigger?: Order_By | null | undefined;
  cache_key?: Order_By | null | undefined;
};

export type Task_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  slug?: Order_By | null | undefined;
  description?: Order_By | null | undefined;
  type?: Order_By | null | undefined;
  max_retries?: Order_By | null | undefined;
  retry_delay?: Order_By | null | undefined;
  trigger?: Order_By | null | undefined;
  cache_key?: Order_By | null | undefined;
};

export type Task_Avg_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Stddev_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Stddev_Pop_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Stddev_Samp_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Sum_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Var_Pop_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Var_Samp_Order_By = {
  max_retries?: Order_By | null | undefined;
};

export type Task_Variance_Order_By = {
  max_retries?: Order_By | null | undefined;
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

export type Agent_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  agent_config_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  type?: Order_By | null | undefined;
  core_version?: Order_By | null | undefined;
  labels?: Order_By | null | undefined;
  last_queried?: Order_By | null | undefined;
  agent_config?: Agent_Config_Order_By | null | undefined;
  flow_runs_aggregate?: Flow_Run_Aggregate_Order_By | null | undefined;
};

export type Agent_Config_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  settings?: Order_By | null | undefined;
  agents_aggregate?: Agent_Aggregate_Order_By | null | undefined;
};

export type Agent_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Agent_Max_Order_By | null | undefined;
  min?: Agent_Min_Order_By | null | undefined;
};

export type Agent_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  agent_config_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  type?: Order_By | null | undefined;
  core_version?: Order_By | null | undefined;
  last_queried?: Order_By | null | undefined;
};

export type Agent_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  agent_config_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  type?: Order_By | null | undefined;
  core_version?: Order_By | null | undefined;
  last_queried?: Order_By | null | undefined;
};

export type Flow_Run_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_id?: Order_By | null | undefined;
  parameters?: Order_By | null | undefined;
  labels?: Order_By | null | undefined;
  run_config?: Order_By | null | undefined;
  context?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  idempotency_key?: Order_By | null | undefined;
  scheduled_start_time?: Order_By | null | undefined;
  auto_scheduled?: Order_By | null | undefined;
  heartbeat?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  end_time?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  state_timestamp?: Order_By | null | undefined;
  state_message?: Order_By | null | undefined;
  state_result?: Order_By | null | undefined;
  state_start_time?: Order_By | null | undefined;
  serialized_state?: Order_By | null | undefined;
  times_resurrected?: Order_By | null | undefined;
  agent_id?: Order_By | null | undefined;
  event_seq?: Order_By | null | undefined;
  run_config_role?: Order_By | null | undefined;
  flow_group_id?: Order_By | null | undefined;
  priority?: Order_By | null | undefined;
  tenant?: Tenant_Order_By | null | undefined;
  agent?: Agent_Order_By | null | undefined;
  flow?: Flow_Order_By | null | undefined;
  logs_aggregate?: Log_Aggregate_Order_By | null | undefined;
  states_aggregate?: Flow_Run_State_Aggregate_Order_By | null | undefined;
  task_runs_aggregate?: Task_Run_Aggregate_Order_By | null | undefined;
};

export type Log_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Log_Max_Order_By | null | undefined;
  min?: Log_Min_Order_By | null | undefined;
  avg?: Log_Avg_Order_By | null | undefined;
  stddev?: Log_Stddev_Order_By | null | undefined;
  stddev_pop?: Log_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Log_Stddev_Samp_Order_By | null | undefined;
  sum?: Log_Sum_Order_By | null | undefined;
  var_pop?: Log_Var_Pop_Order_By | null | undefined;
  var_samp?: Log_Var_Samp_Order_By | null | undefined;
  variance?: Log_Variance_Order_By | null | undefined;
};

export type Log_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  task_run_id?: Order_By | null | undefined;
  timestamp?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  level?: Order_By | null | undefined;
  message?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  seq?: Order_By | null | undefined;
};

export type Log_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  task_run_id?: Order_By | null | undefined;
  timestamp?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  level?: Order_By | null | undefined;
  message?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  seq?: Order_By | null | undefined;
};

export type Log_Avg_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Stddev_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Stddev_Pop_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Stddev_Samp_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Sum_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Var_Pop_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Var_Samp_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Log_Variance_Order_By = {
  seq?: Order_By | null | undefined;
};

export type Flow_Run_State_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Flow_Run_State_Max_Order_By | null | undefined;
  min?: Flow_Run_State_Min_Order_By | null | undefined;
  avg?: Flow_Run_State_Avg_Order_By | null | undefined;
  stddev?: Flow_Run_State_Stddev_Order_By | null | undefined;
  stddev_pop?: Flow_Run_State_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Flow_Run_State_Stddev_Samp_Order_By | null | undefined;
  sum?: Flow_Run_State_Sum_Order_By | null | undefined;
  var_pop?: Flow_Run_State_Var_Pop_Order_By | null | undefined;
  var_samp?: Flow_Run_State_Var_Samp_Order_By | null | undefined;
  variance?: Flow_Run_State_Variance_Order_By | null | undefined;
};

export type Flow_Run_State_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  timestamp?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  message?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  timestamp?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  message?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Avg_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Stddev_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Stddev_Pop_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Stddev_Samp_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Sum_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Var_Pop_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Var_Samp_Order_By = {
  version?: Order_By | null | undefined;
};

export type Flow_Run_State_Variance_Order_By = {
  version?: Order_By | null | undefined;
};

export type Task_Run_Aggregate_Order_By = {
  count?: Order_By | null | undefined;
  max?: Task_Run_Max_Order_By | null | undefined;
  min?: Task_Run_Min_Order_By | null | undefined;
  avg?: Task_Run_Avg_Order_By | null | undefined;
  stddev?: Task_Run_Stddev_Order_By | null | undefined;
  stddev_pop?: Task_Run_Stddev_Pop_Order_By | null | undefined;
  stddev_samp?: Task_Run_Stddev_Samp_Order_By | null | undefined;
  sum?: Task_Run_Sum_Order_By | null | undefined;
  var_pop?: Task_Run_Var_Pop_Order_By | null | undefined;
  var_samp?: Task_Run_Var_Samp_Order_By | null | undefined;
  variance?: Task_Run_Variance_Order_By | null | undefined;
};

export type Task_Run_Max_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  task_id?: Order_By | null | undefined;
  map_index?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  heartbeat?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  end_time?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  state_timestamp?: Order_By | null | undefined;
  state_message?: Order_By | null | undefined;
  state_start_time?: Order_By | null | undefined;
  cache_key?: Order_By | null | undefined;
};

export type Task_Run_Min_Order_By = {
  id?: Order_By | null | undefined;
  tenant_id?: Order_By | null | undefined;
  created?: Order_By | null | undefined;
  updated?: Order_By | null | undefined;
  flow_run_id?: Order_By | null | undefined;
  task_id?: Order_By | null | undefined;
  map_index?: Order_By | null | undefined;
  name?: Order_By | null | undefined;
  heartbeat?: Order_By | null | undefined;
  start_time?: Order_By | null | undefined;
  end_time?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
  state?: Order_By | null | undefined;
  state_timestamp?: Order_By | null | undefined;
  state_message?: Order_By | null | undefined;
  state_start_time?: Order_By | null | undefined;
  cache_key?: Order_By | null | undefined;
};

export type Task_Run_Avg_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Stddev_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Stddev_Pop_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Stddev_Samp_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Sum_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Var_Pop_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Var_Samp_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Task_Run_Variance_Order_By = {
  map_index?: Order_By | null | undefined;
  version?: Order_By | null | undefined;
};

export type Restart_From =
  | 'FAILED'
  | 'START'
  | 'TASK';

export type Cancel_Flow_Runs_Input = {
  where: Flow_Run_Bool_Exp;
  created_before?: string | null | undefined;
  limit?: number | null | undefined;
  after?: string | null | undefined;
  dry_run?: boolean | null | undefined;
};

export type Delete_Flow_Runs_Input = {
  where: Flow_Run_Bool_Exp;
  created_before?: string | null | undefined;
  limit?: number | null | undefined;
  after?: string | null | undefined;
  dry_run?: boolean | null | undefined;
};

export type Set_Flow_Runs_State_Input = {
  where: Flow_Run_Bool_Exp;
  created_before?: string | null | undefined;
  limit?: number | null | undefined;
  after?: string | null | undefined;
  dry_run?: boolean | null | undefined;
  state: unknown;
};

export type RunsPageSubscriptionVariables = Exact<{
  where: Flow_Run_Bool_Exp;
  order: Array<Flow_Run_Order_By> | Flow_Run_Order_By;
  limit: number;
  offset: number;
  parameters: boolean;
}>;


export type RunsPageSubscription = { flow_run: Array<{ created: string, parameters?: unknown, priority?: number, id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, agent?: { id: string, name: string | null } | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } }> };

export type RunsTotalQueryVariables = Exact<{
  where: Flow_Run_Bool_Exp;
}>;


export type RunsTotalQuery = { flow_run_aggregate: { aggregate: { count: number } | null } };

export type RunIdsQueryVariables = Exact<{
  where: Flow_Run_Bool_Exp;
  limit: number;
}>;


export type RunIdsQuery = { flow_run: Array<{ id: string }> };

export type FilterChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type FilterChoicesQuery = { flow_group: Array<{ id: string, name: string | null, flows: Array<{ name: string, project: { name: string } }> }>, project: Array<{ id: string, name: string }>, agent: Array<{ id: string, name: string | null }> };

export type NamesOfQueryVariables = Exact<{
  groups: Array<string> | string;
  projects: Array<string> | string;
  agents: Array<string> | string;
}>;


export type NamesOfQuery = { flow_group: Array<{ id: string, name: string | null, flows: Array<{ name: string }> }>, project: Array<{ id: string, name: string }>, agent: Array<{ id: string, name: string | null }> };

export type RunsNamedQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type RunsNamedQuery = { flow_run: Array<{ id: string, name: string | null, state: string | null, flow: { name: string } }> };

export type CancelManyMutationVariables = Exact<{
  input: Cancel_Flow_Runs_Input;
}>;


export type CancelManyMutation = { cancel_flow_runs: { created_before: string, count: number | null, states: unknown, examples: unknown, changed: Array<string>, cursor: string | null, has_more: boolean, refused: Array<{ flow_run_id: string, reason: string }> } | null };

export type DeleteManyMutationVariables = Exact<{
  input: Delete_Flow_Runs_Input;
}>;


export type DeleteManyMutation = { delete_flow_runs: { changed: Array<string>, cursor: string | null, has_more: boolean, refused: Array<{ flow_run_id: string, reason: string }> } | null };

export type SetManyMutationVariables = Exact<{
  input: Set_Flow_Runs_State_Input;
}>;


export type SetManyMutation = { set_flow_runs_state: { changed: Array<string>, cursor: string | null, has_more: boolean, refused: Array<{ flow_run_id: string, reason: string }> } | null };

export type RestartSomeMutationVariables = Exact<{
  ids: Array<string> | string;
  from: Restart_From;
  parameters?: unknown;
  message?: string | null | undefined;
  dry: boolean;
}>;


export type RestartSomeMutation = { restart_flow_runs: { flow_runs: Array<{ flow_run_id: string, restarted: boolean, state: string | null, task_runs: number, code: string | null, reason: string | null }> } | null };

export type RunRowFragment = { id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } };

export const RunsPage: Doc<RunsPageSubscription, RunsPageSubscriptionVariables> = { name: "RunsPage", kind: "subscription", text: "subscription RunsPage($where:flow_run_bool_exp!$order:[flow_run_order_by!]!$limit:Int!$offset:Int!$parameters:Boolean!){flow_run(where:$where order_by:$order limit:$limit offset:$offset){...RunRow created parameters@include(if:$parameters)priority@include(if:$parameters)agent@include(if:$parameters){id name}}}fragment RunRow on flow_run{id name state state_timestamp state_message scheduled_start_time start_time end_time version labels auto_scheduled idempotency_key flow{id name version flow_group_id project{id name}}}" };

export const RunsTotal: Doc<RunsTotalQuery, RunsTotalQueryVariables> = { name: "RunsTotal", kind: "query", text: "query RunsTotal($where:flow_run_bool_exp!){flow_run_aggregate(where:$where){aggregate{count}}}" };

export const RunIds: Doc<RunIdsQuery, RunIdsQueryVariables> = { name: "RunIds", kind: "query", text: "query RunIds($where:flow_run_bool_exp!$limit:Int!){flow_run(where:$where order_by:[{id:asc}]limit:$limit){id}}" };

export const FilterChoices: Doc<FilterChoicesQuery, FilterChoicesQueryVariables> = { name: "FilterChoices", kind: "query", text: "query FilterChoices{flow_group(where:{flows:{archived:{_eq:false}}}order_by:[{name:asc}]limit:1000){id name flows(order_by:[{version:desc}]limit:1){name project{name}}}project(order_by:[{name:asc}]limit:500){id name}agent(order_by:[{name:asc}]limit:200){id name}}" };

export const NamesOf: Doc<NamesOfQuery, NamesOfQueryVariables> = { name: "NamesOf", kind: "query", text: "query NamesOf($groups:[uuid!]!$projects:[uuid!]!$agents:[uuid!]!){flow_group(where:{id:{_in:$groups}}limit:100){id name flows(order_by:[{version:desc}]limit:1){name}}project(where:{id:{_in:$projects}}limit:100){id name}agent(where:{id:{_in:$agents}}limit:100){id name}}" };

export const RunsNamed: Doc<RunsNamedQuery, RunsNamedQueryVariables> = { name: "RunsNamed", kind: "query", text: "query RunsNamed($ids:[uuid!]!){flow_run(where:{id:{_in:$ids}}order_by:[{created:asc}]limit:100){id name state flow{name}}}" };

export const CancelMany: Doc<CancelManyMutation, CancelManyMutationVariables> = { name: "CancelMany", kind: "mutation", text: "mutation CancelMany($input:cancel_flow_runs_input!){cancel_flow_runs(input:$input){created_before count states examples changed refused{flow_run_id reason}cursor has_more}}" };

export const DeleteMany: Doc<DeleteManyMutation, DeleteManyMutationVariables> = { name: "DeleteMany", kind: "mutation", text: "mutation DeleteMany($input:delete_flow_runs_input!){delete_flow_runs(input:$input){changed refused{flow_run_id reason}cursor has_more}}" };

export const SetMany: Doc<SetManyMutation, SetManyMutationVariables> = { name: "SetMany", kind: "mutation", text: "mutation SetMany($input:set_flow_runs_state_input!){set_flow_runs_state(input:$input){changed refused{flow_run_id reason}cursor has_more}}" };

export const RestartSome: Doc<RestartSomeMutation, RestartSomeMutationVariables> = { name: "RestartSome", kind: "mutation", text: "mutation RestartSome($ids:[UUID!]!$from:restart_from!$parameters:JSON$message:String$dry:Boolean!){restart_flow_runs(input:{flow_run_ids:$ids from:$from parameters:$parameters message:$message dry_run:$dry}){flow_runs{flow_run_id restarted state task_runs code reason}}}" };
