import type { IncomingHttpHeaders } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { Pool } from "undici";
import {
  type HttpLoadRequest,
  type LoadMetric,
  type LoadPlan,
  runLoad,
} from "../../packages/validator/src/load/index.ts";
import { connections, scriptedPlan } from "./plans.ts";

/** One measured side: sends for a while and says how many requests were answered. */
export type Side = (url: string, durationMs: number) => Promise<number>;

/** Loadline's engine in this thread: recording and guards on. */
function loadlineWith(metrics: readonly LoadMetric[], request: Partial<HttpLoadRequest>): Side {
  return async (baseUrl, durationMs) => {
    const scenario = {
      executor: "constant-vus",
      vus: connections,
      durationMs,
      request: { kind: "http", method: "GET", path: "/", ...request },
    } as const;
    const plan: LoadPlan = {
      // The TLS leg's certificate is its own.
      target: { baseUrl, insecure: true },
      seed: 7,
      scenarios: { s: scenario },
      limits: metrics.map((metric) => ({
        scenario: "s",
        metric,
        limitMs: 100,
        claim: metric,
        stream: `load.${metric}`,
        part: "all",
      })),
    };
    return await okOf(plan);
  };
}

/** A bare GET with one claim. */
export const loadline = loadlineWith(["response_time"], {});

/** The same with a check of the status and three claims with their figures. */
export const loadlineFull = loadlineWith(["response_time", "service_time", "errors"], {
  expectStatus: [200],
});

/** The request and its check as steps of a plan, or as a function of a module. */
export function scripted(kind: "steps" | "module"): Side {
  return async (baseUrl, durationMs) => {
    const plan = { ...(await scriptedPlan(kind, baseUrl, durationMs)), probe: false };
    return await okOf(plan);
  };
}

async function okOf(plan: LoadPlan): Promise<number> {
  let ok = 0;
  for await (const record of runLoad(plan, { clock: systemClock(), engine: "inline" })) {
    if (record.type === "load.ended") ok = record.accounts[0]?.ok ?? 0;
  }
  return ok;
}

/** undici's lowest level, recording nothing. */
export const undiciDispatch: Side = async (url, durationMs) => {
  const clock = systemClock();
  const pool = new Pool(url, { connections, pipelining: 1 });
  const untilMs = clock.monotonicMs() + durationMs;
  let ok = 0;
  const one = (ended: () => void): void => {
    pool.dispatch(
      { path: "/", method: "GET" },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_c: unknown, _status: number, _h: IncomingHttpHeaders) => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => {
          ok++;
          if (clock.monotonicMs() < untilMs) one(ended);
          else ended();
        },
        onResponseError: (_c: unknown, error: Error) => {
          throw error;
        },
      },
    );
  };
  await Promise.all(
    Array.from({ length: connections }, () => new Promise<void>((end) => one(end))),
  );
  await pool.close();
  return ok;
};
