import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../../../testkit/src/recording-target/index.ts";
import { startSimulator } from "../../../../../testkit/src/simulator/index.ts";
import { planFolder, ran, type Ran } from "../../plan/run.fixture.ts";

const terms = "executor: shared-iterations, vus: 1, iterations: 3";

/** Runs the function `s` of a module against a target. */
async function run(
  url: string,
  module: string,
  o: {
    terms?: string;
    top?: string;
    files?: Record<string, string>;
    engine?: "inline" | "thread";
  } = {},
): Promise<Ran> {
  using folder = planFolder();
  folder.write("s.ts", module);
  for (const [name, content] of Object.entries(o.files ?? {})) folder.write(name, content);
  const file = await folder.compile(`load:
  target: { baseUrl: "${url}", model: tiny }
${o.top ?? ""}  scenarios:
    s: { ${o.terms ?? terms}, exec: "./s.ts#s" }
`);
  return await ran(file.plan, { engine: o.engine ?? "inline" });
}

const checks = (records: Ran["records"]): Record<string, readonly [number, number]> =>
  Object.fromEntries(
    records
      .flatMap((one) => (one.type === "figure" ? [one.figure] : []))
      .map(({ figure, count, bad }) => [figure, [count, bad] as const]),
  );

describe("module scenario", () => {
  it("calls are sent one after the other and resolve with what came back", async () => {
    await using target = await startRecordingTarget(({ path }) =>
      path === "/missing" ? { status: 404 } : { body: '{"id":7}', headers: { "x-a": "b" } },
    );
    const { accounts, events } = await run(
      target.url,
      `export async function s(vu) {
        const one = await vu.http.post("/a", { json: { it: vu.iteration }, headers: { "x-q": "1" } });
        const bad = await vu.http.get("/missing");
        await vu.http.put("/seen", { json: [one.ok, one.status, one.json().id, one.header("x-a"), bad.outcome, bad.status, one.timings.responseMs >= one.timings.serviceMs, one.bodyBytes] });
      }`,
    );
    expect(events).toEqual([]);
    expect(accounts[0]).toMatchObject({ due: 9, ok: 6, bad: { status_4xx: 3 } });
    expect(
      target.seen.slice(0, 3).map(({ method, path, body }) => `${method} ${path} ${body}`),
    ).toEqual([
      'POST /a {"it":0}',
      "GET /missing ",
      'PUT /seen [true,200,7,"b","status_4xx",404,true,8]',
    ]);
  });

  it("a request that is written once is so for its method and path, whatever was asked before", async () => {
    await using target = await startRecordingTarget(() => ({ body: "{}" }));
    const { accounts } = await run(
      target.url,
      `export async function s(vu) {
        for (const path of ["/a", "/b"]) {
          await vu.http.get(path);
          await vu.http.del(path);
        }
      }`,
      { terms: "executor: shared-iterations, vus: 1, iterations: 2" },
    );
    const asked = ["GET /a", "DELETE /a", "GET /b", "DELETE /b"];
    expect(accounts[0]).toMatchObject({ due: 8, ok: 8 });
    expect(target.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      ...asked,
      ...asked,
    ]);
  });

  it("a target that resets, or is not there, is an outcome and never an exception", async () => {
    await using target = await startRecordingTarget(() => null);
    const module = `export async function s(vu) {
      const reply = await vu.http.get("/");
      if (reply.outcome !== "reset" || reply.status !== 0 || reply.json() !== undefined || reply.text() !== "") throw new Error("saw " + reply.outcome);
    }`;
    const { accounts, events } = await run(target.url, module);
    expect(events).toEqual([]);
    expect(accounts[0]).toMatchObject({ due: 3, ok: 0, bad: { reset: 3 } });
    const none = await run("http://127.0.0.1:1", module.replace('"reset"', '"connect"'), {
      terms: "executor: shared-iterations, iterations: 1",
    });
    expect(none.accounts[0]).toMatchObject({ due: 1, bad: { connect: 1 } });
  });

  it.each([
    ["thrown at once", "export function s() { throw new Error('oops'); }", 0],
    [
      "rejected later",
      "export async function s(vu) { await vu.http.get('/'); throw new Error('oops'); }",
      3,
    ],
    ["of a wrong call", "export async function s(vu) { await vu.http.get('/a b'); }", 0],
    ["of a model nobody named", "export async function s(vu) { await vu.llm.chat({}); }", 0],
    ["of a pause that is none", "export async function s(vu) { await vu.sleep('2'); }", 0],
  ])(
    "an exception %s is outcome `script`, due once per iteration and told once",
    async (_what, module, sent) => {
      await using target = await startRecordingTarget();
      const { accounts, events } = await run(target.url, module);
      expect(accounts[0]).toMatchObject({ due: 3 + sent, ok: sent, bad: { script: 3 } });
      expect(events).toHaveLength(1);
      expect(events[0]).toContain("scenario's own fault");
    },
  );

  it("an exception's text loses the secrets of its row and of the plan", async () => {
    await using target = await startRecordingTarget();
    const { events } = await run(
      target.url,
      "export function s(vu) { throw new Error('pw ' + vu.feed.pw); }",
      {
        terms: `${terms}, feed: u`,
        top: "  feeders: { u: { csv: u.csv, secret: [pw] } }\n",
        files: { "u.csv": "id,pw\n1,hunter2\n" },
      },
    );
    expect(events[0]).toContain("pw ***");
    expect(events[0]).not.toContain("hunter2");
  });

  it("nor is a piece of them left where the text is cut, and an empty one hides nothing", async () => {
    await using target = await startRecordingTarget();
    const { events } = await run(
      target.url,
      "export function s(vu) { throw new Error('x'.repeat(490) + vu.feed.pw); }",
      {
        terms: `${terms}, feed: u`,
        top: "  feeders: { u: { csv: u.csv, secret: [pw, none] } }\n",
        files: { "u.csv": "id,pw,none\n1,hunter2-hunter2,\n" },
      },
    );
    expect(events[0]).toContain("Error: xxx");
    expect(events[0]).not.toContain("hun");
  });

  it("checks are counted by name; a required one makes its request bad; one that throws does not hold", async () => {
    await using target = await startRecordingTarget(() => ({ body: '{"n":1}' }));
    const { accounts, records } = await run(
      target.url,
      `export async function s(vu) {
        const reply = await vu.http.get("/", { require: { "n is 2": (r) => r.json().n === 2 } });
        const all = vu.check(reply, { "is check": (r) => r.outcome === "check", "deep": (r) => r.json().a.b === 1 });
        if (all) throw new Error("held");
        vu.metrics.add("mine", 5);
      }`,
    );
    expect(accounts[0]).toMatchObject({ due: 3, ok: 0, bad: { check: 3 } });
    expect(checks(records)).toMatchObject({
      "check:n is 2": [3, 3],
      "check:is check": [3, 0],
      "check:deep": [3, 3],
      mine: [3, 0],
    });
  });

  it("rows, random numbers and identity come from the arrival, whoever runs it", async () => {
    const module = `export async function s(vu) {
      await vu.http.post("/", { json: [vu.iteration, vu.feed.id, vu.random.below(1000), vu.setup, vu.env.A, vu.tags.t] });
    }`;
    const o = (vus: number) => ({
      terms: `executor: shared-iterations, vus: ${vus}, iterations: 12, feed: u, env: { A: x }, tags: { t: y }`,
      top: "  feeders: { u: { csv: u.csv, order: shuffle } }\n",
      files: { "u.csv": `id\n${Array.from({ length: 12 }, (_, i) => i).join("\n")}\n` },
    });
    const bodies = async (vus: number): Promise<string[]> => {
      await using target = await startRecordingTarget();
      await run(target.url, module, o(vus));
      return target.seen.map(({ body }) => body).sort();
    };
    const one = await bodies(1);
    expect(await bodies(4)).toEqual(one);
    const ids = one.map((body) => /^\[\d+,"(\d+)"/.exec(body)?.[1]);
    expect(new Set(ids).size).toBe(12);
    expect(one[0]).toContain(',null,"x","y"]');
  });

  it("requests are counted under their names, a group names those without", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    folder.write(
      "s.ts",
      `export async function s(vu) {
        await vu.http.get("/", { name: "home" });
        await vu.group("cart", async () => { await vu.http.get("/c"); });
        await vu.http.get("/", { name: "typo" });
      }`,
    );
    const { plan } = await folder.compile(`load:
  target: { baseUrl: "${target.url}" }
  scenarios: { s: { ${terms}, requests: [home, cart], exec: "./s.ts#s" } }
`);
    const limits = ["s", "home", "cart"].map((step) => ({
      ...({
        scenario: "s",
        step,
        metric: "errors",
        claim: step,
        stream: step,
        part: "all",
      } as const),
    }));
    const { records, events } = await ran({ ...plan, limits });
    const counts = records.flatMap((one) =>
      one.type === "sample.tally" ? [[one.claim, one.tally.n] as const] : [],
    );
    expect(Object.fromEntries(counts)).toEqual({ s: 3, home: 3, cart: 3 });
    expect(events).toEqual([expect.stringContaining("typo is not among the scenario's requests")]);
  });

  it("models answer with content and counts in four calls at once, pauses are not measured", async () => {
    await using simulator = await startSimulator({ clock: systemClock(), model: "tiny" });
    const { accounts, events } = await run(
      simulator.baseUrl,
      `export async function s(vu) {
        await vu.sleep("50ms..60ms");
        const [a, b] = await Promise.all([
          vu.llm.chat({ prompt: "hi", maxTokens: 4 }),
          vu.llm.chat({ messages: [{ role: "user", content: "hi" }], stream: false, maxTokens: 4 }),
        ]);
        if (a.content() === "" || b.content() === "" || a.tokens !== 4 || !(a.timings.ttftMs >= 0)) throw new Error("no content");
        const wrong = await vu.llm.chat({ model: "other", prompt: "hi" });
        if (wrong.outcome !== "status_4xx" || wrong.content() !== "") throw new Error("content of nothing");
      }`,
    );
    expect(events).toEqual([]);
    expect(accounts[0]).toMatchObject({ due: 9, ok: 6, bad: { status_4xx: 3 } });
  });

  it("turns of a session share a row and a state, other sessions have their own", async () => {
    await using target = await startRecordingTarget();
    const { accounts, events } = await run(
      target.url,
      `export async function s(vu) {
        const said = (vu.state.said ??= []);
        said.push(vu.turn);
        await vu.http.post("/", { json: { session: vu.session, row: vu.feed.id, said } });
      }`,
      {
        terms: "executor: sessions, rate: 10, duration: 500ms, turns: 3, gracefulStop: 5s, feed: u",
        top: "  feeders: { u: { csv: u.csv } }\n",
        files: { "u.csv": "id\na\nb\nc\nd\ne\n" },
      },
    );
    expect(events).toEqual([]);
    expect(accounts[0]).toMatchObject({ due: 15, ok: 15 });
    const last = target.seen.map(({ body }) => body).filter((body) => body.includes("[0,1,2]"));
    expect(last.sort()).toEqual(
      ["a", "b", "c", "d", "e"].map((row, session) =>
        JSON.stringify({ session, row, said: [0, 1, 2] }),
      ),
    );
  });

  it("runs in the engine's own threads, each of which imports the module itself", async () => {
    await using target = await startRecordingTarget();
    const { accounts } = await run(
      target.url,
      "let imports = 0; imports++; export async function s(vu) { await vu.http.get('/' + imports); }",
      { engine: "thread" },
    );
    expect(accounts[0]).toMatchObject({ due: 3, ok: 3 });
    expect(target.seen.map(({ path }) => path)).toEqual(["/1", "/1", "/1"]);
  });
});

