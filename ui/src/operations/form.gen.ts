// Written by codegen.js from form.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type Create_Flow_Run_Input = {
  flow_id?: string | null | undefined;
  version_group_id?: string | null | undefined;
  flow_group_id?: string | null | undefined;
  parameters?: unknown;
  labels?: Array<string> | null | undefined;
  run_config?: unknown;
  context?: unknown;
  scheduled_start_time?: string | null | undefined;
  idempotency_key?: string | null | undefined;
  flow_run_name?: string | null | undefined;
  priority?: number | null | undefined;
};

export type FormGroupQueryVariables = Exact<{
  id: string;
}>;


export type FormGroupQuery = { flow_group_by_pk: { id: string, flows: Array<{ id: string, name: string, version: number | null, archived: boolean, created: string, project: { id: string, name: string } }> } | null };

export type FormVersionNamedQueryVariables = Exact<{
  group: string;
  version: number;
}>;


export type FormVersionNamedQuery = { flow: Array<{ id: string, name: string, version: number | null, archived: boolean, created: string, project: { id: string, name: string } }> };

export type FormVersionQueryVariables = Exact<{
  id: string;
}>;


export type FormVersionQuery = { flow_by_pk: { id: string, name: string, version: number | null, archived: boolean, parameters: unknown, run_config: unknown, environment: unknown, schedule: unknown, flow_group: { id: string, labels: unknown, default_parameters: unknown, run_config: unknown, priority: number | null } } | null };

export type FormPastQueryVariables = Exact<{
  group: string;
}>;


export type FormPastQuery = { ended: Array<{ id: string, state: string | null, start_time: string | null, end_time: string | null }>, runs: Array<{ id: string, name: string | null, state: string | null, scheduled_start_time: string }> };

export type FormRunQueryVariables = Exact<{
  id: string;
}>;


export type FormRunQuery = { flow_run_by_pk: { id: string, name: string | null, parameters: unknown, context: unknown, created: string, flow: { name: string, flow_group_id: string } } | null };

export type FormFindQueryVariables = Exact<{
  group: string;
  like: string;
}>;


export type FormFindQuery = { flow_run: Array<{ id: string, name: string | null, state: string | null, scheduled_start_time: string }> };

export type FormAgentsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type FormAgentsSubscription = { agent: Array<{ id: string, name: string | null, type: string | null, labels: unknown, last_queried: string | null }> };

export type FormLimitsQueryVariables = Exact<{
  labels?: Array<string> | string | null | undefined;
}>;


export type FormLimitsQuery = { flow_concurrency_limit: Array<{ name: string, limit: number }>, flow_concurrency: Array<{ label: string | null, usage: number | null }> | null, slot_holders: Array<{ kind: string | null, name: string | null, flow_run_id: string | null, flow_run_name: string | null, taken_time: string | null }> | null };

export type CreateRunMutationVariables = Exact<{
  input: Create_Flow_Run_Input;
}>;


export type CreateRunMutation = { create_flow_run: { id: string | null, created: boolean | null } | null };

export type UndoRunMutationVariables = Exact<{
  id: string;
}>;


export type UndoRunMutation = { cancel_flow_run: { state: string | null } | null };

export const FormGroup: Doc<FormGroupQuery, FormGroupQueryVariables> = { name: "FormGroup", kind: "query", text: "query FormGroup($id:uuid!){flow_group_by_pk(id:$id){id flows(order_by:[{version:desc}]limit:100){id name version archived created project{id name}}}}" };

export const FormVersionNamed: Doc<FormVersionNamedQuery, FormVersionNamedQueryVariables> = { name: "FormVersionNamed", kind: "query", text: "query FormVersionNamed($group:uuid!$version:Int!){flow(where:{flow_group_id:{_eq:$group}version:{_eq:$version}}limit:1){id name version archived created project{id name}}}" };

export const FormVersion: Doc<FormVersionQuery, FormVersionQueryVariables> = { name: "FormVersion", kind: "query", text: "query FormVersion($id:uuid!){flow_by_pk(id:$id){id name version archived parameters run_config environment schedule flow_group{id labels default_parameters run_config priority}}}" };

export const FormPast: Doc<FormPastQuery, FormPastQueryVariables> = { name: "FormPast", kind: "query", text: "query FormPast($group:uuid!){ended:flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_in:[\"Success\" \"Failed\" \"Cancelled\"]}}order_by:[{start_time:desc}]limit:20){id state start_time end_time}runs:flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_neq:\"Scheduled\"}}order_by:[{scheduled_start_time:desc}]limit:20){id name state scheduled_start_time}}" };

export const FormRun: Doc<FormRunQuery, FormRunQueryVariables> = { name: "FormRun", kind: "query", text: "query FormRun($id:uuid!){flow_run_by_pk(id:$id){id name parameters context created flow{name flow_group_id}}}" };

export const FormFind: Doc<FormFindQuery, FormFindQueryVariables> = { name: "FormFind", kind: "query", text: "query FormFind($group:uuid!$like:String!){flow_run(where:{flow:{flow_group_id:{_eq:$group}}name:{_ilike:$like}}order_by:[{scheduled_start_time:desc}]limit:20){id name state scheduled_start_time}}" };

export const FormAgents: Doc<FormAgentsSubscription, FormAgentsSubscriptionVariables> = { name: "FormAgents", kind: "subscription", text: "subscription FormAgents{agent(order_by:[{last_queried:desc}]limit:200){id name type labels last_queried}}" };

export const FormLimits: Doc<FormLimitsQuery, FormLimitsQueryVariables> = { name: "FormLimits", kind: "query", text: "query FormLimits($labels:[String!]){flow_concurrency_limit(limit:1000){name limit}flow_concurrency(labels:$labels){label usage}slot_holders(labels:$labels){kind name flow_run_id flow_run_name taken_time}}" };

export const CreateRun: Doc<CreateRunMutation, CreateRunMutationVariables> = { name: "CreateRun", kind: "mutation", text: "mutation CreateRun($input:create_flow_run_input!){create_flow_run(input:$input){id created}}" };

export const UndoRun: Doc<UndoRunMutation, UndoRunMutationVariables> = { name: "UndoRun", kind: "mutation", text: "mutation UndoRun($id:UUID!){cancel_flow_run(input:{flow_run_id:$id}){state}}" };
