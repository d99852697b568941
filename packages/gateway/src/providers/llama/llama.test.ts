import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { eventually, keepLog, type KeptLog, removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tinyModelPath } from "../../models/model-file.fixture.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { usualDoors } from "../../egress/doors.fixture.ts";
import type { ProviderDeps } from "../provider.ts";
import { llama } from "./index.ts";

let runDir = "";
let log: KeptLog;
let upstreams: Upstream[] = [];

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "loadline-llama-"));
  log = keepLog(systemClock());
  upstreams = [];
});

afterEach(async () => {
  for (const upstream of upstreams) await upstream.close();
  removeFolder(runDir);
});

function deps(): ProviderDeps {
  return {
    clock: systemClock(),
    random: seededRandom(1),
    logger: log.logger,
    egress: usualDoors(),
    signal: new AbortController().signal,
    runDir,
    connectTimeoutMs: 2000,
  };
}

const target = { provider: "llama", model: "tiny", path: tinyModelPath };

function open(settings: object = target): Upstream {
  const upstream = llama.open("local", settings, deps());
  upstreams.push(upstream);
  return upstream;
}

const until = (isTrue: () => boolean): Promise<void> => eventually(systemClock(), isTrue, 30_000);

it("a standby has no process until it is started", async () => {
  const upstream = open({ ...target, standby: true });
  expect([upstream.isStandby, upstream.isReady(), log.text()]).toEqual([true, false, ""]);
  upstream.start?.();
  upstream.start?.();
  await until(() => upstream.isReady());
  expect(upstream.isStandby).toBe(false);
});

const question = { model: "tiny", messages: [{ role: "user", content: "What is a load line?" }] };

function ask(
  upstream: Upstream,
  operation: "chat" | "embeddings" = "chat",
  body: object = question,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  let status = 0;
  let text = "";
  upstream.call(
    {
      operation,
      body: Buffer.from(JSON.stringify(body)),
      isStream: false,
      traceparent: undefined,
    },
    {
      head: (value) => void (status = value),
      data: (chunk) => void (text += chunk.toString("utf8")),
      end: () => resolve({ status, text }),
      fail: (failure, detail) => reject(new Error(`${failure} ${detail}`)),
    },
  );
  return promise;
}

describe("in-process provider", () => {
  it("serves a GGUF file as an upstream, and again after its process was killed [R0-24]", async () => {
    const upstream = open();
    expect(upstream.isReady()).toBe(false);
    await until(() => upstream.isReady());
    const answer = await ask(upstream);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).choices[0].message.content).toContain("mark on the side");
    // On a starved machine a first process may have been given up: the last one serves.
    const pid = [...log.text().matchAll(/"pid":(\d+)/g)].at(-1)?.[1];
    process.kill(Number(pid), "SIGKILL");
    await until(() => !upstream.isReady());
    await until(() => upstream.isReady());
    expect((await ask(upstream)).status).toBe(200);
    expect(log.text()).toContain("SIGKILL");
  });

  it("a model that was made for no embeddings gives none out unless the target says that any will do", async () => {
    const asked = { model: "tiny", input: "cargo" };
    const statuses: number[] = [];
    for (const settings of [target, { ...target, embeddings: "any" }]) {
      const upstream = open(settings);
      await until(() => upstream.isReady());
      const answer = await ask(upstream, "embeddings", asked);
      statuses.push(answer.status);
      if (answer.status !== 200) expect(answer.text).toContain("LL_MODEL_NOT_SEMANTIC");
    }
    expect(statuses).toEqual([400, 200]);
  });

  it("a damaged file is refused with LL_MODEL_DAMAGED before a process is started", async () => {
    const path = join(runDir, "cut.gguf");
    writeFileSync(path, readFileSync(tinyModelPath).subarray(0, 300_000));
    const seen = new Set<string>();
    await expect(llama.check?.({ ...target, path }, seen)).rejects.toMatchObject({
      code: "LL_MODEL_DAMAGED",
    });
    await expect(llama.check?.(target, seen)).resolves.toBeUndefined();
    expect(log.text()).toBe("");
  });

  it("a file of several targets is read once for all of them", async () => {
    const seen = new Set<string>();
    const path = join(runDir, "shared.gguf");
    copyFileSync(tinyModelPath, path);
    await llama.check?.({ ...target, path }, seen);
    rmSync(path);
    await expect(llama.check?.({ ...target, path, threads: 2 }, seen)).resolves.toBeUndefined();
    await expect(llama.check?.({ ...target, path }, new Set())).rejects.toMatchObject({
      code: "LL_MODEL_LOAD",
    });
  });

  it("an unknown key, a path that is none and a name with a slash are refused", () => {
    expect(llama.schema.safeParse({ ...target, thread: 2 }).success).toBe(false);
    expect(llama.schema.safeParse({ ...target, path: "" }).success).toBe(false);
    expect(llama.schema.safeParse({ ...target, model: "../x" }).success).toBe(false);
    expect(llama.schema.safeParse(target).success).toBe(true);
  });
});
