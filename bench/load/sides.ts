import type { IncomingHttpHeaders } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { Pool } from "undici";
import { type LoadPlan, runLoad } from "../../packages/validator/src/load/index.ts";

/** One measured side: sends for a while and says how many requests were answered. */
export type Side = (url: string, durationMs: number) => Promise<number>;

export const connections = 64;

/** Loadline's engine in this thread: recording, guards and histograms on. */
export const loadline: Side = async (baseUrl, durationMs) => {
  const plan: LoadPlan = {
    target: { baseUrl },
    seed: 7,
    scenarios: {
      s: {
        executor: "constant-vus",
        vus: connections,
        durationMs,
        request: { kind: "http", method: "GET", path: "/" },
      },
    },
    limits: [
      {
        scenario: "s",
        metric: "response_time",
        limitMs: 100,
        claim: "c",
        stream: "load.s",
        part: "all",
      },
    ],
  };
  let ok = 0;
  for await (const record of runLoad(plan, { clock: systemClock(), engine: "inline" })) {
    if (record.type === "load.ended") ok = record.accounts[0]?.ok ?? 0;
  }
  return ok;
};

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
