// Written by codegen.js from automations.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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


export type AllAutomationsQuery = { hook: Array<{ id: string, event_type: string, event_tags: unknown, action_id: string, created: string }>, action: Array<{ id: string, name: string | null, action_type: string, action_config: unknown, created: string }>, cloud_hook: Array<{ id: string, name: string | null, type: string, states: unknown, config: unknown, active: boolean, version_group_id: string | null, created: string }>, flow_sla_config: Array<{ id: string, name: string | null, kind: string, duration_seconds: number, flow_groups: Array<{ flow_group_id: string }> }>, flow_group: Array<{ id: string, name: string | null, flows: Array<{ name: string, version_group_id: string | null }> }>, agent: Array<{ id: string, name: string | null }> };

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

export const AllAutomations: Doc<AllAutomationsQuery, AllAutomationsQueryVariables> = { name: "AllAutomations", kind: "query", text: "query AllAutomations{hook(order_by:[{created:asc}]limit:500){id event_type event_tags action_id created}action(order_by:[{created:asc}]limit:500){id name action_type action_config created}cloud_hook(order_by:[{created:asc}]limit:500){id name type states config active version_group_id created}flow_sla_config(order_by:[{created:asc}]limit:500){id name kind duration_seconds flow_groups{flow_group_id}}flow_group(where:{flows:{archived:{_eq:false}}}order_by:[{name:asc}]limit:1000){id name flows(order_by:[{version:desc}]limit:1){name version_group_id}}agent(order_by:[{name:asc}]limit:200){id name}}" };

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

export const DropCloudHook: Doc<DropCloudHookMutation, DropCloudHookMutationVariables> = { name: "DropCloudHook", kind: "mutation", text: "mutation DropCloudHook($id:UUID!){delete_cloud_hook(input:{cloud_hook_id:$id}){success error}}" };

export const CloudHookOn: Doc<CloudHookOnMutation, CloudHookOnMutationVariables> = { name: "CloudHookOn", kind: "mutation", text: "mutation CloudHookOn($id:UUID!){set_cloud_hook_active(input:{cloud_hook_id:$id}){success error}}" };

export const CloudHookOff: Doc<CloudHookOffMutation, CloudHookOffMutationVariables> = { name: "CloudHookOff", kind: "mutation", text: "mutation CloudHookOff($id:UUID!){set_cloud_hook_inactive(input:{cloud_hook_id:$id}){success error}}" };

export const TestCloudHook: Doc<TestCloudHookMutation, TestCloudHookMutationVariables> = { name: "TestCloudHook", kind: "mutation", text: "mutation TestCloudHook($id:UUID!){test_cloud_hook(input:{cloud_hook_id:$id}){success error}}" };
