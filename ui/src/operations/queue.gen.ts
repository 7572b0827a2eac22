// Written by codegen.js from queue.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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


export type QueueRunsSubscription = { flow_run: Array<{ id: string, name: string | null, state: string | null, state_message: string | null, state_start_time: string | null, scheduled_start_time: string, labels: unknown, priority: number, agent_id: string | null, flow: { id: string, name: string, flow_group_id: string } }> };

export type QueueNextQueryVariables = Exact<{
  after: string;
}>;


export type QueueNextQuery = { flow_run: Array<{ id: string, name: string | null, scheduled_start_time: string, labels: unknown, priority: number, flow: { name: string, flow_group_id: string } }> };

export type QueueStateQueryVariables = Exact<{
  id: string;
}>;


export type QueueStateQuery = { tenant_by_pk: { settings: unknown } | null, agent: Array<{ id: string, name: string | null, labels: unknown, last_queried: string | null }> };

export type QueueWhyQueryVariables = Exact<{
  id: string;
}>;


export type QueueWhyQuery = { why_not_running: { ready: boolean, reasons: Array<string>, queue_position: number | null, causes: Array<{ code: string, text: string, name: string | null, limit: number | null, holders: Array<{ flow_run_id: string | null, flow_run_name: string | null, taken_time: string | null }> }> } | null };

export type StartNowMutationVariables = Exact<{
  states: Array<Set_Flow_Run_State_Input> | Set_Flow_Run_State_Input;
}>;


export type StartNowMutation = { set_flow_run_states: { states: Array<{ id: string | null, status: string | null, message: string | null }> | null } | null };

export type PauseQueueMutationVariables = Exact<{ [key: string]: never; }>;


export type PauseQueueMutation = { pause_tenant_work_queue: { success: boolean | null, error: string | null } | null };

export type ResumeQueueMutationVariables = Exact<{ [key: string]: never; }>;


export type ResumeQueueMutation = { resume_tenant_work_queue: { success: boolean | null, error: string | null } | null };

export const QueueRuns: Doc<QueueRunsSubscription, QueueRunsSubscriptionVariables> = { name: "QueueRuns", kind: "subscription", text: "subscription QueueRuns($before:timestamptz!$limit:Int!){flow_run(where:{priority:{_in:[1 0 -1]}state:{_in:[\"Scheduled\" \"Queued\" \"Submitted\" \"Retrying\"]}state_start_time:{_lte:$before}}order_by:[{priority:desc}{state_start_time:asc}{id:asc}]limit:$limit){id name state state_message state_start_time scheduled_start_time labels priority agent_id flow{id name flow_group_id}}}" };

export const QueueNext: Doc<QueueNextQuery, QueueNextQueryVariables> = { name: "QueueNext", kind: "query", text: "query QueueNext($after:timestamptz!){flow_run(where:{state:{_eq:\"Scheduled\"}scheduled_start_time:{_gt:$after}}order_by:[{scheduled_start_time:asc}]limit:10){id name scheduled_start_time labels priority flow{name flow_group_id}}}" };

export const QueueState: Doc<QueueStateQuery, QueueStateQueryVariables> = { name: "QueueState", kind: "query", text: "query QueueState($id:uuid!){tenant_by_pk(id:$id){settings}agent(order_by:[{name:asc}]limit:200){id name labels last_queried}}" };

export const QueueWhy: Doc<QueueWhyQuery, QueueWhyQueryVariables> = { name: "QueueWhy", kind: "query", text: "query QueueWhy($id:UUID!){why_not_running(flow_run_id:$id){ready reasons queue_position causes{code text name limit holders{flow_run_id flow_run_name taken_time}}}}" };

export const StartNow: Doc<StartNowMutation, StartNowMutationVariables> = { name: "StartNow", kind: "mutation", text: "mutation StartNow($states:[set_flow_run_state_input!]!){set_flow_run_states(input:{states:$states}){states{id status message}}}" };

export const PauseQueue: Doc<PauseQueueMutation, PauseQueueMutationVariables> = { name: "PauseQueue", kind: "mutation", text: "mutation PauseQueue{pause_tenant_work_queue(input:{}){success error}}" };

export const ResumeQueue: Doc<ResumeQueueMutation, ResumeQueueMutationVariables> = { name: "ResumeQueue", kind: "mutation", text: "mutation ResumeQueue{resume_tenant_work_queue(input:{}){success error}}" };
