import type { FlowGroupQuery, FlowVersionQuery } from "../../operations/flow.gen";

export type Group = NonNullable<FlowGroupQuery["flow_group_by_pk"]>;
export type Version = Group["flows"][number];
export type Details = NonNullable<FlowVersionQuery["flow_by_pk"]>;
