// Written by codegen.js from start.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type StartStepsQueryVariables = Exact<{
  since: string;
}>;


export type StartStepsQuery = { agent_aggregate: { aggregate: { count: number } | null }, project: Array<{ id: string, name: string }>, flow: Array<{ id: string, name: string, flow_group_id: string, parameters: unknown, project: { name: string } }>, flow_run: Array<{ id: string, name: string | null }>, any: Array<{ id: string, name: string | null, state: string | null }> };

export type StartProjectMutationVariables = Exact<{
  name: string;
}>;


export type StartProjectMutation = { create_project: { id: string | null } | null };

export type StartRunMutationVariables = Exact<{
  flow: string;
}>;


export type StartRunMutation = { create_flow_run: { id: string | null } | null };

export const StartSteps: Doc<StartStepsQuery, StartStepsQueryVariables> = { name: "StartSteps", kind: "query", text: "query StartSteps($since:timestamptz!){agent_aggregate(where:{last_queried:{_gte:$since}}){aggregate{count}}project(order_by:[{created:asc}]limit:1){id name}flow(where:{archived:{_eq:false}}order_by:[{created:desc}]limit:1){id name flow_group_id parameters project{name}}flow_run(where:{state:{_eq:\"Success\"}}order_by:[{created:desc}]limit:1){id name}any:flow_run(order_by:[{created:desc}]limit:1){id name state}}" };

export const StartProject: Doc<StartProjectMutation, StartProjectMutationVariables> = { name: "StartProject", kind: "mutation", text: "mutation StartProject($name:String!){create_project(input:{name:$name}){id}}" };

export const StartRun: Doc<StartRunMutation, StartRunMutationVariables> = { name: "StartRun", kind: "mutation", text: "mutation StartRun($flow:UUID!){create_flow_run(input:{flow_id:$flow}){id}}" };
