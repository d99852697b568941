import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import type { ControlQuestion } from "./control.ts";
import type { Truth } from "./ledger.ts";
import type { TargetOptions } from "./options.ts";

/** A running reference target, a process of its own. */
export interface ReferenceTarget extends AsyncDisposable {
  readonly url: string;
  /** The same target with every delay a tenth longer. */
  readonly slowerUrl: string;
  readonly pid: number;
  /** What the target itself recorded since the last `reset` or `configure`. */
  truth(): Promise<Truth>;
  /** Forgets what was counted. */
  reset(): Promise<void>;
  /** Behaves as said from now on and forgets everything. */
  configure(options: TargetOptions): Promise<void>;
}

interface Ports {
  readonly port: number;
  readonly slowerPort: number;
  readonly controlPort: number;
}

/** Starts the target in a process of its own; rejects when it ends before it listens. */
export async function startReferenceTarget(options: TargetOptions = {}): Promise<ReferenceTarget> {
  const path = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = fork(path, [JSON.stringify(options)], { execArgv: [] });
  const ended = once(child, "exit");
  const died = ended.then(([code]) => {
    throw new Error(`the reference target ended with ${String(code)}`);
  });
  const [ports] = (await Promise.race([once(child, "message"), died])) as [Ports];
  died.catch(() => undefined);
  const ask = (question: ControlQuestion): Promise<unknown> =>
    askControl(ports.controlPort, question);
  return {
    url: `http://127.0.0.1:${ports.port}`,
    slowerUrl: `http://127.0.0.1:${ports.slowerPort}`,
    pid: child.pid ?? 0,
    truth: async () => (await ask({ op: "truth" })) as Truth,
    reset: async () => void (await ask({ op: "reset" })),
    configure: async (next) => void (await ask({ op: "configure", options: next })),
    [Symbol.asyncDispose]: async () => {
      // The process ends by itself; a stall may hold it for a moment.
      if (child.connected) child.disconnect();
      else child.kill("SIGKILL");
      await ended;
    },
  };
}

async function askControl(port: number, question: ControlQuestion): Promise<unknown> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  try {
    socket.write(`${JSON.stringify(question)}\n`);
    let held = "";
    for await (const text of socket) {
      held += String(text);
      if (held.endsWith("\n")) return JSON.parse(held);
    }
    throw new Error("the control socket closed without an answer");
  } finally {
    socket.destroy();
  }
}
