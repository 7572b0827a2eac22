// Written by codegen.js from inbox.graphql; not by hand.
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

export type Boolean_Comparison_Exp = {
  _eq?: boolean | null | undefined;
  _neq?: boolean | null | undefined;
  _gt?: boolean | null | undefined;
  _gte?: boolean | null | undefined;
  _lt?: boolean | null | undefined;
  _lte?: boolean | null | undefined;
  _in?: Array<boolean> | null | undefined;
  _nin?: Array<boolean> | null | undefined;
  _is_null?: boolean | null | undefined;
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

export type Message_Bool_Exp = {
  _and?: Array<Message_Bool_Exp> | null | undefined;
  _not?: Message_Bool_Exp | null | undefined;
  _or?: Array<Message_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  updated?: Timestamptz_Comparison_Exp | null | undefined;
  read?: Boolean_Comparison_Exp | null | undefined;
  type?: String_Comparison_Exp | null | undefined;
  text?: String_Comparison_Exp | null | undefined;
  content?: Jsonb_Comparison_Exp | null | undefined;
};

export type InboxMessagesSubscriptionVariables = Exact<{
  where: Message_Bool_Exp;
  limit: number;
}>;


export type InboxMessagesSubscription = { message: Array<{ id: string, created: string, read: boolean, type: string | null, text: string | null, content: unknown }> };

export type MarkReadMutationVariables = Exact<{
  id: string;
}>;


export type MarkReadMutation = { mark_message_as_read: { success: boolean | null, error: string | null } | null };

export type MarkUnreadMutationVariables = Exact<{
  id: string;
}>;


export type MarkUnreadMutation = { mark_message_as_unread: { success: boolean | null, error: string | null } | null };

export type DropMessageMutationVariables = Exact<{
  id: string;
}>;


export type DropMessageMutation = { delete_message: { success: boolean | null, error: string | null } | null };

export type InboxTypesQueryVariables = Exact<{ [key: string]: never; }>;


export type InboxTypesQuery = { message: Array<{ type: string | null }> };

export const InboxMessages: Doc<InboxMessagesSubscription, InboxMessagesSubscriptionVariables> = { name: "InboxMessages", kind: "subscription", text: "subscription InboxMessages($where:message_bool_exp!$limit:Int!){message(where:$where order_by:[{created:desc}]limit:$limit){id created read type text content}}" };

export const MarkRead: Doc<MarkReadMutation, MarkReadMutationVariables> = { name: "MarkRead", kind: "mutation", text: "mutation MarkRead($id:UUID!){mark_message_as_read(input:{message_id:$id}){success error}}" };

export const MarkUnread: Doc<MarkUnreadMutation, MarkUnreadMutationVariables> = { name: "MarkUnread", kind: "mutation", text: "mutation MarkUnread($id:UUID!){mark_message_as_unread(input:{message_id:$id}){success error}}" };

export const DropMessage: Doc<DropMessageMutation, DropMessageMutationVariables> = { name: "DropMessage", kind: "mutation", text: "mutation DropMessage($id:UUID!){delete_message(input:{message_id:$id}){success error}}" };

export const InboxTypes: Doc<InboxTypesQuery, InboxTypesQueryVariables> = { name: "InboxTypes", kind: "query", text: "query InboxTypes{message(distinct_on:[type]order_by:[{type:asc}]limit:50){type}}" };
