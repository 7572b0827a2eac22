// Written by codegen.js from compare.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type CompareRunsQueryVariables = Exact<{
  a: string;
  b: string;
}>;


export type CompareRunsQuery = { a: { parameters: unknown, context: unknown, run_config: unknown, id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } } | null, b: { parameters: unknown, context: unknown, run_config: unknown, id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } } | null };

export type CompareTasksQueryVariables = Exact<{
  a: string;
  b: string;
}>;


export type CompareTasksQuery = { a: Array<{ id: string, state: string | null, start_time: string | null, end_time: string | null, task: { slug: string | null, name: string | null, mapped: boolean } }>, b: Array<{ id: string, state: string | null, start_time: string | null, end_time: string | null, task: { slug: string | null, name: string | null, mapped: boolean } }> };

export type CompareChildrenQueryVariables = Exact<{
  id: string;
}>;


export type CompareChildrenQuery = { mapped_children: { min_start_time: string | null, max_end_time: string | null, state_counts: unknown } | null };

export type CompareWithQueryVariables = Exact<{
  group: string;
  not: string;
}>;


export type CompareWithQuery = { good: Array<{ id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } }>, last: Array<{ id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } }> };

export type CompareOneQueryVariables = Exact<{
  id: string;
}>;


export type CompareOneQuery = { flow_run_by_pk: { id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } } | null };

export type CompareLogsQueryVariables = Exact<{
  taskRun: string;
}>;


export type CompareLogsQuery = { log: Array<{ id: string, timestamp: string, level: string | null, message: string | null }> };

export type RunRowFragment = { id: string, name: string | null, state: string | null, state_timestamp: string | null, state_message: string | null, scheduled_start_time: string, start_time: string | null, end_time: string | null, version: number, labels: unknown, auto_scheduled: boolean, idempotency_key: string | null, flow: { id: string, name: string, version: number | null, flow_group_id: string, project: { id: string, name: string } } };

export const CompareRuns: Doc<CompareRunsQuery, CompareRunsQueryVariables> = { name: "CompareRuns", kind: "query", text: "query CompareRuns($a:uuid!$b:uuid!){a:flow_run_by_pk(id:$a){...RunRow parameters context run_config}b:flow_run_by_pk(id:$b){...RunRow parameters context run_config}}fragment RunRow on flow_run{id name state state_timestamp state_message scheduled_start_time start_time end_time version labels auto_scheduled idempotency_key flow{id name version flow_group_id project{id name}}}" };

export const CompareTasks: Doc<CompareTasksQuery, CompareTasksQueryVariables> = { name: "CompareTasks", kind: "query", text: "query CompareTasks($a:uuid!$b:uuid!){a:task_run(where:{flow_run_id:{_eq:$a}map_index:{_eq:-1}}limit:5000){id state start_time end_time task{slug name mapped}}b:task_run(where:{flow_run_id:{_eq:$b}map_index:{_eq:-1}}limit:5000){id state start_time end_time task{slug name mapped}}}" };

export const CompareChildren: Doc<CompareChildrenQuery, CompareChildrenQueryVariables> = { name: "CompareChildren", kind: "query", text: "query CompareChildren($id:UUID!){mapped_children(task_run_id:$id){min_start_time max_end_time state_counts}}" };

export const CompareWith: Doc<CompareWithQuery, CompareWithQueryVariables> = { name: "CompareWith", kind: "query", text: "query CompareWith($group:uuid!$not:uuid!){good:flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_eq:\"Success\"}id:{_neq:$not}}order_by:[{scheduled_start_time:desc}]limit:1){...RunRow}last:flow_run(where:{flow:{flow_group_id:{_eq:$group}}state:{_neq:\"Scheduled\"}id:{_neq:$not}}order_by:[{scheduled_start_time:desc}]limit:5){...RunRow}}fragment RunRow on flow_run{id name state state_timestamp state_message scheduled_start_time start_time end_time version labels auto_scheduled idempotency_key flow{id name version flow_group_id project{id name}}}" };

export const CompareOne: Doc<CompareOneQuery, CompareOneQueryVariables> = { name: "CompareOne", kind: "query", text: "query CompareOne($id:uuid!){flow_run_by_pk(id:$id){...RunRow}}fragment RunRow on flow_run{id name state state_timestamp state_message scheduled_start_time start_time end_time version labels auto_scheduled idempotency_key flow{id name version flow_group_id project{id name}}}" };

export const CompareLogs: Doc<CompareLogsQuery, CompareLogsQueryVariables> = { name: "CompareLogs", kind: "query", text: "query CompareLogs($taskRun:uuid!){log(where:{task_run_id:{_eq:$taskRun}}order_by:[{timestamp:asc}]limit:200){id timestamp level message}}" };
