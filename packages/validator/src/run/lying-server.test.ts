import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { type Lies, startSimulator } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { runValidation } from "./run-validation.ts";

const apiKey = "sk-simulator-key-0001";
const bodyBytesMax = 64 * 1024;
const run = { root: "" };

beforeAll(() => {
  run.root = mkdtempSync(join(tmpdir(), "loadline-lies-"));
});
afterAll(() => rmSync(run.root, { recursive: true, force: true }));

async function failedClaims(lies: Lies): Promise<string[]> {
  const clock = systemClock();
  await using server = await startSimulator({ clock, apiKey, bodyBytesMax, lies });
  const plan = quickPlan({
    baseUrl: server.baseUrl,
    apiKeyEnv: "SIM_KEY",
    bodyBytesMax,
    unknownModel: "refused",
    skip: ["load"],
  });
  const { verdict } = await runValidation(plan, {
    clock,
    random: systemRandom(),
    runsDir: run.root,
    toolVersion: "0.1.0",
    apiKey,
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return verdict.claims.filter((claim) => claim.verdict === "failed").map(({ id }) => id);
}

describe("a server that lies", () => {
  it.each<[string, Lies, string[]]>([
    ["nothing", {}, []],
    ["an error in a 200", { errorBody200: true }, ["openai.chat", "openai.chat_usage"]],
    ["a stream without [DONE]", { noDone: true }, ["openai.stream_end"]],
    ["no usage", { noUsage: true }, ["openai.chat_usage", "openai.stream_usage"]],
    ["200 for malformed JSON", { acceptMalformed: true }, ["openai.malformed"]],
    ["no key check", { noAuth: true }, ["openai.auth"]],
    ["an oversized body taken", { acceptOversized: true }, ["openai.oversized"]],
    ["empty choices", { emptyChoices: true }, ["openai.chat"]],
    ["choices without index", { noIndex: true }, ["openai.stream"]],
  ])("%s fails exactly its claims", async (_name, lies, claims) => {
    expect(await failedClaims(lies)).toEqual(claims);
  });
});
