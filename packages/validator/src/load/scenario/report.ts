import type { ExecContext } from "../engine/exec.ts";
import type { Feed } from "./feed/feed.ts";
import type { FeedRow } from "./feed/table.ts";

/** What a scenario tells the run besides its requests. */
export interface Report {
  readonly checked: (name: string, held: boolean) => void;
  /** Tells a fault of the scenario, each text once, at most ten, without secret values of the row. */
  readonly fault: (error: unknown, row: FeedRow | null) => void;
}

const faultsMax = 10;
const textMax = 500;

/** Tells checks as metrics and faults as events of the run. */
export function createReport(context: ExecContext, feed: Feed | null): Report {
  const told = new Set<string>();
  return {
    checked: (name, held) => context.metric(checkMetric(name), held ? 1 : 0, !held),
    fault(error, row) {
      const own = row === null ? [] : (feed?.secretsOf(row) ?? []);
      const text = scrubbed(textOf(error), [...own, ...Object.values(context.plan.secrets ?? {})]);
      if (told.has(text) || told.size >= faultsMax) return;
      told.add(text);
      context.event(`${context.name}: an iteration failed by the scenario's own fault: ${text}`);
    },
  };
}

/** The metric a check is counted as. */
export function checkMetric(name: string): string {
  return `check:${name}`;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, textMax);
}

/** The text without these values. */
function scrubbed(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, "***");
  return clean;
}
