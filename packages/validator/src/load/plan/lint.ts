import { connectionsMaxDefault, workersOf } from "../engine/workers.ts";
import type { Scenario } from "../scenario-types.ts";
import type { LoadPlan } from "../types.ts";
import { durationOf } from "./duration.ts";
import { peakOf } from "./peak.ts";

/** What a plan declares beside what the engine runs. */
export interface LintedPlan {
  readonly plan: LoadPlan;
  readonly thresholds: Readonly<Record<string, readonly unknown[]>>;
}

/** What is allowed and still likely not meant, one sentence each. */
export function lintPlan({ plan, thresholds }: LintedPlan): string[] {
  return [
    ...unusedFeeders(plan),
    ...shortFeeders(plan),
    ...idleParts(plan),
    ...sharedConnections(plan),
    ...loneClaims(thresholds),
  ];
}

function unusedFeeders({ feeds = {}, scenarios }: LoadPlan): string[] {
  const used = new Set(Object.values(scenarios).map(({ feed }) => feed));
  return Object.keys(feeds)
    .filter((name) => !used.has(name))
    .map((name) => `The feeder ${name} is read and no scenario uses it.`);
}

/** `unique` ends a scenario with its last row: fewer rows than arrivals end it early. */
function shortFeeders({ feeds = {}, scenarios, probe }: LoadPlan): string[] {
  return Object.entries(scenarios).flatMap(([name, scenario]) => {
    const feed = scenario.feed === undefined ? undefined : feeds[scenario.feed];
    const planned = plannedOf(scenario);
    if (feed?.order !== "unique" || feed.table === null || planned === null) return [];
    const rows = feed.table.rows - (probe === true ? 1 : 0);
    if (rows >= planned) return [];
    return [
      `${name} ends after ${rows} of ${planned} iterations: ${feed.source} has no more rows.`,
    ];
  });
}

/** Iterations of a scenario that says how many there are; null where users decide. */
function plannedOf(scenario: Scenario): number | null {
  switch (scenario.executor) {
    case "constant-arrival-rate":
      return Math.floor((scenario.rate * durationOf(scenario)) / 1000);
    case "shared-iterations":
      return scenario.iterations;
    case "per-vu-iterations":
      return scenario.iterations * scenario.vus;
    default:
      return null;
  }
}

function idleParts({ scenarios }: LoadPlan): string[] {
  return Object.entries(scenarios).flatMap(([name, { exec }]) => {
    if (exec?.kind !== "mix") return [];
    return exec.parts
      .filter(({ weight }) => weight === 0)
      .map((part) => `${part.name} of ${name} has the weight 0 and never runs.`);
  });
}

/** Users who ask at once wait for each other where there are fewer connections than they are. */
function sharedConnections(plan: LoadPlan): string[] {
  // Streams of HTTP/2 and rooms have connections of their own.
  const sharing = Object.entries(plan.scenarios).filter(
    ([, { exec, http2 }]) => http2 !== true && exec?.kind !== "rooms",
  );
  const users = Math.ceil(peakOf({ scenarios: Object.fromEntries(sharing) }).users);
  const perSender = plan.connectionsMax ?? connectionsMaxDefault;
  const most = perSender * workersOf(plan) * (plan.processes ?? 1);
  if (users <= most) return [];
  return [
    `${users} users share ${most} connections, and wait for one where more ask at once; maxConnections says another number.`,
  ];
}

function loneClaims(thresholds: LintedPlan["thresholds"]): string[] {
  if (Object.keys(thresholds).length > 0) return [];
  return ["No threshold is set: only success and life of each scenario are claimed, no time."];
}
