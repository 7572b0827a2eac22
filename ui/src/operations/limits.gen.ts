// Written by codegen.js from limits.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type Delete_Task_Tag_Limit_Input = {
  limit_id: string;
};

export type Delete_Flow_Concurrency_Limit_Input = {
  limit_id: string;
};

export type AllLimitsQueryVariables = Exact<{ [key: string]: never; }>;


export type AllLimitsQuery = { flow_concurrency_limit: Array<{ id: string, name: string, limit: number }>, task_tag_limit: Array<{ id: string, tag: string, limit: number }> };

export type SlotUsageQueryVariables = Exact<{
  labels?: Array<string> | string | null | undefined;
  tags?: Array<string> | string | null | undefined;
}>;


export type SlotUsageQuery = { slot_holders: Array<{ kind: string | null, name: string | null, run_id: string | null, flow_run_id: string | null, flow_run_name: string | null, taken_time: string | null }> | null, flow_concurrency: Array<{ label: string | null, usage: number | null }> | null, task_concurrency: Array<{ name: string | null, usage: number | null }> | null };

export type SetFlowLimitMutationVariables = Exact<{
  label: string;
  limit: number;
}>;


export type SetFlowLimitMutation = { update_flow_concurrency_limit: { id: string | null } | null };

export type SetTagLimitMutationVariables = Exact<{
  tag: string;
  limit: number;
}>;


export type SetTagLimitMutation = { update_task_tag_limit: { id: string | null } | null };

export type DropFlowLimitMutationVariables = Exact<{
  input: Delete_Flow_Concurrency_Limit_Input;
}>;


export type DropFlowLimitMutation = { delete_flow_concurrency_limit: { success: boolean | null, error: string | null } | null };

export type DropTagLimitMutationVariables = Exact<{
  input: Delete_Task_Tag_Limit_Input;
}>;


export type DropTagLimitMutation = { delete_task_tag_limit: { success: boolean | null, error: string | null } | null };

export const AllLimits: Doc<AllLimitsQuery, AllLimitsQueryVariables> = { name: "AllLimits", kind: "query", text: "query AllLimits{flow_concurrency_limit(order_by:[{name:asc}]limit:500){id name limit}task_tag_limit(order_by:[{tag:asc}]limit:500){id tag limit}}" };

export const SlotUsage: Doc<SlotUsageQuery, SlotUsageQueryVariables> = { name: "SlotUsage", kind: "query", text: "query SlotUsage($labels:[String!]$tags:[String!]){slot_holders(labels:$labels tags:$tags){kind name run_id flow_run_id flow_run_name taken_time}flow_concurrency(labels:$labels){label usage}task_concurrency(names:$tags){name usage}}" };

export const SetFlowLimit: Doc<SetFlowLimitMutation, SetFlowLimitMutationVariables> = { name: "SetFlowLimit", kind: "mutation", text: "mutation SetFlowLimit($label:String!$limit:Int!){update_flow_concurrency_limit(input:{label:$label limit:$limit}){id}}" };

export const SetTagLimit: Doc<SetTagLimitMutation, SetTagLimitMutationVariables> = { name: "SetTagLimit", kind: "mutation", text: "mutation SetTagLimit($tag:String!$limit:Int!){update_task_tag_limit(input:{tag:$tag limit:$limit}){id}}" };

export const DropFlowLimit: Doc<DropFlowLimitMutation, DropFlowLimitMutationVariables> = { name: "DropFlowLimit", kind: "mutation", text: "mutation DropFlowLimit($input:delete_flow_concurrency_limit_input!){delete_flow_concurrency_limit(input:$input){success error}}" };

export const DropTagLimit: Doc<DropTagLimitMutation, DropTagLimitMutationVariables> = { name: "DropTagLimit", kind: "mutation", text: "mutation DropTagLimit($input:delete_task_tag_limit_input!){delete_task_tag_limit(input:$input){success error}}" };
