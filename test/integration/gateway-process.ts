import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "@loadline/kit/clock";
import { spawnHeld } from "@loadline/testkit";
import { repositoryRoot } from "../architecture/tree.ts";

/** A gateway in a process of its own. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Empty unless the state directory was new. */
  readonly key: string;
  readonly child: ChildProcess;
  /** SIGTERM, and waits for its end; one that does not end in 60 s is killed, and this rejects. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

const main = join(repositoryRoot, "test/integration/gateway-main.ts");
const startMs = 60_000;
const stopMs = 60_000;
const clock = systemClock();

/**
 * Starts a gateway with this configuration and waits until it listens, for at most 60 s; `onLog` gets
 * its log, and calls for `brokenModel` fail as nobody foresaw. When it rejects the process is gone.
 */
export async function startGatewayProcess(
  config: Record<string, unknown>,
  onLog?: (line: string) => void,
  brokenModel?: string,
): Promise<GatewayProcess> {
  const more = brokenModel === undefined ? [] : [brokenModel];
  const child = spawnHeld(process.execPath, [main, JSON.stringify(config), ...more], {
    stdio: ["ignore", "pipe", onLog ? "pipe" : "inherit"],
  });
  if (onLog && child.stderr) createInterface({ input: child.stderr }).on("line", onLog);
  const ended = once(child, "exit");
  if (!child.stdout) throw new Error("the gateway has no output");
  const lines = createInterface({ input: child.stdout });
  const early = ended.then(() => Promise.reject(new Error("the gateway ended before it listened")));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await within(stopMs, ended, `the gateway did not end by ${signal}`).catch(async (cause) => {
      child.kill("SIGKILL");
      await ended;
      throw cause;
    });
  };
  const first = Promise.race([once(lines, "line"), early]);
  const started = await within(startMs, first, "the gateway did not listen").catch(
    async (cause) => {
      await end("SIGKILL");
      throw cause;
    },
  );
  lines.on("line", () => undefined);
  const { url, key } = parseStarted(String(started[0]));
  return {
    url,
    key,
    child,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
}

/** Rejects when the promise takes longer. */
async function within<T>(ms: number, promise: Promise<T>, text: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => late.reject(new Error(`${text} within ${ms / 1000} s`)));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    timer.cancel();
  }
}

function parseStarted(line: string): { url: string; key: string } {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("url" in value) || !("key" in value))
    throw new Error(`not the first line of a gateway: ${line}`);
  return { url: String(value.url), key: String(value.key) };
}
