import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import {
  startTalk,
  type TalkServer,
} from "../../packages/validator/src/load/clients/websocket/links.fixture.ts";
import { readForeign } from "../../packages/validator/src/load/interop/index.ts";
import { claimsThat, emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { runTool } from "./load/tool.ts";

const parts = await requireParts(["k6"]);
const iterations = 30;

const planOf = (url: string, steps: string): string => `accept: imported
load:
  target: { baseUrl: "${url}" }
  scenarios:
    talk:
      executor: shared-iterations
      vus: 3
      iterations: ${iterations}
      maxDuration: 60s
      steps:
${steps}
  thresholds: { errors: "rate<20%", "errors{step:ask}": "rate<20%" }
`;
const talk = `        - { name: open, ws: { path: /talk, connect: true } }
        - { name: hello, ws: { path: /talk, receive: true, contains: hello } }
        - { name: ask, ws: { path: /talk, ask: "one", contains: "echo one" } }
        - { check: { name: said, contains: echo } }
        - { sleep: 10ms }
        - { group: { name: asking, steps: [{ name: json, ws: { path: /talk, ask: { n: 1 } } }] } }
        - { check: { name: got, json: { got.n: 1 } } }
        - { name: ping, ws: { path: /talk, ping: true } }
        - { name: tell, ws: { path: /talk, send: silence } }
        - { name: leave, ws: { path: /talk, close: true } }`;
const mute = `        - { name: ask, ws: { path: /talk, ask: silence, contains: never, within: 50ms } }
        - { name: gone, ws: { path: /talk, ask: die, contains: never } }
        - { name: leave, ws: { path: /talk, close: true } }`;
const refused = `        - { name: ask, ws: { path: /refused, ask: one } }
        - { name: leave, ws: { path: /refused, close: true } }`;

describe.skipIf(parts.missing)("free WebSockets, exported to a real k6", () => {
  let server: TalkServer;
  beforeAll(async () => void (server = await startTalk()));
  afterAll(() => server[Symbol.asyncDispose]());

  /** Exports the plan, runs the script, and has the plan's claims decided by what k6 printed. */
  async function ran(steps: string) {
    const dir = emptyDir();
    writeFileSync(join(dir, "plan.yaml"), planOf(server.url, steps));
    const exported = await runCli(dir, ["load", "export", "k6", "plan.yaml", "--out", "s.js"]);
    expect(exported.code, exported.err).toBe(0);
    server.heard.length = 0;
    server.pings.length = 0;
    server.heads.length = 0;
    const args = ["run", "--no-usage-report", "--quiet", "s.js"];
    const { out, err } = await runTool(parts.found("k6").path, args, dir);
    writeFileSync(join(dir, "k6.log"), out);
    const argv = ["load", "import", "k6.log", "--plan", "plan.yaml", "--json"];
    const verdict = verdictOf(await runCli(dir, argv));
    const { exact } = readForeign([{ name: "k6.log", text: out }]);
    return { verdict, exact, err, script: readFileSync(join(dir, "s.js"), "utf8") };
  }

  it("each iteration opens, asks, hears and closes; the counts are the server's own", async () => {
    const { verdict, exact, err } = await ran(talk);
    expect(server.heads, err).toHaveLength(iterations);
    const heard = (text: string): number => server.heard.filter((one) => one === text).length;
    expect([heard("one"), heard('{"n":1}'), heard("silence")]).toEqual([
      iterations,
      iterations,
      iterations,
    ]);
    expect(exact?.ok["talk"]).toEqual({ n: 7 * iterations, ok: 7 * iterations });
    expect(server.pings).toHaveLength(iterations);
    expect(exact?.rows.find(({ id }) => id.includes("ask"))).toMatchObject({
      n: iterations,
      over: 0,
    });
    expect(claimsThat(verdict, "failed")).toEqual([]);
    expect(claimsThat(verdict, "passed")).toContain("all.errors.rate");
  });

  it("a message that never comes and a socket that dies are failures, and the iteration ends", async () => {
    const { verdict, exact } = await ran(mute);
    expect(exact?.ok["talk"]).toEqual({ n: 3 * iterations, ok: iterations });
    // When each of them failed k6 does not say: never passed, and not more than that.
    expect(claimsThat(verdict, "passed")).toEqual(["load.alive"]);
  });

  it("a server that refuses the opening passes nothing", async () => {
    const { verdict, exact } = await ran(refused);
    expect(server.heads.length).toBeGreaterThanOrEqual(iterations);
    expect(exact?.rows.find(({ id }) => id.includes("ask"))).toMatchObject({
      n: iterations,
      over: iterations,
    });
    expect(claimsThat(verdict, "passed")).not.toContain("all.ask.errors.rate");
  });
});
