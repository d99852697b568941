import { createContext, Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { rowOf } from "../../scenario/feed/order.ts";
import { runtimeJs } from "./runtime-js.ts";

/** The runtime without k6, for its pure parts. */
function runtime(
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, (...given: unknown[]) => unknown>> {
  const text = runtimeJs.replaceAll("export function", "function");
  const names = [
    "rampOf",
    "rowFor",
    "classOf",
    "mix32",
    "begin",
    "send",
    "settle",
    "handleSummary",
  ];
  const made = createContext({ exec: { vu: { idInTest: 3 } }, Date, Math, ...given });
  new Script(`${text}\nmade = { ${names.join(", ")} };`).runInContext(made);
  return made["made"] as Readonly<Record<string, (...given: unknown[]) => unknown>>;
}

describe("the exported script's runtime", () => {
  const { rampOf, rowFor, classOf } = runtime();

  it("gives an arrival the row that the engine gives it, in every order", () => {
    const rows = Array.from({ length: 37 }, (_, i) => ({ i }));
    for (const order of ["sequential", "shuffle", "random", "unique"] as const) {
      for (const index of [0, 1, 36, 37, 100, 12_345]) {
        const at = rowOf(order, rows.length, 99, { index, vu: 0 });
        const row = rowFor?.({ order, seed: 99, rows }, index);
        expect({ order, index, row }).toEqual({ order, index, row: at === -1 ? null : rows[at] });
      }
    }
  });

  it("a ramp's due times are the inverse of its integral", () => {
    const due = rampOf?.([
      [2000, 0, 10],
      [1000, 10, 10],
    ]) as (index: number) => number;
    // 5/s of mean over 2 s: the tenth iteration is due as the ramp ends, then one every 100 ms.
    expect(due(9)).toBeCloseTo(2000, 6);
    expect(due(10)).toBeCloseTo(2100, 6);
    expect(due(0)).toBeCloseTo(Math.sqrt(2 / 5) * 1000, 6);
    for (let i = 1; i < 20; i++) expect(due(i)).toBeGreaterThan(due(i - 1));
  });

  it("an iteration that began late is late from its due time; warm-up and later steps are not", () => {
    const said: Record<string, boolean[]> = { response: [], service: [] };
    const due: string[] = [];
    const nowMs = [1600, 1650, 1700, 1750];
    const timings = { blocked: 0, connecting: 0, tls_handshaking: 0, duration: 50 };
    const claimOf = (metric: string, key: string) => ({
      metric,
      step: null,
      limitMs: 500,
      rate: { add: (over: boolean) => void said[key]?.push(over) },
      due: { add: () => void due.push(key) },
    });
    const given = {
      exec: { scenario: { iterationInTest: 3, startTime: 1000 } },
      Date: { now: () => nowMs.shift() ?? 0 },
      http: { request: () => ({ status: 200, timings }), expectedStatuses: () => null },
      lag: { add: () => undefined },
      okRates: { s0: { add: () => undefined } },
      okDue: { s0: { add: () => undefined } },
      base: "",
      headers: {},
    };
    const { begin, send, settle } = runtime(given);
    const plan = {
      key: "s0",
      intended: (index: number) => index * 10,
      warmupMs: 0,
      feed: null,
      claims: [claimOf("response_time", "response"), claimOf("service_time", "service")],
    };
    const it = begin?.(plan);
    send?.(it, "a", "GET", "/", null, {});
    send?.(it, "b", "GET", "/", null, {});
    settle?.(it);
    // Due at 1030, done at 1650; the second step was asked for at 1700 and done at 1750.
    expect(said).toEqual({ response: [true, false], service: [false, false] });
    nowMs.push(1600, 1650);
    const early = begin?.({ ...plan, warmupMs: 100 });
    send?.(early, "a", "GET", "/", null, {});
    settle?.(early);
    expect(said["response"]).toHaveLength(2);
    // Counted as due before it is sent, of the warm-up neither.
    expect(due).toEqual(["response", "service", "response", "service"]);
  });

  it("a request that was sent and never came to its end is over every limit", () => {
    const metrics = {
      ll_a: { values: { passes: 3, fails: 90 } },
      ll_a_due: { values: { count: 100 } },
      "dropped_iterations{scenario:s}": { values: { count: 5 } },
      ll_ok_s0: { values: { passes: 92, fails: 1 } },
      ll_due_s0: { values: { count: 100 } },
    };
    const claim = {
      id: "a",
      part: "all",
      scenario: "s",
      rateName: "ll_a",
      limitMs: 9,
      metric: "x",
    };
    const given = {
      claims: [claim],
      okRates: { s0: {} },
      okNames: { s0: "s" },
      planDigest: "p",
      notTested: [],
    };
    const { handleSummary } = runtime(given);
    const made = handleSummary?.({ metrics }) as Readonly<Record<"stdout", string>> | undefined;
    const said: unknown = JSON.parse((made?.stdout ?? "").replace("LOADLINE_RESULT ", ""));
    expect(said).toMatchObject({
      rows: [{ id: "a", n: 105, over: 15, open: 7, dropped: 5 }],
      ok: { s: { ok: 92, n: 100 } },
    });
  });

  it("answers end in the engine's classes", () => {
    const of = (status: number, code = 0, expect?: readonly number[]): unknown =>
      classOf?.({ status, error_code: code }, expect);
    expect([of(200), of(302), of(404), of(429), of(500), of(503)]).toEqual([
      "ok",
      "check",
      "status_4xx",
      "status_429",
      "status_5xx",
      "status_503",
    ]);
    expect(of(404, 0, [404])).toBe("ok");
    expect(of(302, 0, [302])).toBe("ok");
    expect([of(0, 1050), of(0, 1101), of(0, 1212), of(0, 1220), of(0, 1310), of(0, 1000)]).toEqual([
      "timeout_total",
      "dns",
      "connect",
      "reset",
      "tls",
      "protocol",
    ]);
  });
});
