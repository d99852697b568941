import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Upstreams in processes of their own, each on a port that its successors keep. */
export interface HttpUpstreams extends AsyncDisposable {
  readonly ports: ReadonlyMap<string, number>;
  /** Kills one by its pid and starts the next on its port; false when it was not running. */
  kill(name: string): Promise<boolean>;
  isUp(name: string): boolean;
}

const script = fileURLToPath(new URL("upstream-child.ts", import.meta.url));

export async function startHttpUpstreams(names: readonly string[]): Promise<HttpUpstreams> {
  const children = new Map<string, ChildProcess>();
  const ports = new Map<string, number>();
  let isOver = false;
  const start = async (name: string): Promise<void> => {
    if (isOver) return;
    const child = fork(script, [String(ports.get(name) ?? 0), name], { stdio: "ignore" });
    const [said]: unknown[] = await once(child, "message");
    const port = typeof said === "object" && said !== null && "port" in said ? said.port : 0;
    ports.set(name, Number(port));
    children.set(name, child);
  };
  for (const name of names) await start(name);
  return {
    ports,
    isUp: (name) => children.has(name),
    async kill(name) {
      const child = children.get(name);
      if (child?.pid === undefined) return false;
      children.delete(name);
      const ended = once(child, "exit");
      process.kill(child.pid, "SIGKILL");
      await ended;
      // The next one comes up while the load goes on.
      start(name).catch(() => undefined);
      return true;
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      for (const child of children.values()) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
    },
  };
}
