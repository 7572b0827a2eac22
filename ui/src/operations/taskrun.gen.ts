// Written by codegen.js from taskrun.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type TaskRunHeadSubscriptionVariables = Exact<{
  id: string;
}>;


export type TaskRunHeadSubscription = { task_run_by_pk: { id: string, name: string | null, map_index: number, version: number, state: string | null, state_message: string | null, state_timestamp: string | null, state_start_time: string | null, start_time: string | null, end_time: string | null, serialized_state: unknown, flow_run_id: string, task_id: string, task: { id: string, name: string | null, slug: string | null, type: string | null, trigger: string | null, max_retries: number | null, retry_delay: string | null, cache_key: string | null, tags: unknown, mapped: boolean, upstream_edges: Array<{ key: string | null, upstream_task_id: string, upstream_task: { name: string | null } }>, downstream_edges: Array<{ key: string | null, downstream_task_id: string, downstream_task: { name: string | null } }> }, flow_run: { id: string, name: string | null, state: string | null, flow: { id: string, name: string, flow_group_id: string, project: { id: string, name: string } } }, states: Array<{ version: number | null, state: string, timestamp: string, message: string | null, start_time: string | null }> } | null };

export type TaskRunAroundQueryVariables = Exact<{
  run: string;
  tasks: Array<string> | string;
}>;


export type TaskRunAroundQuery = { task_run: Array<{ id: string, task_id: string, state: string | null, name: string | null, task: { id: string, name: string | null } }> };

export type TaskRunChildrenQueryVariables = Exact<{
  run: string;
  task: string;
  limit: number;
  offset: number;
}>;


export type TaskRunChildrenQuery = { task_run: Array<{ id: string, name: string | null, map_index: number, state: string | null, state_message: string | null, start_time: string | null, end_time: string | null, version: number }> };

export type TaskRunSumsQueryVariables = Exact<{
  id: string;
}>;


export type TaskRunSumsQuery = { mapped_children: { min_start_time: string | null, max_end_time: string | null, state_counts: unknown } | null };

export type TaskRunWholeFragment = { id: string, name: string | null, map_index: number, version: number, state: string | null, state_message: string | null, state_timestamp: string | null, state_start_time: string | null, start_time: string | null, end_time: string | null, serialized_state: unknown, flow_run_id: string, task_id: string, task: { id: string, name: string | null, slug: string | null, type: string | null, trigger: string | null, max_retries: number | null, retry_delay: string | null, cache_key: string | null, tags: unknown, mapped: boolean, upstream_edges: Array<{ key: string | null, upstream_task_id: string, upstream_task: { name: string | null } }>, downstream_edges: Array<{ key: string | null, downstream_task_id: string, downstream_task: { name: string | null } }> }, flow_run: { id: string, name: string | null, state: string | null, flow: { id: string, name: string, flow_group_id: string, project: { id: string, name: string } } }, states: Array<{ version: number | null, state: string, timestamp: string, message: string | null, start_time: string | null }> };

export const TaskRunHead: Doc<TaskRunHeadSubscription, TaskRunHeadSubscriptionVariables> = { name: "TaskRunHead", kind: "subscription", text: "subscription TaskRunHead($id:uuid!){task_run_by_pk(id:$id){...TaskRunWhole}}fragment TaskRunWhole on task_run{id name map_index version state state_message state_timestamp state_start_time start_time end_time serialized_state flow_run_id task_id task{id name slug type trigger max_retries retry_delay cache_key tags mapped upstream_edges(limit:50){key upstream_task_id upstream_task{name}}downstream_edges(limit:50){key downstream_task_id downstream_task{name}}}flow_run{id name state flow{id name flow_group_id project{id name}}}states(order_by:[{version:asc}]limit:200){version state timestamp message start_time}}" };

export const TaskRunAround: Doc<TaskRunAroundQuery, TaskRunAroundQueryVariables> = { name: "TaskRunAround", kind: "query", text: "query TaskRunAround($run:uuid!$tasks:[uuid!]!){task_run(where:{flow_run_id:{_eq:$run}task_id:{_in:$tasks}map_index:{_eq:-1}}limit:200){id task_id state name task{id name}}}" };

export const TaskRunChildren: Doc<TaskRunChildrenQuery, TaskRunChildrenQueryVariables> = { name: "TaskRunChildren", kind: "query", text: "query TaskRunChildren($run:uuid!$task:uuid!$limit:Int!$offset:Int!){task_run(where:{flow_run_id:{_eq:$run}task_id:{_eq:$task}map_index:{_gte:0}}order_by:[{map_index:asc}]limit:$limit offset:$offset){id name map_index state state_message start_time end_time version}}" };

export const TaskRunSums: Doc<TaskRunSumsQuery, TaskRunSumsQueryVariables> = { name: "TaskRunSums", kind: "query", text: "query TaskRunSums($id:UUID!){mapped_children(task_run_id:$id){min_start_time max_end_time state_counts}}" };
