/** The shape of the kit's error tables; this package imports nothing of ours, so it has its own. */
export interface ContractErrorRow {
  readonly fault: "caller" | "platform";
  readonly retryable: boolean;
  readonly exit: 1 | 2 | 3 | 78;
  readonly summary: string;
  /** What to do: a command or a key. */
  readonly remedy: string;
}

/** What somebody wrote that cannot be taken as it is: exit 78. */
export const refused = (summary: string, remedy: string): ContractErrorRow => ({
  fault: "caller",
  retryable: false,
  exit: 78,
  summary,
  remedy,
});
