import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../../../packages/testkit/src/index.ts";
import { type GatewayProcess, startGatewayProcess } from "../gateway-process.ts";

export interface Answer {
  /** When it was asked for, and when it came. */
  readonly sentMs: number;
  readonly atMs: number;
  /** Which of the two answered. */
  readonly gateway: number;
  readonly status: number;
  readonly isDegraded: boolean;
}

export interface Load extends AsyncDisposable {
  /** Resolves once both have answered a later call in agreement with the shared store. */
  untilShared(withinMs: number): Promise<void>;
  /** Stops, and resolves to all answers. */
  end(): Promise<readonly Answer[]>;
}

/** Two gateway processes with one key and one shared store, called in turn. */
export interface TwoGateways extends AsyncDisposable {
  call(model: string): Promise<Answer>;
  /** Answers to `count` calls, 50 at once. */
  together(model: string, count: number): Promise<readonly Answer[]>;
  /** Calls one after the other, 50 a second, until told to stop. */
  load(model: string): Load;
  /** Resolves once /health of both shows Redis in such a state. */
  become(state: "ok" | "down", withinMs: number): Promise<void>;
}

const callers = 50;
const everyMs = 20;
const readyMs = 60_000;

/** Starts both with these limits; `models` are answered at once by a simulator. */
export async function startTwoGateways(
  clock: Clock,
  o: {
    readonly models: readonly string[];
    readonly limits: readonly object[];
    /** Of each gateway. */
    readonly stores: readonly [object, object];
  },
): Promise<TwoGateways> {
  const base = mkdtempSync(join(tmpdir(), "ll-two-"));
  const dirs = [join(base, "one"), join(base, "two")] as const;
  const config = (i: 0 | 1): Record<string, unknown> => ({
    stateDir: dirs[i],
    listen: { port: 0 },
    // One behind each front: they keep the same limits.
    http: { front: i === 0 ? "http1" : "node" },
    drain: { accept: 0, grace: 0 },
    log: { level: "error" },
    targets: { s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 } },
    routes: { r: { models: o.models, groups: [{ targets: ["s"] }] } },
    limits: o.limits,
    stores: o.stores[i],
  });
  const made = await startGatewayProcess(config(0));
  await made.stop();
  cpSync(dirs[0], dirs[1], { recursive: true });
  const gateways: GatewayProcess[] = [];
  for (const i of [0, 1] as const) gateways.push(await startGatewayProcess(config(i)));
  const startMs = clock.monotonicMs();
  let next = 0;
  const call = async (model: string): Promise<Answer> => {
    const gateway = next++ % 2;
    const url = `${gateways[gateway]?.url}/v1/chat/completions`;
    const headers = { authorization: `Bearer ${made.key}`, "content-type": "application/json" };
    const messages = [{ role: "user", content: "hi" }];
    const body = JSON.stringify({ model, messages, max_tokens: 3 });
    const sentMs = clock.monotonicMs() - startMs;
    const answer = await fetch(url, { method: "POST", headers, body });
    await answer.arrayBuffer();
    const isDegraded = answer.headers.get("x-loadline-degraded") === "redis";
    const atMs = clock.monotonicMs() - startMs;
    return { sentMs, atMs, gateway, status: answer.status, isDegraded };
  };
  const stateOf = async ({ url }: GatewayProcess): Promise<string> => {
    const text = await (await fetch(`${url}/health`)).text();
    return /"redis":\{[^}]*"state":"(\w+)"/.exec(text)?.[1] ?? text;
  };
  const become = async (state: string, withinMs: number): Promise<void> => {
    // Both at once: the second may be back before the first was seen to go.
    const is = async (one: GatewayProcess): Promise<boolean> => (await stateOf(one)) === state;
    await Promise.all(gateways.map((one) => eventually(clock, () => is(one), withinMs)));
  };
  const dispose = async (): Promise<void> => {
    for (const gateway of gateways) await gateway.kill();
    rmSync(base, { recursive: true, force: true });
  };
  await become("ok", readyMs).catch(async (cause: unknown) => {
    await dispose();
    throw cause;
  });
  return {
    call,
    async together(model, count) {
      const answers: Answer[] = [];
      let left = count;
      const caller = async (): Promise<void> => {
        while (left-- > 0) answers.push(await call(model));
      };
      await Promise.all(Array.from({ length: callers }, caller));
      return answers;
    },
    load: (model) => paced(clock, () => call(model)),
    become,
    [Symbol.asyncDispose]: dispose,
  };
}

function paced(clock: Clock, call: () => Promise<Answer>): Load {
  const calls: Promise<Answer>[] = [];
  const shared = [0, 0];
  let isOver = false;
  const note = (answer: Answer): Answer => {
    if (!answer.isDegraded) shared[answer.gateway] = (shared[answer.gateway] ?? 0) + 1;
    return answer;
  };
  const loop = async (): Promise<void> => {
    while (!isOver) {
      calls.push(call().then(note));
      await clock.sleep(everyMs);
    }
  };
  const running = loop();
  const end = async (): Promise<readonly Answer[]> => {
    isOver = true;
    await running;
    return Promise.all(calls);
  };
  const untilShared = async (withinMs: number): Promise<void> => {
    const before = [...shared];
    const isShared = (): boolean => shared.every((count, i) => count > (before[i] ?? 0));
    await eventually(clock, isShared, withinMs);
  };
  return { untilShared, end, [Symbol.asyncDispose]: async () => void (await end()) };
}
