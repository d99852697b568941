import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import {
  loadConfig,
  type OpenedServices,
  openIdentityServices,
  operator,
} from "../../../packages/gateway/src/index.ts";
import { eventually, spawnHeld } from "../../../packages/testkit/src/index.ts";
import { loadlineMain } from "../bundle.ts";
import { removeFolder } from "../../../packages/testkit/src/remove-folder.ts";

const startMs = 60_000;
const clock = systemClock();

/** Answer of a call; `text` is what came before its end or its break. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly isBroken: boolean;
}

/** `loadline serve` with workers, as a user starts it. */
export class Serving implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), "ll-workers-"));
  readonly file = join(this.dir, "loadline.yaml");
  url = "";
  /** Standard error so far. */
  err = "";
  key = "";
  #services: OpenedServices | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(null);

  /** Writes the configuration and starts over it; `stateDir` is added. */
  async start(yaml: string, workers: number): Promise<this> {
    this.write(yaml);
    const config = loadConfig(this.file, {}, {});
    this.#services = await openIdentityServices(config, { clock, random: systemRandom() });
    const made = await this.keys.create(operator(), { name: "test", roles: ["admin", "scraper"] });
    this.key = made.secret;
    await this.restart(workers);
    return this;
  }

  /** Starts over the file and the state that are there. */
  async restart(workers: number): Promise<void> {
    this.err = "";
    const argv = ["serve", "--config", this.file, "--port", "0", "--workers", String(workers)];
    const child = spawnHeld(process.execPath, [loadlineMain, ...argv], {
      cwd: this.dir,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    this.#ended = once(child, "exit").then(([code]) => (typeof code === "number" ? code : null));
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text: string) => (this.err += text));
    await eventually(
      clock,
      () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${this.err}`);
        this.url = /serving (https?:\S+)/.exec(this.err)?.[1] ?? "";
        return this.url !== "";
      },
      startMs,
    );
  }

  /** In one step, so that nobody reads half a file. It never sheds: a busy machine is late. */
  write(yaml: string): void {
    const own = `stateDir: ${join(this.dir, "state")}\ntelemetry: {overloadAfter: 0}\n`;
    writeFileSync(`${this.file}.new`, `${own}${yaml}`);
    renameSync(`${this.file}.new`, this.file);
  }

  /** Writes the file with another piece of text in the place of one that it has. */
  change(from: string, to: string): void {
    const text = readFileSync(this.file, "utf8");
    if (!text.includes(from)) throw new Error(`the file has no ${from}`);
    writeFileSync(
      `${this.file}.new`,
      text.replace(from, () => to),
    );
    renameSync(`${this.file}.new`, this.file);
  }

  get keys(): OpenedServices["keys"] {
    if (!this.#services) throw new Error("not started");
    return this.#services.keys;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** Processes of its workers that run now, in the order of their ids. */
  workers(): number[] {
    return childrenOf(this.pid).filter((pid) => commandOf(pid).includes("worker-main"));
  }

  modelHosts(): number[] {
    const all = [this.pid, ...this.workers()].flatMap(childrenOf);
    return all.filter((pid) => /model-host|models\/host\/main/.test(commandOf(pid)));
  }

  send(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Its exit code, null after a signal. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Asks on a connection of its own, so that any worker may get it. */
  ask(path: string, o: { body?: unknown; key?: string; onData?: () => void } = {}) {
    return askOn(undefined, `${this.url}${path}`, { key: this.key, ...o });
  }

  chat(model: string, isStream = false, onData?: () => void): Promise<Answered> {
    const messages = [{ role: "user", content: "hi" }];
    // A stream lasts 8 s at 20 tokens a second: the first of many goes on when the last has begun.
    const body = { model, messages, max_tokens: isStream ? 160 : 3, stream: isStream };
    return this.ask("/v1/chat/completions", { body, ...(onData && { onData }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#services?.[Symbol.asyncDispose]();
    const workers = this.workers();
    if (this.isRunning) this.send("SIGKILL");
    await this.#ended;
    for (const pid of workers) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    removeFolder(this.dir);
  }
}

/** Asks over `agent`; resolves also when the connection breaks. */
export function askOn(
  agent: Agent | undefined,
  url: string,
  o: { body?: unknown; key: string; onData?: () => void },
): Promise<Answered> {
  const headers = { authorization: `Bearer ${o.key}`, "content-type": "application/json" };
  const method = o.body === undefined ? "GET" : "POST";
  return new Promise((resolve) => {
    const lost = (): void => resolve({ status: 0, text: "", isBroken: true });
    const sent = request(url, { method, headers, agent: agent ?? false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        text += part;
        o.onData?.();
      });
      answer.on("error", () => undefined);
      answer.on("close", () =>
        resolve({ status: answer.statusCode ?? 0, text, isBroken: !answer.complete }),
      );
    });
    sent.on("error", lost);
    sent.end(o.body === undefined ? undefined : JSON.stringify(o.body));
  });
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
    .toSorted((a, b) => a - b);
}

/** -1 when the process is gone or a corpse. */
function parentOf(pid: number): number {
  const stat = readProc(pid, "stat");
  const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || parent === undefined || stat === "" ? -1 : Number(parent);
}

export function isAlive(pid: number): boolean {
  return parentOf(pid) >= 0;
}

function commandOf(pid: number): string {
  return readProc(pid, "cmdline");
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) return "";
    throw cause;
  }
}
