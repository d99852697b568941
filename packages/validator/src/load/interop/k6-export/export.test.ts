import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { rowOf } from "../../scenario/feed/order.ts";
import { boundClaimsOf, exportK6, type K6Export } from "./export-k6.ts";
import { k6OperatorManifest } from "./k6-operator.ts";
import { runtimeJs } from "./runtime-js.ts";

const folder = mkdtempSync(join(tmpdir(), "loadline-export-"));
writeFileSync(join(folder, "rows.csv"), "q\none\ntwo\n");

const planOf = (scenario: string, rest = ""): string => `load:
  target: { baseUrl: "http://127.0.0.1:9/v1", model: m }
  scenarios: { s: ${scenario} }
${rest}`;
const open = (more: string): string =>
  `{ executor: constant-arrival-rate, rate: 10, duration: 2s, ${more} }`;
const write = (text: string, lossy = false): Promise<K6Export> =>
  exportK6(text, { path: join(folder, "plan.yaml"), lossy, clock: new TestClock() });

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

describe("export to k6", () => {
  it("executors keep k6's names; rates become whole numbers per unit of time", async () => {
    const { script } = await write(
      planOf(open("arrivals: even, steps: [{ http: /x }]").replace("rate: 10", "rate: 0.25")),
    );
    const options = optionsOf(script);
    expect(options).toMatchObject({
      scenarios: {
        s: { executor: "constant-arrival-rate", rate: 15, timeUnit: "60000ms", exec: "s0" },
      },
    });
    for (const [text, expected] of [
      ["{ executor: constant-vus, vus: 3, duration: 2s, steps: [{ http: /x }] }", { vus: 3 }],
      [
        "{ executor: ramping-vus, stages: [{ duration: 1s, target: 4 }], steps: [{ http: /x }] }",
        { startVUs: 0, stages: [{ duration: "1000ms", target: 4 }] },
      ],
      [
        "{ executor: per-vu-iterations, vus: 2, iterations: 5, steps: [{ http: /x }] }",
        { iterations: 5, maxDuration: "600000ms" },
      ],
      [
        "{ executor: ramping-arrival-rate, startRate: 5, stages: [{ duration: 2s, target: 20, step: true }], steps: [{ http: /x }] }",
        {
          startRate: 5,
          stages: [
            { duration: "0s", target: 20 },
            { duration: "2000ms", target: 20 },
          ],
        },
      ],
    ] as const) {
      const made = optionsOf((await write(planOf(text))).script);
      expect(made).toMatchObject({ scenarios: { s: expected } });
    }
  });

  it("what k6 has no form for is refused by name, and left out only when asked to", async () => {
    const text = planOf(
      `{ executor: constant-arrival-rate, rate: 10, duration: 2s, arrivals: poisson, steps: [
        { http: /x }, { mcp: { list: true } }, { repeat: { times: 2, steps: [{ llm: { message: { prompt: x } } }] } } ] }`,
      '  thresholds: { ttft: ["p(95)<1s"], response_time: ["p(50)<10ms", "avg<1s", "p(90)<1s over(60s)"] }\n',
    );
    const refused = await write(text).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "LL_LOAD_EXPORT_UNMAPPED", row: { exit: 64 } });
    const { message } = refused as Error;
    for (const part of ["arrivals: poisson", "a mcp step", "repeat.steps[0]", "ttft"]) {
      expect(message).toContain(part);
    }
    const { unmapped, claims } = await write(text, true);
    expect(unmapped.length).toBe(7);
    expect(claims.notTested.map(({ why }) => why)).toEqual([
      "ttft has no stock form in k6",
      "a limit under 20 ms is below k6's resolution",
      "a figure of the run is no share of requests",
      "k6 keeps no windows",
      // What is left of the scenario is not what the plan asks: none of its claims is counted.
      "scenarios.s.arrivals: poisson arrivals have no stock form in k6",
    ]);
    expect(claims.claims).toEqual([]);
  });

  it("only claims on a scenario that lacks something are given up", async () => {
    const { claims, script } = await write(
      `load:
  target: { baseUrl: "http://127.0.0.1:9/v1" }
  scenarios:
    whole: ${open("steps: [{ http: /x }]")}
    cut: ${open("steps: [{ http: /x }, { mcp: { list: true } }]")}
  thresholds:
    "response_time{scenario:whole}": ["p(90)<2s"]
    "response_time{scenario:cut}": ["p(90)<2s"]
    response_time: ["p(90)<2s"]
`,
      true,
    );
    expect(claims.claims.map(({ id }) => id)).toEqual(["whole.response_time.p90"]);
    expect(claims.notTested.map(({ id }) => id)).toEqual([
      "cut.response_time.p90",
      "all.response_time.p90",
      "load.errors",
    ]);
    expect(script).not.toContain("ll_over_cut");
  });

  it("checks, own metrics and growth of memory are claims of an export, too, and none is lost", async () => {
    const text = planOf(
      open("steps: [{ http: /x }, { check: { name: fine, status: 200 } }]"),
      `  metrics: { depth: { type: gauge } }
  observe: [{ process: 1, growthMibPerHourMax: 9 }]
  thresholds: { "checks{check:fine}": ["rate>0.9"], depth: ["value<5"], response_time: ["p(90)<2s"] }
`,
    );
    const { claims } = await write(text, true);
    expect(claims.claims.map(({ id }) => id)).toEqual(["all.response_time.p90", "load.errors"]);
    expect(claims.notTested.map(({ id }) => id)).toEqual([
      "all.checks.fine.rate",
      "all.depth.value",
      "target.memory_growth.1",
    ]);
  });

  it("a plan is told by what it asks for, not by how it is written", async () => {
    const digestOf = async (text: string): Promise<string> =>
      (await boundClaimsOf(text, { path: join(folder, "plan.yaml"), clock: new TestClock() }))
        .digest;
    const text = planOf(open("steps: [{ http: /x }]"));
    const digest = await digestOf(text);
    expect((await write(text)).script).toContain(`planDigest = "${digest}"`);
    expect(await digestOf(`# said\naccept: imported\n${text}`)).toBe(digest);
    expect(await digestOf(text.replace("rate: 10", "rate: 11"))).not.toBe(digest);
    expect(await digestOf(text.replace("/x", "/y"))).not.toBe(digest);
  });

  it("executors without a stock form are refused", async () => {
    for (const executor of [
      "{ executor: sessions, rate: 1, duration: 2s, turns: 2, steps: [{ http: /x }] }",
      "{ executor: ladder, users: [1, 2], hold: 2s, steps: [{ http: /x }] }",
      "{ executor: find-peak, startRate: 1, maxRate: 9, step: 2s, pass: { limit: 1s }, steps: [{ http: /x }] }",
    ]) {
      await expect(write(planOf(executor))).rejects.toMatchObject({
        code: "LL_LOAD_EXPORT_UNMAPPED",
      });
    }
  });

  it("secrets stay in the environment, and a plan that holds one is refused", async () => {
    const auth = (bearer: string): string =>
      planOf(open('steps: [{ http: { path: /x, headers: { x-key: "${env:OTHER}" } } }]')).replace(
        "model: m",
        `auth: { bearer: "${bearer}" }`,
      );
    const named = await write(auth("${env:GW_KEY}"));
    expect(named.variables).toEqual(["GW_KEY", "OTHER"]);
    expect(named.script).toContain('"authorization": "Bearer " + text(__ENV["GW_KEY"])');
    await expect(write(auth("sk-in-the-plan"))).rejects.toThrow("not the secret itself");
    await expect(write(auth("${file:key.txt}"))).rejects.toThrow("key.txt");
  });

  it("texts from the plan cannot leave their place in the script", async () => {
    // `$${` is how a plan writes a literal `${`.
    const body = "*/ ` $${evil()}";
    const step = `{ http: { path: '/x?"+evil()+"', body: '${body}' } }`;
    const { script } = await write(planOf(open(`steps: [${step}]`)));
    expect(script).toContain('"/x?\\"+evil()+\\""');
    expect(script).toContain('"*/ ` ${evil()}"');
    new Script(withoutImports(script));
  });

  it("claims get a Rate each, k6's own threshold beside it, and drops are counted by scenario", async () => {
    const { script, claims } = await write(
      planOf(
        open("steps: [{ name: x, http: /x }]"),
        '  thresholds: { response_time: ["p(99)<2s"] }\n',
      ),
    );
    expect(claims.claims.map(({ rateName }) => rateName)).toEqual([
      "ll_over_all_response_time_p99",
      "ll_over_load_errors",
    ]);
    expect(optionsOf(script)).toMatchObject({
      thresholds: {
        ll_over_all_response_time_p99: ["rate<0.01"],
        "dropped_iterations{scenario:s}": ["count>=0"],
      },
    });
  });

  it("every step of a plan with all mapped kinds becomes a script that parses", async () => {
    const steps = `[
      { name: a, http: { path: "/a/\${feed.q}", json: { q: "\${feed.q}", n: 1, deep: [null, true, "x \${vu}"] } } },
      { check: { name: ok, status: [200, 201], contains: b, json: { a.b: 1 }, bytes: { max: 9 }, within: 1s, header: { x: "" } } },
      { sleep: 1s..2s }, { group: { name: g, steps: [{ name: b, when: [ok, bad], http: { method: DELETE, path: /b, expect: { status: [404] } } }] } },
      { repeat: { times: 2, steps: [{ name: c, llm: { chat: { prompts: [x, y] } } }] } },
      { name: d, llm: { embed: { prompt: x } } }, { name: e, llm: { complete: { messages: [{ role: user, content: hi }] } } } ]`;
    const { script, unmapped } = await write(
      planOf(open(`feed: rows, steps: ${steps}`), "  feeders: { rows: { csv: rows.csv } }\n"),
    );
    expect(unmapped).toEqual([]);
    new Script(withoutImports(script));
    // The base URL ends in /v1 already.
    expect(script).toContain('"POST", "/chat/completions"');
    expect(script).toContain("for (let round = 0; round < 2; round++)");
  });

  it("free sockets are spoken to in the iteration that opens and closes them, by await", async () => {
    const steps = `[
      { name: open, ws: { path: "/t/\${vu}", connect: true, headers: { X-Key: "\${env:KEY}" } } },
      { group: { name: g, steps: [{ name: ask, ws: { path: "/t/\${vu}", ask: { q: "\${iteration}" }, contains: got, within: 2s } }] } },
      { name: tell, ws: { path: "/t/\${vu}", send: bye } }, { name: hear, ws: { path: "/t/\${vu}", receive: true } },
      { name: leave, ws: { path: "/t/\${vu}", close: true } } ]`;
    const { script, unmapped, variables } = await write(planOf(open(`steps: ${steps}`)));
    expect(unmapped).toEqual([]);
    expect(variables).toEqual(["KEY"]);
    expect(script).toContain('import { WebSocket } from "k6/websockets";');
    expect(script).toContain("export async function s0() {");
    expect(script).toMatch(
      /await ws\(it, "ask", "ask", "\/t\/" \+ .*withinMs: 2000, message: JSON/,
    );
    expect(script).toContain('"x-key": text(__ENV["KEY"])');
    expect(script).not.toContain('group("g"');
    expect(script).toContain("wsEnd(it);");
    new Script(withoutImports(script));
  });

  it("without a socket a script stays as it was: no import, nothing asynchronous", async () => {
    const { script } = await write(planOf(open("steps: [{ http: /x }]")));
    expect(script).not.toMatch(/websockets|timers|async |await /);
  });

  it.each([
    ["{ name: a, ws: { path: /t, ask: hi } }", "no step closes the socket of /t"],
    [
      "{ repeat: { times: 2, steps: [{ ws: { path: /t, send: hi } }] } }",
      "no step closes the socket",
    ],
    ["{ ws: { path: /t, ask: hi } }, { ws: { path: /other, close: true } }", "socket of /t"],
  ])("a socket kept beyond its iteration has no form in k6: %s", async (steps, why) => {
    const plan = planOf(open(`steps: [${steps}]`));
    await expect(write(plan)).rejects.toMatchObject({
      code: "LL_LOAD_EXPORT_UNMAPPED",
      message: expect.stringContaining(why) as string,
    });
    const { unmapped } = await write(plan, true);
    expect(unmapped.map((one) => one.why).join()).toContain(why);
  });

  it("a mix has exact shares in each block", async () => {
    const mix =
      "mix: { a: { weight: 50, steps: [{ name: a, http: /a }] }, b: { weight: 30, steps: [{ name: b, http: /b }] }, c: { weight: 20, steps: [{ name: c, http: /c }] } }";
    const { script } = await write(planOf(open(mix)));
    const block = JSON.parse(/const kind = (\[[\d,]+\])/.exec(script)?.[1] ?? "[]") as number[];
    expect([0, 1, 2].map((kind) => block.filter((one) => one === kind).length)).toEqual([5, 3, 2]);
  });
});

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
      "ok",
      "status_4xx",
      "status_429",
      "status_5xx",
      "status_503",
    ]);
    expect(of(404, 0, [404])).toBe("ok");
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

