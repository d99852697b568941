import { isRecord } from "@loadline/kit/json";
import type { HealthAnswer } from "../pipeline/answer.ts";

/** Worst first. */
const states = ["down", "degraded", "ok", "disabled"];

/** The supervisor's own view of its workers, as a component of /health. */
export interface WorkersComponent {
  readonly required: true;
  readonly state: "ok" | "degraded" | "down";
  readonly running: number;
  readonly wanted: number;
  readonly restarts: number;
}

/** /health of all workers: 200 when each of them says so, every component in its worst state. */
export function mergeHealth(
  answers: readonly HealthAnswer[],
  o: { readonly workers: WorkersComponent; readonly startedAt: string; readonly isStale: boolean },
): HealthAnswer {
  const components: Record<string, unknown> = { workers: o.workers };
  let first: Record<string, unknown> = {};
  let { isStale } = o;
  for (const { body } of answers) {
    if (!isRecord(body)) continue;
    first = { ...body, ...first };
    isStale ||= body["config"] === "stale";
    const own = body["components"];
    if (!isRecord(own)) continue;
    for (const [name, component] of Object.entries(own))
      components[name] = worse(components[name], component);
  }
  const isOk = answers.length > 0 && answers.every((one) => one.isOk) && o.workers.state !== "down";
  const status = isOk ? "ok" : "unavailable";
  const config = isStale ? "stale" : "current";
  return { isOk, body: { ...first, status, startedAt: o.startedAt, config, components } };
}

function worse(a: unknown, b: unknown): unknown {
  if (a === undefined) return b;
  return rank(b) < rank(a) ? b : a;
}

function rank(component: unknown): number {
  const state = isRecord(component) ? String(component["state"]) : "";
  const at = states.indexOf(state);
  return at < 0 ? states.length : at;
}
