import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isRecord } from "@loadline/kit/json";
import { repositoryRoot } from "../../architecture/tree.ts";
import { install } from "../install.ts";
import type { Ask, Observed } from "./observe.ts";

/** The `openai` client in a process of its own, asked in the place of a raw request. */
export interface SdkClient extends AsyncDisposable {
  observe(ask: Ask): Promise<Observed>;
}

const folder = join(repositoryRoot, "test/conformance/clients/openai");

/** Starts it, or says why it is missing. */
export async function startSdkClient(): Promise<SdkClient | { readonly missing: string }> {
  const installed = await install(folder);
  if ("missing" in installed) return installed;
  const child = spawn(process.execPath, ["ask.mjs"], {
    cwd: installed.dir,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, Waiting>();
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the client's process ended"));
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const seen: unknown = JSON.parse(line);
    if (isRecord(seen)) waiting.get(Number(seen["id"]))?.resolve(seen);
  });
  // It is there once it has an answer for a call that nobody takes.
  await answerOf(waiting, 0, () => {
    const line = { id: 0, url: "http://127.0.0.1:1", headers: {}, model: "none", isStream: false };
    child.stdin.write(`${JSON.stringify(line)}\n`);
  });
  let count = 1;
  return {
    observe: (ask) => observeOnce({ ask, child, waiting, id: count++ }),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

interface Waiting {
  resolve(seen: Record<string, unknown>): void;
  reject(error: Error): void;
}

/** What the client says of call `id`, which `send` begins. */
async function answerOf(
  waiting: Map<number, Waiting>,
  id: number,
  send: () => void,
): Promise<Record<string, unknown>> {
  const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
    waiting.set(id, { resolve, reject });
  });
  send();
  return answered.finally(() => waiting.delete(id));
}

async function observeOnce(o: {
  readonly ask: Ask;
  readonly child: ChildProcess;
  readonly waiting: Map<number, Waiting>;
  readonly id: number;
}): Promise<Observed> {
  const { ask, child, waiting, id } = o;
  if (child.exitCode !== null || child.signalCode !== null)
    throw new Error("the client's process has ended");
  const { clock, endpoint, isStream } = ask;
  const startedMs = clock.monotonicMs();
  let leftMs = -1;
  const send = (line: object): void => void child.stdin?.write(`${JSON.stringify(line)}\n`);
  const leave = (): void => send({ leave: id });
  const { url, headers, model } = endpoint;
  const answered = answerOf(waiting, id, () => send({ id, url, headers, model, isStream }));
  const timer = clock.after(ask.timeoutMs, leave);
  void ask.leave?.then(() => {
    leftMs = clock.monotonicMs();
    leave();
  });
  const seen = await answered;
  timer.cancel();
  const endMs = clock.monotonicMs();
  return { ...observedOf(seen, isStream), ms: endMs - startedMs, endMs, leftMs };
}

/** What the client gave its caller, in the words of the wire: a clean end is an end marker. */
function observedOf(
  seen: Record<string, unknown>,
  isStream: boolean,
): Omit<Observed, "ms" | "endMs" | "leftMs"> {
  const words = Array.isArray(seen["words"]) ? seen["words"].map(String) : [];
  const headers = isRecord(seen["headers"]) ? seen["headers"] : {};
  const { error } = seen;
  const isComplete = seen["isComplete"] === true;
  const events = words.map((content) => JSON.stringify({ choices: [{ delta: { content } }] }));
  if (error !== undefined) events.push(JSON.stringify({ error }));
  if (isComplete) events.push("[DONE]");
  const isWhole = !isStream || (words.length === 0 && error !== undefined);
  return {
    status: Number(seen["status"]),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ),
    text: isWhole
      ? words.join("") + (error === undefined ? "" : JSON.stringify({ error }))
      : events.map((data) => `data: ${data}\n\n`).join(""),
    isComplete,
    hidesComments: true,
  };
}
