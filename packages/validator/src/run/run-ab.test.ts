import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../testkit/src/free-port.ts";
import {
  type Given,
  type RecordingTarget,
  startRecordingTarget,
} from "../../../testkit/src/recording-target/index.ts";
import type { LoadJob, LoadRequest } from "../load/index.ts";
import { loadJob, removeRuns, runJob, verdictsOf, verifyExit } from "./load-job.fixture.ts";

afterEach(removeRuns);

const chat: LoadRequest = {
  kind: "chat",
  model: "",
  prompts: ["q"],
  maxTokens: 4,
  stream: false,
};
const body = JSON.stringify({
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
});

/** A target whose list names one model. */
const start = (model: string, chatAnswer: Given = { body }): Promise<RecordingTarget> =>
  startRecordingTarget(({ path }) =>
    path === "/v1/models" ? { body: `{"data":[{"id":"${model}"}]}` } : chatAnswer,
  );

/** One triple of blocks, at 10 requests a second. */
function jobOf(a: string, b: string): LoadJob {
  const job = loadJob(a, {}, { ab: b, triples: 1 });
  const steady = { executor: "constant-arrival-rate", rate: 10, durationMs: 1_000 } as const;
  return { ...job, load: { ...job.load, scenarios: { chat: { ...steady, request: chat } } } };
}

/** Paths that were asked for, each once. */
const asked = ({ seen }: RecordingTarget): string[] => [...new Set(seen.map(({ path }) => path))];

describe("a run that compares two targets", () => {
  it("asks both for their routes, and both for the model of the first", async () => {
    await using a = await start("m-a");
    await using b = await start("m-b");
    const result = await runJob(jobOf(a.url, b.url));
    expect(asked(a)).toEqual(["/v1/models", "/v1/chat/completions"]);
    expect(asked(b)).toEqual(["/v1/chat/completions"]);
    // An empty question of the preflight, then a block of 11; the first has two of them.
    expect([a.seen.length, b.seen.length]).toEqual([2 + 22, 1 + 11]);
    for (const { body: sent } of b.seen.slice(1)) expect(sent).toContain('"m-a"');
    const { "load.alive": alive } = verdictsOf(result);
    expect(alive).toBe("passed");
    expect(await verifyExit(result)).toBe(0);
  });

  it.each(["A", "B"])(
    "a route that %s lacks is an error by name: no load is sent",
    async (side) => {
      const lacks: Given = { status: 404, body: "{}" };
      await using a = await start("m", side === "A" ? lacks : undefined);
      await using b = await start("m", side === "B" ? lacks : undefined);
      const result = await runJob(jobOf(a.url, b.url));
      expect(new Set(Object.values(verdictsOf(result)))).toEqual(new Set(["error.probe_contract"]));
      const at = side === "A" ? a.url : b.url;
      expect(result.verdict.claims[0]?.sentence).toBe(
        `The target lacks the route of chat at ${at}, so no load was sent.`,
      );
      expect([a.seen.length, b.seen.length, result.exitCode]).toEqual([2, 1, 2]);
    },
  );

  it("a side that nothing listens at is warned of, and fails on evidence", async () => {
    await using a = await start("m");
    const dead = `http://127.0.0.1:${await freePort()}`;
    const warnings: string[] = [];
    const onWarning = (line: string): void => void warnings.push(line);
    const result = await runJob(jobOf(a.url, dead), { onWarning });
    expect(warnings).toEqual([expect.stringMatching(`LL_LOAD_TARGET_DOWN .*${dead};`)]);
    expect(verdictsOf(result)["load.alive"]).toBe("failed.false");
    expect(result.exitCode).toBe(1);
  });
});
