// Written by codegen.js from frame.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { auth_info: { tenant_id: string | null, role: string | null, key_id: string | null, permissions: Array<string> | null } | null, api: { version: string | null, backend: string | null } | null, tenant: Array<{ id: string, name: string, slug: string }> };

export type NavCountsSubscriptionVariables = Exact<{
  since: string;
}>;


export type NavCountsSubscription = { flow_run_aggregate: { aggregate: { count: number } | null } };

export type NavUnreadQueryVariables = Exact<{ [key: string]: never; }>;


export type NavUnreadQuery = { message_aggregate: { aggregate: { count: number } | null } };

export type JumpQueryVariables = Exact<{
  like: string;
  limit: number;
}>;


export type JumpQuery = { flow_group: Array<{ id: string, flows: Array<{ id: string, name: string, project: { name: string } }> }>, flow_run: Array<{ id: string, name: string | null, state: string | null, created: string, flow: { name: string } }>, project: Array<{ id: string, name: string }>, task: Array<{ id: string, name: string | null, flow: { id: string, name: string } }>, agent: Array<{ id: string, name: string | null }> };

export type JumpMoreQueryVariables = Exact<{
  id: string;
  text: string;
}>;


export type JumpMoreQuery = { flow: Array<{ name: string, flow_group_id: string }>, flow_run_state_by_pk: { state: string, flow_run_id: string } | null, task_run_state_by_pk: { state: string, task_run_id: string } | null, task_run_artifact_by_pk: { task_run: { flow_run_id: string } } | null, message_by_pk: { read: boolean, type: string | null } | null, key_value_by_pk: { key: string } | null, task_tag_limit_by_pk: { tag: string } | null, flow_concurrency_limit_by_pk: { name: string } | null, task_concurrency_limit_by_pk: { name: string } | null, flow_sla_config_by_pk: { name: string | null } | null, tenant_by_pk: { name: string, slug: string } | null };

export type JumpAdminQueryVariables = Exact<{
  id: string;
}>;


export type JumpAdminQuery = { cloud_hook_by_pk: { name: string | null, type: string } | null, hook_by_pk: { id: string } | null, action_by_pk: { name: string | null } | null, auth_api_key_by_pk: { name: string } | null, audit_by_pk: { operation: string } | null };

export type JumpIdQueryVariables = Exact<{
  id: string;
}>;


export type JumpIdQuery = { flow_run_by_pk: { id: string, name: string | null } | null, task_run_by_pk: { id: string, flow_run_id: string } | null, flow_group_by_pk: { id: string, name: string | null } | null, flow_by_pk: { id: string, flow_group_id: string, version: number | null } | null, task_by_pk: { id: string, flow_id: string } | null, project_by_pk: { id: string } | null, agent_by_pk: { id: string } | null, log_by_pk: { id: string, flow_run_id: string | null } | null };

export type VersionQueryVariables = Exact<{
  id: string;
  text: string;
}>;


export type VersionQuery = { flow_by_pk: { flow_group_id: string, version: number | null } | null, flow: Array<{ flow_group_id: string }> };

export const Me: Doc<MeQuery, MeQueryVariables> = { name: "Me", kind: "query", text: "query Me{auth_info{tenant_id role key_id permissions}api{version backend}tenant(order_by:[{name:asc}]limit:200){id name slug}}" };

export const NavCounts: Doc<NavCountsSubscription, NavCountsSubscriptionVariables> = { name: "NavCounts", kind: "subscription", text: "subscription NavCounts($since:timestamptz!){flow_run_aggregate(where:{state:{_in:[\"Failed\" \"TriggerFailed\" \"TimedOut\"]}scheduled_start_time:{_gte:$since}}){aggregate{count}}}" };

export const NavUnread: Doc<NavUnreadQuery, NavUnreadQueryVariables> = { name: "NavUnread", kind: "query", text: "query NavUnread{message_aggregate(where:{read:{_eq:false}}){aggregate{count}}}" };

export const Jump: Doc<JumpQuery, JumpQueryVariables> = { name: "Jump", kind: "query", text: "query Jump($like:String!$limit:Int!=5){flow_group(where:{flows:{archived:{_eq:false}name:{_ilike:$like}}}limit:$limit){id flows(limit:1 order_by:[{version:desc}]){id name project{name}}}flow_run(where:{name:{_ilike:$like}}order_by:[{created:desc}]limit:$limit){id name state created flow{name}}project(where:{name:{_ilike:$like}}limit:$limit){id name}task(where:{name:{_ilike:$like}auto_generated:{_eq:false}flow:{archived:{_eq:false}}}limit:$limit){id name flow{id name}}agent(where:{name:{_ilike:$like}}limit:$limit){id name}}" };

export const JumpMore: Doc<JumpMoreQuery, JumpMoreQueryVariables> = { name: "JumpMore", kind: "query", text: "query JumpMore($id:uuid!$text:String!){flow(where:{version_group_id:{_eq:$text}}order_by:[{version:desc}]limit:1){name flow_group_id}flow_run_state_by_pk(id:$id){state flow_run_id}task_run_state_by_pk(id:$id){state task_run_id}task_run_artifact_by_pk(id:$id){task_run{flow_run_id}}message_by_pk(id:$id){read type}key_value_by_pk(id:$id){key}task_tag_limit_by_pk(id:$id){tag}flow_concurrency_limit_by_pk(id:$id){name}task_concurrency_limit_by_pk(id:$id){name}flow_sla_config_by_pk(id:$id){name}tenant_by_pk(id:$id){name slug}}" };

export const JumpAdmin: Doc<JumpAdminQuery, JumpAdminQueryVariables> = { name: "JumpAdmin", kind: "query", text: "query JumpAdmin($id:uuid!){cloud_hook_by_pk(id:$id){name type}hook_by_pk(id:$id){id}action_by_pk(id:$id){name}auth_api_key_by_pk(id:$id){name}audit_by_pk(id:$id){operation}}" };

export const JumpId: Doc<JumpIdQuery, JumpIdQueryVariables> = { name: "JumpId", kind: "query", text: "query JumpId($id:uuid!){flow_run_by_pk(id:$id){id name}task_run_by_pk(id:$id){id flow_run_id}flow_group_by_pk(id:$id){id name}flow_by_pk(id:$id){id flow_group_id version}task_by_pk(id:$id){id flow_id}project_by_pk(id:$id){id}agent_by_pk(id:$id){id}log_by_pk(id:$id){id flow_run_id}}" };

export const Version: Doc<VersionQuery, VersionQueryVariables> = { name: "Version", kind: "query", text: "query Version($id:uuid!$text:String!){flow_by_pk(id:$id){flow_group_id version}flow(where:{version_group_id:{_eq:$text}}limit:1){flow_group_id}}" };
