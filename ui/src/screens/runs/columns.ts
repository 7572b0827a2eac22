/** A column of the list of runs. */
export interface Column {
  id: string;
  name: string;
  /** As a track of a grid. */
  width: string;
  /** Whether it is shown when nobody chose. */
  usual: boolean;
}

export const COLUMNS: readonly Column[] = [
  { id: "flow", name: "Flow", width: "minmax(120px, 1.2fr)", usual: true },
  { id: "project", name: "Project", width: "minmax(90px, 0.8fr)", usual: false },
  { id: "when", name: "Planned start", width: "minmax(128px, 0.7fr)", usual: true },
  { id: "took", name: "Took", width: "minmax(120px, 0.8fr)", usual: true },
  { id: "labels", name: "Labels", width: "minmax(80px, 0.8fr)", usual: true },
  { id: "message", name: "Last message", width: "minmax(140px, 1.6fr)", usual: true },
  { id: "parameters", name: "Parameters", width: "minmax(120px, 1.2fr)", usual: false },
  { id: "agent", name: "Agent", width: "minmax(80px, 0.7fr)", usual: false },
  { id: "by", name: "Made by", width: "minmax(80px, 0.6fr)", usual: false },
  { id: "priority", name: "Priority", width: "minmax(70px, 0.5fr)", usual: false },
  { id: "key", name: "Idempotency key", width: "minmax(100px, 0.8fr)", usual: false },
];

/** The columns that an address names, in the usual order; what it does not know is left out. */
export function columnsOf(text: string | null): Column[] {
  if (text === null) return COLUMNS.filter((one) => one.usual);
  const wanted = text.split(",");
  return COLUMNS.filter((one) => wanted.includes(one.id));
}
