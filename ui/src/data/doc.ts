/** One document of the API: its text, and what it takes and gives (types alone). */
export interface Doc<Answer, Variables> {
  readonly name: string;
  readonly kind: "query" | "mutation" | "subscription";
  readonly text: string;
  readonly "~answer"?: Answer;
  readonly "~variables"?: Variables;
}
