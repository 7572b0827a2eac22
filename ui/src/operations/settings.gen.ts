// Written by codegen.js from settings.graphql; not by hand.
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

export type Audit_Bool_Exp = {
  _and?: Array<Audit_Bool_Exp> | null | undefined;
  _not?: Audit_Bool_Exp | null | undefined;
  _or?: Array<Audit_Bool_Exp> | null | undefined;
  id?: Uuid_Comparison_Exp | null | undefined;
  tenant_id?: Uuid_Comparison_Exp | null | undefined;
  created?: Timestamptz_Comparison_Exp | null | undefined;
  operation?: String_Comparison_Exp | null | undefined;
  key_id?: Uuid_Comparison_Exp | null | undefined;
  key_name?: String_Comparison_Exp | null | undefined;
  address?: String_Comparison_Exp | null | undefined;
  detail?: Jsonb_Comparison_Exp | null | undefined;
};

export type Create_Api_Key_Input = {
  name: string;
  user_id?: string | null | undefined;
  expires_at?: string | null | undefined;
  default_tenant_id?: string | null | undefined;
  tenant_id?: string | null | undefined;
  role?: string | null | undefined;
};

export type AllProjectsQueryVariables = Exact<{ [key: string]: never; }>;


export type AllProjectsQuery = { project: Array<{ id: string, name: string, description: string | null, created: string, flows_aggregate: { aggregate: { count: number } | null } }> };

export type MakeProjectMutationVariables = Exact<{
  name: string;
  description?: string | null | undefined;
}>;


export type MakeProjectMutation = { create_project: { id: string | null } | null };

export type NameProjectMutationVariables = Exact<{
  id: string;
  name: string;
}>;


export type NameProjectMutation = { set_project_name: { id: string | null } | null };

export type DescribeProjectMutationVariables = Exact<{
  id: string;
  description?: string | null | undefined;
}>;


export type DescribeProjectMutation = { set_project_description: { id: string | null } | null };

export type DropProjectMutationVariables = Exact<{
  id: string;
}>;


export type DropProjectMutation = { delete_project: { success: boolean | null, error: string | null } | null };

export type AllKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type AllKeysQuery = { auth_api_key: Array<{ id: string, name: string, role: string | null, expires_at: string | null, last_used: string | null, created: string }> };

export type MakeKeyMutationVariables = Exact<{
  input: Create_Api_Key_Input;
}>;


export type MakeKeyMutation = { create_api_key: { id: string | null, key: string | null } | null };

export type DropKeyMutationVariables = Exact<{
  id: string;
}>;


export type DropKeyMutation = { delete_api_key: { success: boolean | null, error: string | null } | null };

export type AuditPageQueryVariables = Exact<{
  where: Audit_Bool_Exp;
  limit: number;
}>;


export type AuditPageQuery = { audit: Array<{ id: string, created: string, operation: string, key_id: string | null, key_name: string | null, address: string | null, detail: unknown }> };

export type TenantPageQueryVariables = Exact<{
  id: string;
}>;


export type TenantPageQuery = { tenant_by_pk: { id: string, name: string, slug: string, created: string, settings: unknown, flows_aggregate: { aggregate: { count: number } | null }, projects_aggregate: { aggregate: { count: number } | null } } | null };

export type NameTenantMutationVariables = Exact<{
  id: string;
  name: string;
}>;


export type NameTenantMutation = { update_tenant_name: { id: string | null } | null };

export type SlugTenantMutationVariables = Exact<{
  id: string;
  slug: string;
}>;


export type SlugTenantMutation = { update_tenant_slug: { id: string | null } | null };

export type MakeTenantMutationVariables = Exact<{
  name: string;
  slug: string;
}>;


export type MakeTenantMutation = { create_tenant: { id: string | null } | null };

export type DropTenantMutationVariables = Exact<{
  id: string;
}>;


export type DropTenantMutation = { delete_tenant: { success: boolean | null, error: string | null } | null };

export const AllProjects: Doc<AllProjectsQuery, AllProjectsQueryVariables> = { name: "AllProjects", kind: "query", text: "query AllProjects{project(order_by:[{name:asc}]limit:500){id name description created flows_aggregate(where:{archived:{_eq:false}}){aggregate{count}}}}" };

export const MakeProject: Doc<MakeProjectMutation, MakeProjectMutationVariables> = { name: "MakeProject", kind: "mutation", text: "mutation MakeProject($name:String!$description:String){create_project(input:{name:$name description:$description}){id}}" };

export const NameProject: Doc<NameProjectMutation, NameProjectMutationVariables> = { name: "NameProject", kind: "mutation", text: "mutation NameProject($id:UUID!$name:String!){set_project_name(input:{project_id:$id name:$name}){id}}" };

export const DescribeProject: Doc<DescribeProjectMutation, DescribeProjectMutationVariables> = { name: "DescribeProject", kind: "mutation", text: "mutation DescribeProject($id:UUID!$description:String){set_project_description(input:{project_id:$id description:$description}){id}}" };

export const DropProject: Doc<DropProjectMutation, DropProjectMutationVariables> = { name: "DropProject", kind: "mutation", text: "mutation DropProject($id:UUID!){delete_project(input:{project_id:$id}){success error}}" };

export const AllKeys: Doc<AllKeysQuery, AllKeysQueryVariables> = { name: "AllKeys", kind: "query", text: "query AllKeys{auth_api_key(order_by:[{created:desc}]limit:500){id name role expires_at last_used created}}" };

export const MakeKey: Doc<MakeKeyMutation, MakeKeyMutationVariables> = { name: "MakeKey", kind: "mutation", text: "mutation MakeKey($input:create_api_key_input!){create_api_key(input:$input){id key}}" };

export const DropKey: Doc<DropKeyMutation, DropKeyMutationVariables> = { name: "DropKey", kind: "mutation", text: "mutation DropKey($id:UUID!){delete_api_key(input:{key_id:$id}){success error}}" };

export const AuditPage: Doc<AuditPageQuery, AuditPageQueryVariables> = { name: "AuditPage", kind: "query", text: "query AuditPage($where:audit_bool_exp!$limit:Int!){audit(where:$where order_by:[{created:desc}]limit:$limit){id created operation key_id key_name address detail}}" };

export const TenantPage: Doc<TenantPageQuery, TenantPageQueryVariables> = { name: "TenantPage", kind: "query", text: "query TenantPage($id:uuid!){tenant_by_pk(id:$id){id name slug created settings flows_aggregate(where:{archived:{_eq:false}}){aggregate{count}}projects_aggregate{aggregate{count}}}}" };

export const NameTenant: Doc<NameTenantMutation, NameTenantMutationVariables> = { name: "NameTenant", kind: "mutation", text: "mutation NameTenant($id:UUID!$name:String!){update_tenant_name(input:{tenant_id:$id name:$name}){id}}" };

export const SlugTenant: Doc<SlugTenantMutation, SlugTenantMutationVariables> = { name: "SlugTenant", kind: "mutation", text: "mutation SlugTenant($id:UUID!$slug:String!){update_tenant_slug(input:{tenant_id:$id slug:$slug}){id}}" };

export const MakeTenant: Doc<MakeTenantMutation, MakeTenantMutationVariables> = { name: "MakeTenant", kind: "mutation", text: "mutation MakeTenant($name:String!$slug:String!){create_tenant(input:{name:$name slug:$slug}){id}}" };

export const DropTenant: Doc<DropTenantMutation, DropTenantMutationVariables> = { name: "DropTenant", kind: "mutation", text: "mutation DropTenant($id:UUID!){delete_tenant(input:{tenant_id:$id confirm:true}){success error}}" };
