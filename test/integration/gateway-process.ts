import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repositoryRoot } from "../architecture/tree.ts";

/** A gateway in a process of its own. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Empty unless the state directory was new. */
  readonly key: string;
  readonly child: ChildProcess;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

const main = join(repositoryRoot, "test/integration/gateway-main.ts");

/** Starts a gateway with this configuration and waits until it listens; `onLog` gets its log. */
export async function startGatewayProcess(
  config: Record<string, unknown>,
  onLog?: (line: string) => void,
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [main, JSON.stringify(config)], {
    stdio: ["ignore", "pipe", onLog ? "pipe" : "inherit"],
  });
  if (onLog && child.stderr) createInterface({ input: child.stderr }).on("line", onLog);
  const ended = once(child, "exit");
  if (!child.stdout) throw new Error("the gateway has no output");
  const lines = createInterface({ input: child.stdout });
  const started = await Promise.race([
    once(lines, "line"),
    ended.then(() => Promise.reject(new Error("the gateway ended before it listened"))),
  ]);
  lines.on("line", () => undefined);
  const { url, key } = parseStarted(String(started[0]));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return {
    url,
    key,
    child,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
}

function parseStarted(line: string): { url: string; key: string } {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("url" in value) || !("key" in value))
    throw new Error(`not the first line of a gateway: ${line}`);
  return { url: String(value.url), key: String(value.key) };
}
