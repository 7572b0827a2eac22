// Written by codegen.js from secrets.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type SecretNamesQueryVariables = Exact<{ [key: string]: never; }>;


export type SecretNamesQuery = { secret_names: Array<string> | null };

export type SetSecretMutationVariables = Exact<{
  name: string;
  value: unknown;
}>;


export type SetSecretMutation = { set_secret: { success: boolean | null, error: string | null } | null };

export type DropSecretMutationVariables = Exact<{
  name: string;
}>;


export type DropSecretMutation = { delete_secret: { success: boolean | null, error: string | null } | null };

export const SecretNames: Doc<SecretNamesQuery, SecretNamesQueryVariables> = { name: "SecretNames", kind: "query", text: "query SecretNames{secret_names}" };

export const SetSecret: Doc<SetSecretMutation, SetSecretMutationVariables> = { name: "SetSecret", kind: "mutation", text: "mutation SetSecret($name:String!$value:JSON!){set_secret(input:{name:$name value:$value}){success error}}" };

export const DropSecret: Doc<DropSecretMutation, DropSecretMutationVariables> = { name: "DropSecret", kind: "mutation", text: "mutation DropSecret($name:String!){delete_secret(input:{name:$name}){success error}}" };
