import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { boundClaimsOf, exportK6, type K6Export } from "./export-k6.ts";
import { k6OperatorManifest } from "./k6-operator.ts";

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

  it("a plan that a module exports is exported as the same plan in YAML is; its functions are refused by name", async () => {
    const scenario = { executor: "constant-arrival-rate", rate: 10, duration: "2s" };
    const steps = { ...scenario, steps: [{ http: "/x" }] };
    const file = (name: string, scenarios: string): Promise<K6Export> => {
      const target = '{ baseUrl: "http://127.0.0.1:9/v1", model: "m" }';
      const text = `export const load = { target: ${target}, scenarios: { s: ${scenarios} } };\n`;
      writeFileSync(join(folder, name), text);
      return exportK6(text, { path: join(folder, name), lossy: false, clock: systemClock() });
    };
    const { script } = await file("plan.mjs", JSON.stringify(steps));
    const yaml = await write(planOf(open("steps: [{ http: /x }]")));
    expect(script).toBe(yaml.script);
    const own = JSON.stringify(scenario).replace("}", ", exec: async () => {} }");
    await expect(file("own.mjs", own)).rejects.toThrow(
      /scenarios\.s\.steps: a module of Loadline has no form in k6/,
    );
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

  it("a check asks for the values of its row, and for nothing where there are none", async () => {
    writeFileSync(join(folder, "u.csv"), "id\n1\n");
    const { script } = await write(
      planOf(
        open(
          'feed: u, steps: [{ http: /x }, { check: { name: c, status: 200, contains: "row ${feed.id}", header: { x-id: "${feed.id}" } } }]',
        ),
        "  feeders: { u: { csv: u.csv } }\n",
      ),
    );
    expect(script).toContain(
      'judge(it, "c", false, [text(it.row["id"]), text(it.row["id"])].includes("") ? null : { "status": 200, "header": { "x-id": text(it.row["id"]) }, "contains": ["row " + text(it.row["id"])] });',
    );
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
