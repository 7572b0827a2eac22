/** The command that does what the form does, exactly. */

/** A run as it is wished for. */
export interface Wish {
  /** Id of the flow, or of its group when the newest version is meant. */
  id: string;
  parameters: Record<string, unknown>;
  name: string;
  labels: readonly string[] | null;
  context: Record<string, unknown>;
  key: string;
  level: string;
  priority: number | null;
}

/** Quote a text for a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Write a value so that the command reads it as the same value: JSON, or plain text that is no JSON. */
export function written(value: unknown): string {
  const isPlain =
    typeof value === "string" &&
    /^[A-Za-z_/.][\w./:@-]*$/.test(value) &&
    !["true", "false", "null", "NaN", "Infinity"].includes(value);
  return isPlain ? (value as string) : JSON.stringify(value);
}

/** Names with "=" can only be said in a file. */
const inFile = (values: Record<string, unknown>) =>
  Object.keys(values).some((name) => name.includes("=")) || JSON.stringify(values).length > 20_000;

/** Give the command; parameters that no option can say are given as a file on standard input. */
export function command(wish: Wish): string {
  const parts = ["prefect run", `--id ${wish.id}`];
  const byFile = inFile(wish.parameters);
  if (!byFile)
    for (const [name, value] of Object.entries(wish.parameters))
      parts.push(`--param ${quoted(`${name}=${written(value)}`)}`);
  for (const [name, value] of Object.entries(wish.context))
    parts.push(`--context ${quoted(`${name}=${written(value)}`)}`);
  for (const label of wish.labels ?? []) parts.push(`--label ${quoted(label)}`);
  if (wish.name) parts.push(`--run-name ${quoted(wish.name)}`);
  if (wish.level) parts.push(`--log-level ${wish.level.toLowerCase()}`);
  if (wish.priority !== null) parts.push(`--priority ${wish.priority}`);
  if (wish.key) parts.push(`--idempotency-key ${quoted(wish.key)}`);
  const line = parts.join(parts.length > 4 ? " \\\n  " : " ");
  if (!byFile) return line;
  return `${line} --param-file /dev/stdin <<'PARAMETERS'\n${JSON.stringify(wish.parameters, null, 2)}\nPARAMETERS`;
}
