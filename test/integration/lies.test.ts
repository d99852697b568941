import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { type Lies, startSimulator } from "../../packages/testkit/src/simulator/index.ts";
import { claimsThat, emptyDir, type Ended, runCli, verdictOf } from "./cli-process.ts";
import { decidable, skipIfOpen } from "./readiness.ts";

const apiKey = "sk-simulator-key-0001";
const bodyBytesMax = 64 * 1024;

/** 400 requests of each kind decide every claim of the load; `load: false` leaves it out. */
async function validate(lies: Lies, o: { load: boolean }): Promise<Ended> {
  const clock = systemClock();
  await using server = await startSimulator({ clock, apiKey, bodyBytesMax, lies });
  const cwd = emptyDir();
  const target = { url: server.baseUrl, auth: "bearer", apiKeyEnv: "SIM_KEY", bodyBytesMax };
  const load = { ratePerSecond: 50, durationSeconds: 8, warmupSeconds: 1 };
  const plan = { target: { ...target, unknownModel: "refused" }, load };
  writeFileSync(join(cwd, "plan.yaml"), JSON.stringify(plan));
  const argv = ["validate", "--json", "--plan", "plan.yaml", ...(o.load ? [] : ["--skip", "load"])];
  const ended = await runCli(cwd, argv, { env: { SIM_KEY: apiKey } });
  expect(ended.out + ended.err).not.toContain(apiKey);
  return ended;
}

const chatLoad = ["load.chat.success", "load.chat.p95", "load.chat.p99"];
const streamLoad = [
  "load.stream.success",
  "load.stream.p99",
  "load.stream.ttft_p95",
  "load.stream.goodput",
];

describe("loadline validate against a server that lies", () => {
  it("fails nothing of the honest twin", async () => {
    const ended = await validate({}, { load: true });
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "failed")).toEqual([]);
    expect(claimsThat(verdict, "error")).toEqual([]);
    expect(verdict.outcome).not.toBe("NOT_READY");
    expect(ended.code).toBe(verdict.exitCode);
  });

  it("an error body inside a 200 fails the chat, its usage and every figure of its load", async (context) => {
    const ended = await validate({ errorBody200: true }, { load: true });
    const verdict = verdictOf(ended);
    const expected = ["openai.chat", "openai.chat_usage", ...chatLoad];
    expect(claimsThat(verdict, "failed")).toEqual(decidable(verdict, expected));
    expect(verdict.outcome).toBe("NOT_READY");
    expect(ended.code).toBe(1);
    const bad = verdict.claims.find(({ id }) => id === "load.chat.success");
    expect(bad?.parts[0]?.badBy).toEqual({ protocol: bad?.n });
    skipIfOpen(context, verdict, chatLoad);
  });

  it("a stream without [DONE] fails the end of the stream and every figure of its load", async (context) => {
    const ended = await validate({ noDone: true }, { load: true });
    const verdict = verdictOf(ended);
    const expected = ["openai.stream_end", ...streamLoad];
    expect(claimsThat(verdict, "failed")).toEqual(decidable(verdict, expected));
    expect(ended.code).toBe(1);
    const bad = verdict.claims.find(({ id }) => id === "load.stream.success");
    expect(bad?.parts[0]?.badBy).toEqual({ stream_truncated: bad?.n });
    skipIfOpen(context, verdict, streamLoad);
  });

  it("missing usage fails the two claims that meter, and no claim of load", async () => {
    const ended = await validate({ noUsage: true }, { load: true });
    const verdict = verdictOf(ended);
    const expected = ["openai.chat_usage", "openai.stream_usage"];
    expect(claimsThat(verdict, "failed")).toEqual(expected);
    expect(ended.code).toBe(1);
  });

  it.each<[string, string, Lies]>([
    ["200 for malformed JSON", "openai.malformed", { acceptMalformed: true }],
    ["a key that is not checked", "openai.auth", { noAuth: true }],
    ["a body over the declared limit", "openai.oversized", { acceptOversized: true }],
    ["a completion without choices", "openai.chat", { emptyChoices: true }],
    ["stream choices without index", "openai.stream", { noIndex: true }],
  ])("%s fails exactly %s", async (_lie, claim, lies) => {
    const verdict = verdictOf(await validate(lies, { load: false }));
    expect(claimsThat(verdict, "failed")).toEqual([claim]);
    expect(claimsThat(verdict, "error")).toEqual([]);
    expect(verdict.outcome).not.toBe("READY");
  });
});
