import type { LoadRequest, Scenario } from "../scenario-types.ts";
import { chat, get, speedUpClaim } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

/** One hold of the speed-up's ladder. */
const holdMs = 3_000;
/** Both phases of one endpoint end within this time on a target that keeps its limits. */
const slotMs = 30_000;
const sequential = 10;
const concurrent = 20;

export const smoke: LoadProfile = {
  id: "smoke",
  summary:
    "10 sequential, then 20 concurrent requests, 200 samples of every endpoint, speed-up >= 1",
  checklist: ["R1-22", "R1-23"],
  takes: ["users"],
  make(manifest, { users = concurrent }) {
    const { limitMs: ofAll, routes } = manifest;
    const endpoints: readonly (readonly [string, LoadRequest, number])[] = [
      ["chat", chat(manifest), ofAll],
      ["health", get(manifest.health), ofAll],
      ["metrics", get(manifest.metrics), ofAll],
      ...routes.map(({ name, path, limitMs }) => [name, get(path), limitMs ?? ofAll] as const),
    ];
    const scenarios: Record<string, Scenario> = {};
    for (const [index, [name, request]] of endpoints.entries()) {
      const startMs = index * slotMs;
      const maxDurationMs = slotMs / 2;
      scenarios[`${name}.sequential`] = {
        executor: "per-vu-iterations",
        vus: 1,
        iterations: sequential,
        request,
        startMs,
        maxDurationMs,
      };
      scenarios[`${name}.concurrent`] = {
        executor: "per-vu-iterations",
        vus: users,
        iterations: Math.ceil(200 / users),
        request,
        startMs: startMs + maxDurationMs,
        maxDurationMs,
      };
    }
    if (users > 1) {
      scenarios["speed-up"] = {
        executor: "ladder",
        users: [1, users],
        holdMs,
        rounds: 3,
        startMs: endpoints.length * slotMs,
        request: chat(manifest),
      };
    }
    const thresholds = Object.fromEntries(
      endpoints.map(([name, , limitMs]) => [
        `response_time{scenario:${name}.concurrent}`,
        [{ threshold: `p(95)<${limitMs}ms` }],
      ]),
    );
    // Ten sequential requests prove no share; that all succeed is observed.
    const first = endpoints.map(([name]) => [
      `errors{scenario:${name}.sequential}`,
      [{ threshold: "rate==0" }],
    ]);
    return {
      scenarios,
      thresholds: { ...thresholds, ...Object.fromEntries(first) },
      ...speedUpClaim("smoke.speed_up", { scenario: "speed-up", users }),
    };
  },
};
