// Written by codegen.js from kept.graphql; not by hand.
import type { Doc } from "../data/doc";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type Set_Document_Input = {
  kind: string;
  name: string;
  shared?: boolean | null | undefined;
  value: unknown;
  expires_at?: string | null | undefined;
};

export type Delete_Document_Input = {
  kind: string;
  name: string;
  shared?: boolean | null | undefined;
};

export type KeptDocumentsQueryVariables = Exact<{
  kind: string;
  shared: boolean;
}>;


export type KeptDocumentsQuery = { documents: Array<{ name: string, value: unknown, written_by: string | null, expires_at: string | null }> };

export type KeepDocumentMutationVariables = Exact<{
  input: Set_Document_Input;
}>;


export type KeepDocumentMutation = { set_document: { success: boolean | null, error: string | null } | null };

export type DropDocumentMutationVariables = Exact<{
  input: Delete_Document_Input;
}>;


export type DropDocumentMutation = { delete_document: { success: boolean | null, error: string | null } | null };

export const KeptDocuments: Doc<KeptDocumentsQuery, KeptDocumentsQueryVariables> = { name: "KeptDocuments", kind: "query", text: "query KeptDocuments($kind:String!$shared:Boolean!){documents(kind:$kind shared:$shared){name value written_by expires_at}}" };

export const KeepDocument: Doc<KeepDocumentMutation, KeepDocumentMutationVariables> = { name: "KeepDocument", kind: "mutation", text: "mutation KeepDocument($input:set_document_input!){set_document(input:$input){success error}}" };

export const DropDocument: Doc<DropDocumentMutation, DropDocumentMutationVariables> = { name: "DropDocument", kind: "mutation", text: "mutation DropDocument($input:delete_document_input!){delete_document(input:$input){success error}}" };
