/** What a bench found: printed, and with `--save` kept for docs/reference/performance.md. */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** A bound for `figure` of the row whose first column is `row`. */
export interface Goal {
  readonly row: string | number;
  readonly figure: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface BenchResult {
  /** Names the file in bench/results. */
  readonly bench: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly goals?: readonly Goal[];
  readonly [detail: string]: unknown;
}

/** Where it was found. Absolute times of one machine say nothing of another. */
export interface SavedResult extends BenchResult {
  /** UTC. */
  readonly day: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

const saveFlag = "--save";

/** The arguments that are numbers, in their order. */
export function numbersGiven(argv: readonly string[]): readonly number[] {
  return argv
    .slice(2)
    .filter((text) => /^\d+(\.\d+)?$/.test(text))
    .map(Number);
}

/** Names each goal that the rows do not hold; the process then ends with 1. */
export function demandGoals({ goals = [], rows }: BenchResult): void {
  for (const { row, figure, atLeast = -Infinity, atMost = Infinity } of goals) {
    const found = Number(rows.find((one) => Object.values(one)[0] === row)?.[figure]);
    // A figure that is no number holds no goal.
    if (found >= atLeast && found <= atMost) continue;
    process.stdout.write(`missed: ${figure} of ${String(row)}\n`);
    process.exitCode = 1;
  }
}

export function tell(result: BenchResult, argv: readonly string[]): void {
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (!argv.includes(saveFlag)) return;
  const saved: SavedResult = {
    ...result,
    day: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
      node: process.version,
    },
  };
  const path = new URL(`results/${result.bench}.json`, import.meta.url);
  writeFileSync(path, `${JSON.stringify(saved, null, 2)}\n`);
}
