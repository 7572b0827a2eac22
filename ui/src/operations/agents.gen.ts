// Written by codegen.js from agents.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type AgentsLiveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type AgentsLiveSubscription = { agent: Array<{ id: string, name: string | null, type: string | null, core_version: string | null, labels: unknown, last_queried: string | null, created: string, agent_config_id: string | null, flow_runs: Array<{ id: string, name: string | null, state: string | null }> }> };

export type AgentsDueQueryVariables = Exact<{
  before: string;
}>;


export type AgentsDueQuery = { flow_run: Array<{ id: string, name: string | null, labels: unknown, state_start_time: string | null, flow: { name: string } }> };

export type AgentOneSubscriptionVariables = Exact<{
  id: string;
}>;


export type AgentOneSubscription = { agent_by_pk: { id: string, name: string | null, type: string | null, core_version: string | null, labels: unknown, last_queried: string | null, created: string, agent_config_id: string | null, agent_config: { id: string, name: string | null, settings: unknown } | null, flow_runs: Array<{ id: string, name: string | null, state: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, flow: { name: string, flow_group_id: string } }> } | null };

export type RemoveAgentMutationVariables = Exact<{
  id: string;
}>;


export type RemoveAgentMutation = { delete_agent: { success: boolean | null, error: string | null } | null };

export const AgentsLive: Doc<AgentsLiveSubscription, AgentsLiveSubscriptionVariables> = { name: "AgentsLive", kind: "subscription", text: "subscription AgentsLive{agent(order_by:[{name:asc}{id:asc}]limit:500){id name type core_version labels last_queried created agent_config_id flow_runs(where:{state:{_in:[\"Submitted\" \"Running\"]}}limit:6){id name state}}}" };

export const AgentsDue: Doc<AgentsDueQuery, AgentsDueQueryVariables> = { name: "AgentsDue", kind: "query", text: "query AgentsDue($before:timestamptz!){flow_run(where:{state:{_eq:\"Scheduled\"}state_start_time:{_lte:$before}}order_by:[{state_start_time:asc}]limit:500){id name labels state_start_time flow{name}}}" };

export const AgentOne: Doc<AgentOneSubscription, AgentOneSubscriptionVariables> = { name: "AgentOne", kind: "subscription", text: "subscription AgentOne($id:uuid!){agent_by_pk(id:$id){id name type core_version labels last_queried created agent_config_id agent_config{id name settings}flow_runs(order_by:[{start_time:desc_nulls_first}]limit:50){id name state scheduled_start_time start_time end_time flow{name flow_group_id}}}}" };

export const RemoveAgent: Doc<RemoveAgentMutation, RemoveAgentMutationVariables> = { name: "RemoveAgent", kind: "mutation", text: "mutation RemoveAgent($id:UUID!){delete_agent(input:{agent_id:$id}){success error}}" };
