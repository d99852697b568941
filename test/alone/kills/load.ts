import { Agent, request } from "node:http";
import type { Clock } from "@loadline/kit/clock";

/** One call of the load. */
export interface Call {
  /** Monotonic ms at which it was sent. */
  readonly startMs: number;
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
  readonly target: string;
  readonly attempts: number;
  readonly text: string;
}

export interface Load {
  readonly calls: readonly Call[];
  /** Sends nothing more and waits for what is under way. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly clock: Clock;
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly perSecond: number;
}

const socketsMax = 256;
const callTimeoutMs = 30_000;

/** Sends non-stream chats at a fixed rate, whether earlier ones are answered or not. */
export function startLoad(o: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax });
  const calls: Call[] = [];
  const open = new Set<Promise<void>>();
  const periodMs = 1000 / o.perSecond;
  const firstMs = o.clock.monotonicMs();
  let sent = 0;
  let isOver = false;
  const send = (): void => {
    if (isOver) return;
    const done = call(o, agent).then((result) => void calls.push(result));
    open.add(done);
    void done.then(() => open.delete(done));
    sent++;
    // Against the first one, so that a late timer does not lower the rate.
    const delayMs = firstMs + sent * periodMs - o.clock.monotonicMs();
    o.clock.after(Math.max(0, delayMs), send);
  };
  send();
  return {
    calls,
    async stop() {
      isOver = true;
      await Promise.all(open);
      agent.destroy();
    },
  };
}

function call(o: LoadOptions, agent: Agent): Promise<Call> {
  const startMs = o.clock.monotonicMs();
  const messages = [{ role: "user", content: "hi" }];
  const body = JSON.stringify({ model: o.model, messages, max_tokens: 1 });
  return new Promise((resolve) => {
    let text = "";
    const end = (status: number, target = "", attempts = 0): void =>
      resolve({ startMs, ms: o.clock.monotonicMs() - startMs, status, target, attempts, text });
    const outgoing = request(
      `${o.url}/v1/chat/completions`,
      {
        method: "POST",
        agent,
        timeout: callTimeoutMs,
        headers: { "content-type": "application/json", authorization: `Bearer ${o.key}` },
      },
      (incoming) => {
        const { headers, statusCode = 0 } = incoming;
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => void (text += chunk));
        incoming.on("error", () => end(0));
        incoming.on("end", () =>
          end(
            incoming.complete ? statusCode : 0,
            String(headers["x-loadline-target"] ?? ""),
            Number(headers["x-loadline-attempts"] ?? 0),
          ),
        );
      },
    );
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", (error) => {
      text = error.message;
      end(0);
    });
    outgoing.end(body);
  });
}
