import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./cli-process.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";

const clock = systemClock();
const callers = 4;
const callsBefore = 40;
const insistTimes = 10;
const insistMs = 300;
const chat = JSON.stringify({ model: "sim", messages: [{ role: "user", content: "x" }] });

interface Made {
  readonly id: string;
  readonly secret: string;
}

describe("a key that is rotated while it is used, on a running gateway", () => {
  const stateDir = mkdtempSync(join(tmpdir(), "ll-rotation-"));
  let gateway: GatewayProcess;
  let admin = "";
  beforeAll(async () => {
    gateway = await startGatewayProcess({
      listen: { port: 0 },
      log: { level: "silent" },
      telemetry: { overloadAfter: 0 },
      stateDir,
      targets: { sim: { provider: "simulator", model: "sim", tokens: 2, latency: 1 } },
      routes: { sim: { models: ["sim"], groups: [{ targets: ["sim"] }] } },
    });
    const argv = ["keys", "create", "--name", "ops", "--role", "admin", "--state", stateDir];
    const made = await runCli(stateDir, [...argv, "--json"]);
    admin = (JSON.parse(made.out) as Made).secret;
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    removeFolder(stateDir);
  });

  const send = (path: string, key: string, body: string): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body,
    });
  async function manage(path: string, body: object): Promise<Made> {
    for (let left = insistTimes; ; left--) {
      const answer = await send(`/admin/v1/keys${path}`, admin, JSON.stringify(body));
      const text = await answer.text();
      // A store that a busy machine keeps from answering is asked again, as its callers are told to.
      const isLate = answer.status === 503 && text.includes("LL_STATE_UNAVAILABLE");
      if (!isLate || left <= 1) {
        expect(answer.ok, `${answer.status} ${text}`).toBe(true);
        return JSON.parse(text) as Made;
      }
      await clock.sleep(insistMs);
    }
  }
  async function call(key: string): Promise<string> {
    const answer = await send("/v1/chat/completions", key, chat);
    const text = await answer.text();
    return answer.ok ? "200" : `${answer.status} ${text}`;
  }

  it("no call fails over the overlap, with the secret before or the one after it; then the one before is refused [R2-48]", async () => {
    const first = await manage("", { name: "ci", roles: ["caller"] });
    const answers: string[] = [];
    let secret = first.secret;
    let isDone = false;
    const calling = Array.from({ length: callers }, async () => {
      while (!isDone) answers.push(await call(secret));
    });
    const atLeast = (count: number): Promise<void> =>
      expect.poll(() => answers.length).toBeGreaterThan(count);
    try {
      await atLeast(callsBefore);
      const second = await manage(`/${first.id}/rotate`, { overlapMs: 3_600_000 });
      expect([second.id, second.secret === first.secret]).toEqual([first.id, false]);
      // Callers who have not heard of it go on, those who have change over one by one.
      await atLeast(answers.length + callsBefore);
      secret = second.secret;
      await atLeast(answers.length + callsBefore);
    } finally {
      isDone = true;
      await Promise.all(calling);
    }
    expect(answers.filter((answer) => answer !== "200")).toEqual([]);

    // A third secret ends the first, which is now two behind.
    const third = await manage(`/${first.id}/rotate`, { overlapMs: 3_600_000, force: true });
    expect(await Promise.all([call(third.secret), call(secret)])).toEqual(["200", "200"]);
    await expect.poll(() => call(first.secret)).toMatch(/^401 /);
  });
});
