import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkHost, checkLatency, checkPrompts, checkTemplate, type TrialHost } from "./trial.ts";

let folder = "";
let servers: Server[] = [];
let clock = new TestClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ll-trial-"));
  clock = new TestClock();
});
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
  rmSync(folder, { recursive: true });
});

const deps = () => ({ clock, signal: new AbortController().signal });
const said = (content: string, finish = "stop") => ({
  choices: [{ message: { role: "assistant", content }, finish_reason: finish }],
});

interface Asked {
  readonly path: string;
  readonly content: string;
  /** How many calls came before this one. */
  readonly before: number;
}

/** A host on a socket of its own that answers as told. */
async function hostThat(answer: (asked: Asked) => { status?: number; body: unknown }) {
  const socketPath = join(folder, `h${servers.length}.sock`);
  let before = 0;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => void (text += piece));
    request.on("end", () => {
      const content: string = JSON.parse(text).messages[0].content;
      const { status = 200, body } = answer({ path: request.url ?? "", content, before: before++ });
      response.statusCode = status;
      response.end(JSON.stringify(body));
    });
  });
  server.listen(socketPath);
  await once(server, "listening");
  servers.push(server);
  const host: TrialHost = { socketPath, modelName: "m" };
  return host;
}

/** A host whose n-th answer takes this many ms. */
const taking = (msOf: (n: number) => number) =>
  hostThat(({ before }) => {
    clock.advance(msOf(before));
    return { body: said("text") };
  });

describe("the chat template of a new model", () => {
  it("passes when a longer message is rendered to more tokens", async () => {
    const host = await hostThat(({ content }) => ({ body: { tokens: content.length } }));
    expect(await checkTemplate(host, deps())).toMatchObject({ outcome: "passed" });
  });

  it.each([
    ["renders the same whatever it is given", { body: { tokens: 7 } }, "7 tokens"],
    ["renders nothing", { body: { tokens: 0 } }, "0 tokens"],
    ["is refused", { status: 400, body: { error: { message: "no end" } } }, "status 400: no end"],
    ["says nothing readable", { body: "x" }, "status 200"],
  ])("fails when it %s", async (_what, answer, detail) => {
    const host = await hostThat(() => answer);
    const check = await checkTemplate(host, deps());
    expect(check).toMatchObject({ outcome: "failed", detail: expect.stringContaining(detail) });
  });
});

describe("the five prompts", () => {
  it("pass when each is answered with text that ends by itself", async () => {
    const asked: string[] = [];
    const host = await hostThat(({ content }) => {
      asked.push(content);
      return { body: said("text") };
    });
    expect(await checkPrompts(host, deps())).toMatchObject({ outcome: "passed" });
    expect(new Set(asked).size).toBe(5);
  });

  it.each([
    ["text is missing", { body: said(" ") }, "no text"],
    ["the context is full before the end", { body: said("a", "length") }, "does not finish"],
    [
      "it is refused",
      { status: 500, body: { error: { message: "broken" } } },
      "status 500: broken",
    ],
  ])("fail when %s at the last one", async (_what, last, detail) => {
    const host = await hostThat(({ before }) => (before === 4 ? last : { body: said("text") }));
    const check = await checkPrompts(host, deps());
    expect(check.outcome).toBe("failed");
    expect(check.detail).toMatch(/^4 of 5 finished; "Is the sky blue\?/);
    expect(check.detail).toContain(detail);
  });

  it("fail when nobody listens", async () => {
    const host = { socketPath: join(folder, "none.sock"), modelName: "m" };
    const check = await checkPrompts(host, deps());
    expect(check).toMatchObject({ outcome: "failed", detail: expect.stringContaining("ENOENT") });
  });
});

describe("the time of answers", () => {
  it("passes at exactly twice the p95 of the model that serves and fails above it", async () => {
    const now = await taking(() => 10);
    expect(await checkLatency(await taking(() => 20), now, deps())).toEqual({
      id: "latency",
      outcome: "passed",
      detail: "p95 20.0 ms against 10.0 ms now, 20 and 20 answers",
    });
    const slow = await checkLatency(await taking(() => 21), now, deps());
    expect(slow.outcome).toBe("failed");
  });

  it("one slow answer of twenty is no p95, two are", async () => {
    const now = await taking(() => 10);
    const one = await taking((n) => (n % 20 === 7 ? 500 : 10));
    expect((await checkLatency(one, now, deps())).outcome).toBe("passed");
    const two = await taking((n) => (n % 20 === 7 || n % 20 === 9 ? 500 : 10));
    expect((await checkLatency(two, now, deps())).outcome).toBe("failed");
  });

  it("what only the first two attempts met does not count against a model", async () => {
    const now = await taking(() => 10);
    const next = await taking((n) => (n < 40 ? 500 : 10));
    expect((await checkLatency(next, now, deps())).outcome).toBe("passed");
  });

  it("is not tested without a model to compare with, or one that is too busy to answer", async () => {
    const next = await taking(() => 10);
    expect((await checkLatency(next, undefined, deps())).outcome).toBe("not_tested");
    const busy = await hostThat(() => ({ status: 503, body: { error: { message: "busy" } } }));
    const check = await checkLatency(next, busy, deps());
    expect(check).toMatchObject({
      outcome: "not_tested",
      detail: "the model that serves finished 0 prompts, 5 are needed",
    });
  });
});

it("checks that are not done after 600 s are not tested, not passed", async () => {
  const [next, now] = [await taking(() => 50_000), await taking(() => 50_000)];
  const checks = await checkHost(next, now, deps());
  expect(checks.map(({ id, outcome }) => [id, outcome])).toEqual([
    ["template", "failed"],
    ["prompts", "passed"],
    ["latency", "not_tested"],
  ]);
  expect(checks[2]?.detail).toContain("longer than 600 s");
  expect(clock.pending).toBe(0);
});
