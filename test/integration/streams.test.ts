import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@loadline/kit/clock";
import { type Behaviour, startFaultUpstream } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/eventually.ts";

const streams = 1000;
const warmStreams = 100;
const deadlineMs = 90_000;
const clock = systemClock();
const script = fileURLToPath(new URL("streams/gateway-child.ts", import.meta.url));

/** A chunk, a long pause, and a good end. */
function pausing(ms: number): Behaviour {
  return {
    summary: "a chunk, a pause, the end",
    stream: [
      { do: "head", status: 200, type: "sse" },
      { do: "preamble" },
      { do: "content", count: 1 },
      { do: "wait", ms },
      { do: "content", count: 1 },
      { do: "finish" },
      { do: "usage" },
      { do: "done" },
      { do: "end" },
    ],
  };
}

interface Ready {
  readonly url: string;
  readonly key: string;
}

/** What one stream showed its client. */
interface Held {
  text: string;
  isComplete: boolean;
}

function isReady(value: unknown): value is Ready {
  return typeof value === "object" && value !== null && "url" in value && "key" in value;
}

function hold(ready: Ready): Held {
  const held: Held = { text: "", isComplete: false };
  const outgoing = request(
    `${ready.url}/v1/chat/completions`,
    {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", authorization: `Bearer ${ready.key}` },
    },
    (incoming) => {
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => void (held.text += chunk));
      incoming.on("end", () => void (held.isComplete = incoming.complete));
    },
  );
  outgoing.on("error", (error) => void (held.text += error.message));
  outgoing.end(JSON.stringify({ model: "m", stream: true, messages: [] }));
  return held;
}

async function memoryOf(gateway: ChildProcess): Promise<number> {
  const answer = once(gateway, "message");
  gateway.send("memory");
  const [bytes]: unknown[] = await answer;
  return Number(bytes);
}

const isWhole = (one: Held): boolean => one.isComplete && one.text.endsWith("data: [DONE]\n\n");

describe(`${streams} concurrent streams`, () => {
  it("are all held at the same time, and each ends whole", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "ll-streams-"));
    await using upstream = await startFaultUpstream({ clock, letter: "w" });
    const gateway = fork(script, [stateDir, upstream.baseUrl], { execArgv: ["--expose-gc"] });
    const [said]: unknown[] = await once(gateway, "message");
    if (!isReady(said)) throw new Error("the gateway said something else");
    // What the first requests cost once is no stream's.
    await upstream.behave(pausing(10));
    const warm = Array.from({ length: warmStreams }, () => hold(said));
    await eventually(clock, () => warm.every(isWhole), deadlineMs);
    const before = await memoryOf(gateway);
    await upstream.behave(pausing(20_000));
    const held = Array.from({ length: streams }, () => hold(said));
    await eventually(clock, () => held.every((one) => one.text.includes("w0")), deadlineMs);
    const stillOpen = held.filter((one) => !one.isComplete).length;
    const kilobytes = ((await memoryOf(gateway)) - before) / stillOpen / 1000;
    process.stdout.write(`${stillOpen} streams held, ${kilobytes.toFixed(1)} KB each\n`);
    await eventually(clock, () => held.every((one) => one.isComplete), deadlineMs);
    const ended = once(gateway, "exit");
    gateway.disconnect();
    await ended;
    rmSync(stateDir, { recursive: true, force: true });
    expect(stillOpen).toBe(streams);
    expect(held.filter((one) => !isWhole(one)).map((one) => one.text.slice(-200))).toEqual([]);
  }, 240_000);
});
