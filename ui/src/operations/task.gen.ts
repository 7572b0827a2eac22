// Written by codegen.js from task.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type TaskOneQueryVariables = Exact<{
  id: string;
}>;


export type TaskOneQuery = { task_by_pk: { id: string, name: string | null, slug: string | null, description: string | null, type: string | null, max_retries: number | null, retry_delay: string | null, trigger: string | null, mapped: boolean, cache_key: string | null, is_root_task: boolean, is_terminal_task: boolean, is_reference_task: boolean, tags: unknown, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } }, upstream_edges: Array<{ key: string | null, mapped: boolean, upstream_task: { id: string, name: string | null } }>, downstream_edges: Array<{ key: string | null, mapped: boolean, downstream_task: { id: string, name: string | null } }> } | null };

export type TaskVersionsQueryVariables = Exact<{
  group: string;
  slug: string;
}>;


export type TaskVersionsQuery = { task: Array<{ id: string, flow: { version: number | null } }> };

export type TaskHistoryQueryVariables = Exact<{
  tasks: Array<string> | string;
}>;


export type TaskHistoryQuery = { task_run: Array<{ id: string, name: string | null, map_index: number, state: string | null, state_message: string | null, start_time: string | null, end_time: string | null, flow_run: { id: string, name: string | null } }> };

export type TaskLimitsQueryVariables = Exact<{
  tags?: Array<string> | string | null | undefined;
}>;


export type TaskLimitsQuery = { task_tag_limit: Array<{ tag: string, limit: number }>, task_concurrency: Array<{ name: string | null, usage: number | null }> | null };

export const TaskOne: Doc<TaskOneQuery, TaskOneQueryVariables> = { name: "TaskOne", kind: "query", text: "query TaskOne($id:uuid!){task_by_pk(id:$id){id name slug description type max_retries retry_delay trigger mapped cache_key is_root_task is_terminal_task is_reference_task tags flow{id name version flow_group_id project{id name}}upstream_edges(limit:200){key mapped upstream_task{id name}}downstream_edges(limit:200){key mapped downstream_task{id name}}}}" };

export const TaskVersions: Doc<TaskVersionsQuery, TaskVersionsQueryVariables> = { name: "TaskVersions", kind: "query", text: "query TaskVersions($group:uuid!$slug:String!){task(where:{slug:{_eq:$slug}flow:{flow_group_id:{_eq:$group}}}order_by:[{created:desc}]limit:20){id flow{version}}}" };

export const TaskHistory: Doc<TaskHistoryQuery, TaskHistoryQueryVariables> = { name: "TaskHistory", kind: "query", text: "query TaskHistory($tasks:[uuid!]!){task_run(where:{task_id:{_in:$tasks}start_time:{_is_null:false}}order_by:[{start_time:desc}]limit:100){id name map_index state state_message start_time end_time flow_run{id name}}}" };

export const TaskLimits: Doc<TaskLimitsQuery, TaskLimitsQueryVariables> = { name: "TaskLimits", kind: "query", text: "query TaskLimits($tags:[String!]){task_tag_limit(where:{tag:{_in:$tags}}limit:100){tag limit}task_concurrency(names:$tags){name usage}}" };
