import type { Outcome } from "./table.ts";

/** Columns of outcomes side by side, a line per row and mode. */
export function printTable(columns: ReadonlyMap<string, readonly Outcome[]>): string {
  const names = [...columns.keys()];
  const first = columns.get(names[0] ?? "") ?? [];
  const lines = [
    ["row", "mode", "A does", ...names],
    ["---", "---", "---", ...names.map(() => "---")],
  ];
  for (const { row, mode, does } of first) {
    const cells = names.map((name) => {
      const found = columns.get(name)?.find((one) => one.row === row && one.mode === mode);
      return found ? cellOf(found) : "NOT TESTED";
    });
    lines.push([row, mode, does, ...cells]);
  }
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
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
