import type { Scenario } from "../scenario-types.ts";
import { beside, chat, get, speedUpClaim } from "./parts.ts";
import type { ProfileManifest } from "./manifest.ts";
import type { LoadProfile, MadeProfile } from "./profile.ts";

/** Users, and p95 limits of health and metrics under them, ms. */
const levels = [
  { name: "light", users: 5, healthMs: 100, metricsMs: 200 },
  { name: "medium", users: 20, healthMs: 150, metricsMs: 250 },
  { name: "high", users: 100, healthMs: 200, metricsMs: 300 },
] as const;
/** Requests per second to health and metrics beside the business routes. */
const besideRate = 10;
const throughputMin = 500;

type Level = (typeof levels)[number];
type LevelParts = Pick<MadeProfile, "scenarios" | "thresholds">;

/** Every declared route in equal parts; chat where none is declared. */
function routesOf(manifest: ProfileManifest): Pick<Scenario, "request" | "exec"> {
  const [first, ...others] = manifest.routes;
  if (first === undefined) return { request: chat(manifest) };
  if (others.length === 0) return { request: get(first.path) };
  const parts = manifest.routes.map(({ name, path }) => ({ name, weight: 1, request: get(path) }));
  return { exec: { kind: "mix", parts } };
}

/** Each business route with its p95 limit; chat where none is declared. */
function routeLimits(
  scenario: string,
  { routes, limitMs }: ProfileManifest,
): LevelParts["thresholds"] {
  const rows: readonly (readonly [string, number])[] =
    routes.length < 2
      ? [[scenario, routes[0]?.limitMs ?? limitMs]]
      : routes.map((route) => [`${scenario},step:${route.name}`, route.limitMs ?? limitMs]);
  return Object.fromEntries(
    rows.map(([of, ms]) => [`response_time{scenario:${of}}`, [{ threshold: `p(95)<${ms}ms` }]]),
  );
}

/** Users on the routes, health and metrics beside them, each with its limit at this level. */
function levelParts(
  { name, healthMs, metricsMs }: Level,
  manifest: ProfileManifest,
  o: { readonly vus: number; readonly startMs: number; readonly durationMs: number },
): LevelParts {
  const { vus, startMs, durationMs } = o;
  const at = { startMs, durationMs, rate: besideRate };
  const work = routesOf(manifest);
  return {
    scenarios: {
      [`routes.${name}`]: { executor: "constant-vus", vus, durationMs, startMs, ...work },
      [`health.${name}`]: beside(manifest.health, at),
      [`metrics.${name}`]: beside(manifest.metrics, at),
    },
    thresholds: {
      ...routeLimits(`routes.${name}`, manifest),
      [`response_time{scenario:health.${name}}`]: [{ threshold: `p(95)<${healthMs}ms` }],
      [`response_time{scenario:metrics.${name}}`]: [{ threshold: `p(95)<${metricsMs}ms` }],
    },
  };
}

const errors = { errors: [{ threshold: "rate<0.1%" }] } as const;

/** Each level by itself, as long as its error rate needs: `light`, `medium`, `high`. */
export const levelProfiles: readonly LoadProfile[] = levels.map((level) => ({
  id: level.name,
  summary: `${level.users} users on business routes, health and metrics beside`,
  checklist: ["R4-15", "R1-24"],
  takes: ["users", "durationMs"],
  make(manifest, { users: vus = level.users, durationMs = 150_000 }) {
    const { scenarios, thresholds } = levelParts(level, manifest, { vus, startMs: 0, durationMs });
    return { scenarios, thresholds: { ...thresholds, ...errors }, undecided: [] };
  },
}));

export const levelsProfile: LoadProfile = {
  id: "levels",
  summary: "1, 5, 20 and 100 users on business routes, health and metrics beside",
  checklist: ["R4-15", "R1-24"],
  takes: ["users", "durationMs"],
  make(manifest, { users = 100, durationMs = 30_000 }) {
    const scenarios: Record<string, Scenario> = {};
    const thresholds: Record<string, MadeProfile["thresholds"][string]> = {};
    levels.forEach((level, index) => {
      const vus = Math.min(level.users, users);
      const at = { vus, startMs: index * durationMs, durationMs };
      const made = levelParts(level, manifest, at);
      Object.assign(scenarios, made.scenarios);
      Object.assign(thresholds, made.thresholds);
    });
    const sizes = [1, ...levels.map((level) => Math.min(level.users, users))];
    scenarios["ladder"] = {
      executor: "ladder",
      users: [...new Set(sizes)],
      holdMs: durationMs / 3,
      rounds: 3,
      startMs: levels.length * durationMs,
      ...routesOf(manifest),
    };
    const most = Math.max(...sizes);
    const speedUp = speedUpClaim("ladder.speed_up", { scenario: "ladder", users: most });
    return {
      scenarios,
      thresholds: { ...thresholds, ...errors },
      ladder: [
        {
          id: "ladder.throughput",
          scenario: "ladder",
          users: most,
          of: "okPerSecond",
          atLeast: throughputMin,
        },
        ...speedUp.ladder,
      ],
      undecided: speedUp.undecided,
    };
  },
};
