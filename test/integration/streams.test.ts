import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock, type Timer } from "@loadline/kit/clock";
import { type Behaviour, startFaultUpstream } from "@loadline/testkit";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/eventually.ts";

const streams = 1000;
const warmStreams = 100;
const atOnce = 100;
const deadlineMs = 90_000;
const clock = systemClock();
const script = fileURLToPath(new URL("streams/gateway-child.ts", import.meta.url));

const pauseMs = 10;

/** A clock whose pauses of the upstream last until they are let go, once they are held. */
class HeldClock implements Clock {
  isHeld = false;
  readonly #waiting: (() => void)[] = [];

  monotonicMs(): number {
    return clock.monotonicMs();
  }

  wallMs(): number {
    return clock.wallMs();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return clock.sleep(ms, signal);
  }

  after(...given: Parameters<Clock["after"]>): Timer {
    const [ms, run] = given;
    if (!this.isHeld || ms !== pauseMs) return clock.after(...given);
    this.#waiting.push(run);
    return { cancel: () => undefined };
  }

  letGo(): void {
    this.isHeld = false;
    for (const run of this.#waiting.splice(0)) run();
  }
}

/** A chunk, a pause, and a good end. */
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
  isBroken: boolean;
}

function isReady(value: unknown): value is Ready {
  return typeof value === "object" && value !== null && "url" in value && "key" in value;
}

function hold(ready: Ready): Held {
  const held: Held = { text: "", isComplete: false, isBroken: false };
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
  outgoing.on("error", (error) => {
    held.text += error.message;
    held.isBroken = true;
  });
  outgoing.end(JSON.stringify({ model: "m", stream: true, messages: [] }));
  return held;
}

async function memoryOf(gateway: ChildProcess): Promise<number> {
  const answer = once(gateway, "message");
  gateway.send("memory");
  const [bytes]: unknown[] = await answer;
  return Number(bytes);
}

const hasBegun = (one: Held): boolean => one.text.includes("w0");
/** It began, or was refused. */
const hasAnswer = (one: Held): boolean => hasBegun(one) || one.isComplete || one.isBroken;
const isWhole = (one: Held): boolean => one.isComplete && one.text.endsWith("data: [DONE]\n\n");

describe(`${streams} concurrent streams`, () => {
  const title = "are all held at the same time, and each ends whole, front %s";
  it.each(["http1", "node"] as const)(
    title,
    async (front) => {
      const stateDir = mkdtempSync(join(tmpdir(), "ll-streams-"));
      const held = new HeldClock();
      await using upstream = await startFaultUpstream({ clock: held, letter: "w" });
      const gateway = fork(script, [stateDir, upstream.baseUrl, front], {
        execArgv: ["--expose-gc"],
      });
      const [said]: unknown[] = await once(gateway, "message");
      if (!isReady(said)) throw new Error("the gateway said something else");
      // What the first requests cost once is no stream's.
      await upstream.behave(pausing(pauseMs));
      const warm = Array.from({ length: warmStreams }, () => hold(said));
      await eventually(clock, () => warm.every(isWhole), deadlineMs);
      const before = await memoryOf(gateway);
      held.isHeld = true;
      const all: Held[] = [];
      // Not all at once: a busy machine that accepts no connection in time refuses some.
      while (all.length < streams) {
        for (let i = 0; i < atOnce; i++) all.push(hold(said));
        await eventually(clock, () => all.every(hasAnswer), deadlineMs);
      }
      expect(all.filter((one) => !hasBegun(one)).map((one) => one.text)).toEqual([]);
      const stillOpen = all.filter((one) => !one.isComplete).length;
      const kilobytes = ((await memoryOf(gateway)) - before) / stillOpen / 1000;
      process.stdout.write(
        `${front}: ${stillOpen} streams held, ${kilobytes.toFixed(1)} KB each\n`,
      );
      held.letGo();
      await eventually(clock, () => all.every((one) => one.isComplete), deadlineMs);
      const ended = once(gateway, "exit");
      gateway.disconnect();
      await ended;
      removeFolder(stateDir);
      expect(stillOpen).toBe(streams);
      expect(all.filter((one) => !isWhole(one)).map((one) => one.text.slice(-200))).toEqual([]);
    },
    300_000,
  );
});