describe("export to k6-operator", () => {
  const parts = { script: "// s\n", variables: ["GW_KEY"] };

  it("is a ConfigMap and a TestRun that keeps its logs, secrets by reference", () => {
    const text = k6OperatorManifest(parts, { name: "My Plan!", parallelism: 4 });
    const [configMap, testRun] = parseAllDocuments(text).map((one): unknown => one.toJS());
    expect(configMap).toMatchObject({ kind: "ConfigMap", data: { "script.js": "// s\n" } });
    expect(testRun).toMatchObject({
      apiVersion: "k6.io/v1alpha1",
      kind: "TestRun",
      metadata: { name: "my-plan" },
      spec: {
        parallelism: 4,
        separate: true,
        script: { configMap: { name: "my-plan", file: "script.js" } },
        runner: {
          env: [
            { name: "GW_KEY", valueFrom: { secretKeyRef: { name: "my-plan", key: "GW_KEY" } } },
          ],
        },
      },
    });
    expect(text).not.toContain("cleanup");
  });

  it("a script over 900 KB goes to a volume, and the manifest says so", () => {
    const script = "x".repeat(901 * 1024);
    const text = k6OperatorManifest({ script, variables: [] }, { name: "big", parallelism: 1 });
    expect(text.startsWith("# The script is over 900 KB")).toBe(true);
    const [testRun] = parseAllDocuments(text).map((one): unknown => one.toJS());
    expect(testRun).toMatchObject({
      spec: { script: { volumeClaim: { name: "big", file: "script.js" } } },
    });
  });
});

/** The options object a script declares. */
function optionsOf(script: string): unknown {
  const text = /export const options = (\{[\s\S]*?\n\});/.exec(script)?.[1] ?? "{}";
  return JSON.parse(text);
}

const withoutImports = (script: string): string =>
  script.replaceAll(/^import .*$/gm, "").replaceAll(/^export /gm, "");
