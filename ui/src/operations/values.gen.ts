// Written by codegen.js from values.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type String_Comparison_Exp = {
  _eq?: string | null | undefined;
  _neq?: string | null | undefined;
  _gt?: string | null | undefined;
  _gte?: string | null | undefined;
  _lt?: string | null | undefined;
  _lte?: string | null | undefined;
  _in?: Array<string> | null | undefined;
  _nin?: Array<string> | null | undefined;
  _is_null?: boolean | null | undefined;
  _like?: string | null | undefined;
  _nlike?: string | null | undefined;
  _ilike?: string | null | undefined;
  _nilike?: string | null | undefined;
  _similar?: string | null | undefined;
  _nsimilar?: string | null | undefined;
  _regex?: string | null | undefined;
  _nregex?: string | null | undefined;
  _iregex?: string | null | undefined;
  _niregex?: string | null | undefined;
};

export type Uuid_Comparison_Exp = {
  _eq?: string | null | undefined;
  _neq?: string | null | undefined;
  _gt?: string | null | undefined;
  _gte?: string | null | undefined;
  _lt?: string | null | undefined;
  _lte?: string | null | undefined;
  _in?: Array<string> | null | undefined;
  _nin?: Array<string> | null | undefined;
  _is_null?: boolean | null | undefined;
};

export type Timestamptz_Comparison_Exp = {
  _eq?: string | null | undefined;
  _neq?: string | null | undefined;
  _gt?: string | null | undefined;
  _gte?: string | null | undefined;
  _lt?: string | null | undefined;
  _lte?: string | null | undefined;
  _in?: Array<string> | null | undefined;
  _nin?: Array<string> | null | undefined;
  _is_null?: boolean | null | undefined;
};

export type Jsonb_Comparison_Exp = {
  _eq?: unknown;
  _neq?: unknown;
  _gt?: unknown;
  _gte?: unknown;
  _lt?: unknown;
  _lte?: unknown;
  _in?: Array<unknown> | null | undefined;
  _nin?: Array<unknown> | null | undefined;
  _is_null?: boolean | null | undefined;
  _contains?: unknown;
  _contained_in?: unknown;
  _has_key?: string | null | undefined;
  _has_keys_any?: Array<string> | null | undefined;
  _has_keys_all?: Array<string> | null | undefined;
  _cast?: Jsonb_Cast_Exp | null | undefined;
};

export type Jsonb_Cast_Exp = {
  String?: String_Comparison_Exp | null | undefined;
};

export type Key_Value_Bool_Exp = {
  _and?: Array<Key_Value_Bool_Exp> | null | undefined;
  _not?: Key_Value_Bool_Exp | null | undefined;
  _or?: Array<Key_Value_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  key?: String_Comparison_Exp | null | undefined;
  value?: Jsonb_Comparison_Exp | null | undefined;
};

export type AllValuesQueryVariables = Exact<{
  where: Key_Value_Bool_Exp;
  limit: number;
}>;


export type AllValuesQuery = { key_value: Array<{ id: string, key: string, value: unknown, updated: string }>, key_value_aggregate: { aggregate: { count: number } | null } };

export type SetValueMutationVariables = Exact<{
  key: string;
  value: unknown;
}>;


export type SetValueMutation = { set_key_value: { id: string | null } | null };

export type DropValueMutationVariables = Exact<{
  id: string;
}>;


export type DropValueMutation = { delete_key_value: { success: boolean | null, error: string | null } | null };

export const AllValues: Doc<AllValuesQuery, AllValuesQueryVariables> = { name: "AllValues", kind: "query", text: "query AllValues($where:key_value_bool_exp!$limit:Int!){key_value(where:$where order_by:[{key:asc}]limit:$limit){id key value updated}key_value_aggregate(where:$where){aggregate{count}}}" };

export const SetValue: Doc<SetValueMutation, SetValueMutationVariables> = { name: "SetValue", kind: "mutation", text: "mutation SetValue($key:String!$value:JSON!){set_key_value(input:{key:$key value:$value}){id}}" };

export const DropValue: Doc<DropValueMutation, DropValueMutationVariables> = { name: "DropValue", kind: "mutation", text: "mutation DropValue($id:UUID!){delete_key_value(input:{key_value_id:$id}){success error}}" };