describe("a plan in TypeScript", () => {
  const source = (url: string, o = ""): string => `
    export const load = {
      target: { baseUrl: "${url}" },
      setup: async (vu) => ({ from: (await vu.http.get("/setup")).status }),
      scenarios: {
        a: { executor: "shared-iterations", iterations: 2, exec: async (vu) => { await vu.http.get("/a" + vu.setup.from); } },
        b: { executor: "shared-iterations", iterations: 2, mix: {
          x: { weight: 1, exec: async (vu) => { await vu.http.get("/x"); } },
          y: { weight: 1, steps: [{ http: "/y" }] },
        } },
      },
      ${o}
    };`;

  it("is a definition whose functions each thread finds in its own import", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    folder.write("plan.ts", source(target.url));
    const file = await folder.read("plan.ts");
    const { accounts } = await ran(file.plan, { engine: "thread" });
    expect(accounts.map(({ scenario, due, ok }) => [scenario, due, ok])).toEqual([
      ["a", 2, 2],
      ["b", 2, 2],
    ]);
    expect(target.seen.map(({ path }) => path).sort()).toEqual([
      "/a200",
      "/a200",
      "/setup",
      "/x",
      "/y",
    ]);
  });

  it.each([
    [
      "export const plan = {};",
      "LL_LOAD_SCENARIO_IMPORT ./plan.ts: exports no plan called `load`.",
    ],
    [
      source("http://127.0.0.1:9", "sed: 7,"),
      'LL_LOAD_PLAN_INVALID load.sed: unknown key. Did you mean "seed"? (./plan.ts)',
    ],
    [
      source("http://127.0.0.1:9").replace("iterations: 2, exec", "iterations: 0, exec"),
      "load.scenarios.a.iterations: a whole number of iterations",
    ],
    ["export const load = { target: 1n };", "load.target: "],
  ])("%# is refused as a text would be", async (text, message) => {
    using folder = planFolder();
    folder.write("plan.ts", text);
    const said = await folder.read("plan.ts").then(
      () => "accepted",
      (error: unknown) =>
        error instanceof Error && "code" in error ? `${String(error.code)} ${error.message}` : "",
    );
    expect(said).toContain(message);
  });
});
