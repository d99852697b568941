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
/** Names of checks that are kept; a module may make up any number. */
const namesMax = 1024;

/** Tells checks as metrics and faults as events of the run. */
export function createReport(context: ExecContext, feed: Feed | null): Report {
  const told = new Set<string>();
  const metrics = new Map<string, string>();
  return {
    checked(name, held) {
      // The same text each time: a new one would be read through wherever it is looked up.
      let metric = metrics.get(name);
      if (metric === undefined) {
        if (metrics.size >= namesMax) metrics.clear();
        metrics.set(name, (metric = checkMetric(name)));
      }
      context.metric(metric, held ? 1 : 0, !held);
    },
    fault(error, row) {
      const own = row === null ? [] : (feed?.secretsOf(row) ?? []);
      const secrets = [...own, ...Object.values(context.plan.secrets ?? {})];
      // Cut last: a piece of a secret is none that would be found.
      const text = scrubbed(textOf(error), secrets).slice(0, textMax);
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
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The text without these values. */
function scrubbed(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter((one) => one !== "").sort((a, b) => b.length - a.length);
  return longestFirst.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
}
