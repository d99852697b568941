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

/** Every declared route in equal parts; chat where none is declared. */
function routesOf(manifest: ProfileManifest): Pick<Scenario, "request" | "exec"> {
  const [first, ...others] = manifest.routes;
  if (first === undefined) return { request: chat(manifest) };
  if (others.length === 0) return { request: get(first.path) };
  const parts = manifest.routes.map(({ name, path }) => ({ name, weight: 1, request: get(path) }));
  return { exec: { kind: "mix", parts } };
}

export const levelsProfile: LoadProfile = {
  id: "levels",
  summary: "1, 5, 20 and 100 users on business routes, health and metrics beside",
  checklist: ["R4-15", "R1-24"],
  make(manifest, { users = 100, durationMs = 30_000 }) {
    const scenarios: Record<string, Scenario> = {};
    const thresholds: Record<string, MadeProfile["thresholds"][string]> = {};
    const work = routesOf(manifest);
    levels.forEach(({ name, users: count, healthMs, metricsMs }, index) => {
      const startMs = index * durationMs;
      const vus = Math.min(count, users);
      const at = { startMs, durationMs, rate: besideRate };
      scenarios[`routes.${name}`] = { executor: "constant-vus", vus, durationMs, startMs, ...work };
      scenarios[`health.${name}`] = beside(manifest.health, at);
      scenarios[`metrics.${name}`] = beside(manifest.metrics, at);
      thresholds[`response_time{scenario:health.${name}}`] = [{ threshold: `p(95)<${healthMs}ms` }];
      thresholds[`response_time{scenario:metrics.${name}}`] = [
        { threshold: `p(95)<${metricsMs}ms` },
      ];
    });
    const sizes = [1, ...levels.map((level) => Math.min(level.users, users))];
    scenarios["ladder"] = {
      executor: "ladder",
      users: [...new Set(sizes)],
      holdMs: durationMs / 3,
      rounds: 3,
      startMs: levels.length * durationMs,
      ...work,
    };
    const most = Math.max(...sizes);
    const speedUp = speedUpClaim("ladder.speed_up", { scenario: "ladder", users: most });
    return {
      scenarios,
      thresholds: { ...thresholds, errors: [{ threshold: "rate<0.1%" }] },
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
