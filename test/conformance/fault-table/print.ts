import type { Outcome } from "./table.ts";

type Columns = ReadonlyMap<string, readonly Outcome[]>;

/** Columns of outcomes side by side, a record per row and mode. */
export function sideBySide(columns: Columns): Record<string, string>[] {
  const names = [...columns.keys()];
  const first = columns.get(names[0] ?? "") ?? [];
  return first.map(({ row, mode, does }) => {
    const cells = names.map((name) => {
      const found = columns.get(name)?.find((one) => one.row === row && one.mode === mode);
      return [name, found ? cellOf(found) : "NOT TESTED"];
    });
    return { row, mode, "A does": does, ...Object.fromEntries(cells) };
  });
}

/** The same as a table. */
export function printTable(columns: Columns): string {
  const heads = ["row", "mode", "A does", ...columns.keys()];
  const lines = sideBySide(columns).map((record) => heads.map((head) => record[head] ?? ""));
  const all = [heads, heads.map(() => "---"), ...lines];
  return `${all.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function cellOf({ verdict, passed, times, problems }: Outcome): string {
  if (verdict === "NOT TESTED") return verdict;
  const found = Object.entries(problems).map(([text, count]) => `${text} (${count})`);
  return `${passed}/${times}${found.length > 0 ? `: ${found.join("; ")}` : ""}`;
}

/** Rows and modes that passed every time, of those that were examined. */
export function countPassed(outcomes: readonly Outcome[]): string {
  const examined = outcomes.filter(({ verdict }) => verdict !== "NOT TESTED");
  const passed = examined.filter(({ verdict }) => verdict === "pass");
  return `${passed.length} of ${examined.length}`;
}
