import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../../../testkit/src/stall-server/index.ts";
import { planFolder } from "../../plan/run.fixture.ts";
import { runLoad } from "../../run-load.ts";
import type { LoadPlan, LoadRecord } from "../../types.ts";
import { importTokenizer } from "./tokenizer.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loadline-tokenizer-"));
  const text = [
    "export const words = (text) => text.split(' ').length;",
    "export const throws = () => { throw new Error('no model'); };",
    "export const half = () => 0.5;",
  ].join("\n");
  await writeFile(join(folder, "count.mjs"), text);
});

afterAll(async () => await rm(folder, { recursive: true }));

const told: string[] = [];
const tokenizer = async (name: string) =>
  await importTokenizer(
    { target: { tokenizer: { file: "./count.mjs", export: name } }, folder },
    (text) => void told.push(text),
  );

describe("a plan's tokenizer", () => {
  it("counts what it counts; where it throws or gives no count, tokens are unknown, said once", async () => {
    expect((await tokenizer("words"))?.("one two three")).toBe(3);
    expect(await importTokenizer({ target: {} }, () => undefined)).toBeNull();
    for (const name of ["throws", "half"]) {
      told.length = 0;
      const count = await tokenizer(name);
      expect([count?.("a"), count?.("b")]).toEqual([-1, -1]);
      expect(told).toHaveLength(1);
    }
    await expect(tokenizer("absent")).rejects.toMatchObject({ code: "LL_LOAD_SCENARIO_IMPORT" });
  });

  it("answers without usage are counted by it in the run, those with usage by the server", async () => {
    const body = (usage: object): string =>
      JSON.stringify({ choices: [{ message: { content: "one two" } }], ...usage });
    await using server = await startScriptedServer((request) => {
      const text = body(request === 0 ? { usage: { completion_tokens: 9 } } : {});
      return `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    });
    const plan: LoadPlan = {
      target: { baseUrl: server.url, tokenizer: { file: "./count.mjs", export: "words" } },
      folder,
      seed: 1,
      limits: [],
      scenarios: {
        s: {
          executor: "shared-iterations",
          vus: 1,
          iterations: 3,
          maxDurationMs: 5000,
          request: { kind: "chat", model: "m", prompts: ["a"], maxTokens: 8, stream: false },
        },
      },
    };
    const figures = new Map<string, number>();
    const seen: LoadRecord[] = [];
    for await (const record of runLoad(plan, { clock: systemClock(), pacing: "timer" })) {
      seen.push(record);
      if (record.type === "figure") figures.set(record.figure.figure, record.figure.sum);
    }
    const ended = seen.at(-1);
    const account = ended?.type === "load.ended" ? ended.accounts[0] : undefined;
    expect(account).toMatchObject({ ok: 3, tokensKnown: 3, tokensUnknown: 0, outputTokens: 13 });
    expect(figures.get("output_tokens{source:usage}")).toBe(9);
    expect(figures.get("output_tokens{source:tokenizer}")).toBe(4);
  });

  it("a plan names it as ./file#export, and one that is not there is refused before load", async () => {
    using files = planFolder();
    files.write("count.mjs", "export const words = (text) => text.split(' ').length;");
    const text = (name: string): string => `load:
  target: { baseUrl: "http://127.0.0.1:9", tokenizer: "./count.mjs#${name}" }
  scenarios:
    s: { executor: constant-vus, vus: 1, duration: 1s, http2: true, steps: [{ http: / }] }
`;
    const { plan } = await files.compile(text("words"));
    expect(plan.target.tokenizer).toEqual({ file: "./count.mjs", export: "words" });
    expect(plan.scenarios["s"]?.http2).toBe(true);
    expect(await files.refusal(text("absent"))).toContain("absent");
  });
});
