import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../../../testkit/src/recording-target/index.ts";
import { planFolder, type PlanFolder, ran } from "../../plan/run.fixture.ts";

const plan = (url: string, o = ""): string => `
load:
  target: { baseUrl: "${url}" }
  setup: "./hooks.ts#setup"
  teardown: "./hooks.ts#teardown"
  scenarios:
    s:
      executor: shared-iterations
      iterations: 2
      steps: [{ name: use, http: "/use/\${setup.id}" }]
${o}`;

const hooks = `
  export async function setup(vu) {
    const reply = await vu.http.post("/setup", { json: {} });
    return { id: reply.json().id };
  }
  export async function teardown(vu) {
    await vu.http.del("/things/" + encodeURIComponent(vu.setup.id));
  }
`;

function folderWith(text: string): PlanFolder {
  const folder = planFolder();
  folder.write("hooks.ts", text);
  return folder;
}

const answer = ({ path }: { path: string }) =>
  path === "/setup" ? { body: '{"id":"a 1"}' } : { body: "{}" };

describe.each(["inline", "thread"] as const)("hooks (%s)", (engine) => {
  it("setup runs once before load and its result reaches every user; teardown runs last; neither is measured", async () => {
    await using target = await startRecordingTarget(answer);
    using folder = folderWith(hooks);
    const file = await folder.compile(plan(target.url));
    const { accounts, events } = await ran(file.plan, { engine });
    expect(events).toEqual([]);
    expect(accounts[0]).toMatchObject({ due: 2, ok: 2 });
    expect(target.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /setup",
      "GET /use/a%201",
      "GET /use/a%201",
      "DELETE /things/a%201",
    ]);
  });

  it("a setup that throws ends the run before it began, without the secret in its text", async () => {
    await using target = await startRecordingTarget(answer);
    using folder = folderWith(
      'export function setup() { throw new Error("no k1 here"); }\nexport function teardown() {}',
    );
    const text = plan(target.url).replace("{ baseUrl:", '{ auth: { bearer: "${env:K}" }, baseUrl:');
    const file = await folder.compile(text, { K: "k1" });
    await expect(ran(file.plan, { engine })).rejects.toMatchObject({
      code: "LL_LOAD_HOOK",
      message: "setup failed: Error: no *** here.",
    });
    expect(target.seen).toEqual([]);
  });

  it("teardown runs when the run is stopped, and a failing one is told and changes nothing", async () => {
    await using target = await startRecordingTarget(answer);
    using folder = folderWith(
      `${hooks}export async function failing(vu) { await vu.http.del("/late"); throw new Error("no"); }`,
    );
    const text = plan(target.url)
      .replace("#teardown", "#failing")
      .replace(
        "shared-iterations\n      iterations: 2",
        "constant-vus\n      vus: 1\n      duration: 1h",
      );
    const file = await folder.compile(text);
    const stop = new AbortController();
    const running = ran(file.plan, { engine, signal: stop.signal });
    await expect.poll(() => target.seen.length, { timeout: 30_000 }).toBeGreaterThan(2);
    stop.abort();
    const { accounts, events } = await running;
    expect(accounts[0]?.due).toBeGreaterThan(0);
    expect(target.seen.at(-1)).toMatchObject({ method: "DELETE", path: "/late" });
    expect(events).toEqual(["teardown failed: Error: no."]);
  });
});

describe("hooks", () => {
  it.each([
    ["export const setup = () => 1n; export const teardown = () => {}", "JSON cannot hold"],
    ["export const setup = () => Symbol(); export const teardown = () => {}", "no JSON value"],
  ])("%s is refused: %s", async (text, message) => {
    await using target = await startRecordingTarget(answer);
    using folder = folderWith(text);
    const file = await folder.compile(plan(target.url));
    await expect(ran(file.plan)).rejects.toThrow(message);
  });

  it("a hook that is not exported is refused with its line before anything is sent", async () => {
    using folder = folderWith("export function setUp() {}");
    const text = plan("http://127.0.0.1:9").replace('  teardown: "./hooks.ts#teardown"\n', "");
    expect(await folder.refusal(text)).toBe(
      'LL_LOAD_SCENARIO_IMPORT load.setup: ./hooks.ts exports no function setup. Did you mean "setUp"? (plan.yaml:4)',
    );
  });
});

describe("probe", () => {
  const steps = (list: string): string => `
    s: { executor: shared-iterations, iterations: 1, steps: ${list} }`;
  const probed = (url: string, scenarios: string): string =>
    `load:\n  target: { baseUrl: "${url}" }\n  scenarios:${scenarios}\n`;

  it("each step is sent once before load, whatever its conditions and pauses", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    const list =
      "[{ http: /a }, { sleep: 1h }, { when: bad, http: /b }, { repeat: { times: 9, steps: [{ http: /c }] } }]";
    const file = await folder.compile(probed(target.url, steps(list)));
    const stop = new AbortController();
    const running = ran(file.plan, { probe: true, signal: stop.signal });
    await expect.poll(() => target.seen.length, { timeout: 30_000 }).toBe(4);
    stop.abort();
    await running;
    expect(target.seen.map(({ path }) => path)).toEqual(["/a", "/b", "/c", "/a"]);
  });

  it("a route the target lacks ends the run before it began, and is named", async () => {
    await using target = await startRecordingTarget(({ path }) => ({
      status: { "/gone": 404, "/post": 405, "/never": 501, "/down": 503 }[path] ?? 200,
    }));
    using folder = planFolder();
    const list =
      "[{ name: a, http: /gone }, { name: b, http: /post }, { name: c, http: /never }, { name: d, http: /down }, { name: e, http: { path: /gone, expect: { status: [404] } } }]";
    const file = await folder.compile(probed(target.url, steps(list)));
    const { records } = await ran(file.plan, { probe: true });
    const missing = [
      { scenario: "s", step: "a", status: 404 },
      { scenario: "s", step: "b", status: 405 },
      { scenario: "s", step: "c", status: 501 },
    ];
    expect(records).toEqual([{ type: "load.missing", missing }]);
    expect(target.seen).toHaveLength(5);
  });

  it("a target that is down lacks nothing: load is sent and fails on evidence", async () => {
    using folder = planFolder();
    const file = await folder.compile(probed("http://127.0.0.1:1", steps("[{ http: /a }]")));
    const { accounts } = await ran(file.plan, { probe: true });
    expect(accounts[0]).toMatchObject({ due: 1, ok: 0, bad: { connect: 1 } });
  });

  it("the row of a unique feeder that the probe used is given to no arrival", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    folder.write("rows.csv", "id\n1\n2\n3\n");
    const text = probed(
      target.url,
      steps('[{ http: "/${feed.id}" }]').replace("iterations: 1", "iterations: 9, feed: rows"),
    ).replace(
      "  scenarios:",
      "  feeders: { rows: { csv: rows.csv, order: unique } }\n  scenarios:",
    );
    const file = await folder.compile(text);
    const { accounts } = await ran(file.plan, { probe: true });
    expect(target.seen.map(({ path }) => path)).toEqual(["/1", "/2", "/3"]);
    expect(accounts[0]).toMatchObject({ due: 2, ok: 2 });
  });
});
