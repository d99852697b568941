import { createContext, Script } from "node:vm";
import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { runtimeJs } from "./runtime-js.ts";
import { wsRuntimeJs } from "./ws-runtime-js.ts";

interface Pending {
  readonly outcome: string;
  readonly response: { readonly status: number; readonly body: string | null };
}

interface Iteration {
  isFirst: boolean;
  intendedMs: number;
  isMeasured: boolean;
  pending: Pending | null;
  last: string;
  sockets?: Record<string, unknown>;
}

/** A socket as k6 has it, moved by hand. */
class HandSocket {
  static made: HandSocket[] = [];
  readonly url: string;
  readonly sent: string[] = [];
  isClosed = false;
  onopen = (): void => undefined;
  onmessage = (_event: { data: unknown }): void => undefined;
  onerror = (_event: { error: string }): void => undefined;
  onclose = (): void => undefined;
  onpong = (): void => undefined;
  pings = 0;

  constructor(url: string) {
    this.url = url;
    HandSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  ping(): void {
    this.pings++;
  }

  close(): void {
    this.isClosed = true;
    this.onclose();
  }
}

type Ws = (it: Iteration, name: string, way: string, path: string, o: object) => Promise<void>;

/** The runtime of a script on sockets and timers of ours. */
function runtime() {
  const clock = new TestClock();
  HandSocket.made = [];
  const made = createContext({
    Date,
    Math,
    WebSocket: HandSocket,
    base: "http://host/v1",
    headers: { authorization: "x" },
    setTimeout: (run: () => void, ms: number) => clock.after(ms, run),
    clearTimeout: (timer: { cancel(): void } | undefined) => timer?.cancel(),
  });
  const text = runtimeJs.replaceAll("export function", "function");
  new Script(`${text}\n${wsRuntimeJs}\nmade = { ws, wsEnd };`).runInContext(made);
  const { ws, wsEnd } = made["made"] as { ws: Ws; wsEnd: (it: Iteration) => void };
  const it: Iteration = {
    isFirst: true,
    intendedMs: Date.now(),
    isMeasured: false,
    pending: null,
    last: "ok",
  };
  const call = (way: string, o: object = {}): Promise<void> =>
    ws(it, way, way, "/t", { headers: {}, contains: "", withinMs: 1_000, ...o });
  return { clock, it, call, wsEnd };
}

const socket = (): HandSocket => {
  const last = HandSocket.made.at(-1);
  if (last === undefined) throw new Error("no socket was made");
  return last;
};
/** Lets what was promised happen. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe("free sockets of an exported script", () => {
  it("an answer is the next message that holds the text; others are kept for who receives", async () => {
    const { it: iteration, call } = runtime();
    const asked = call("ask", { message: "hi", contains: "answer" });
    expect(socket().url).toBe("ws://host/v1/t");
    socket().onopen();
    await settle();
    expect(socket().sent).toEqual(["hi"]);
    socket().onmessage({ data: "tick" });
    socket().onmessage({ data: "answer 1" });
    await asked;
    expect(iteration.pending).toMatchObject({
      outcome: "ok",
      response: { status: 101, body: "answer 1" },
    });
    await call("receive");
    expect(iteration.pending?.response.body).toBe("tick");
    expect(HandSocket.made).toHaveLength(1);
  });

  it("an answer must come after the question", async () => {
    const { it: iteration, call, clock } = runtime();
    const opened = call("connect");
    socket().onopen();
    await opened;
    socket().onmessage({ data: "answer 0" });
    const asked = call("ask", { message: "hi", contains: "answer" });
    await settle();
    clock.advance(1_000);
    await asked;
    expect(iteration.pending?.outcome).toBe("timeout_first_byte");
    expect(iteration.last).toBe("timeout_first_byte");
  });

  it.each([
    ["connect", (one: HandSocket) => one.onerror({ error: "dial tcp: refused" })],
    ["protocol", (one: HandSocket) => one.onerror({ error: "websocket: bad handshake" })],
    ["reset", (one: HandSocket) => one.onclose()],
  ] as const)(
    "an opening that fails ends as %s, once, and nothing is sent",
    async (outcome, fail) => {
      const { it: iteration, call } = runtime();
      const asked = call("ask", { message: "hi" });
      fail(socket());
      socket().onclose();
      socket().onopen();
      await asked;
      expect(iteration.pending).toMatchObject({ outcome, response: { status: 0, body: null } });
      expect(socket().sent).toEqual([]);
    },
  );

  it("an opening that takes too long is given up, and its socket closed", async () => {
    const { it: iteration, call, clock } = runtime();
    const opened = call("connect");
    clock.advance(5_000);
    await opened;
    expect(iteration.pending?.outcome).toBe("connect_timeout");
    expect(socket().isClosed).toBe(true);
  });

  it("a socket that goes while an answer is waited for is a reset, and the next call opens another", async () => {
    const { it: iteration, call } = runtime();
    const asked = call("ask", { message: "hi" });
    socket().onopen();
    await settle();
    socket().onclose();
    await asked;
    expect(iteration.pending?.outcome).toBe("reset");
    const again = call("send", { message: "ho" });
    expect(HandSocket.made).toHaveLength(2);
    socket().onopen();
    await again;
    expect([iteration.pending?.outcome, socket().sent]).toEqual(["ok", ["ho"]]);
  });

  it("a ping ends with its pong, late without one, and as a reset when the socket goes", async () => {
    const { it: iteration, call, clock } = runtime();
    const opened = call("connect");
    socket().onopen();
    await opened;
    const first = call("ping");
    await settle();
    expect(socket().pings).toBe(1);
    socket().onpong();
    await first;
    expect(iteration.pending).toMatchObject({
      outcome: "ok",
      response: { status: 101, body: null },
    });
    const late = call("ping");
    await settle();
    clock.advance(1_000);
    await late;
    expect(iteration.pending?.outcome).toBe("timeout_first_byte");
    const next = call("ping");
    await settle();
    socket().onpong();
    await settle();
    expect(iteration.pending, "the late pong is no answer to it").toBeNull();
    socket().onpong();
    await next;
    expect(iteration.pending?.outcome).toBe("ok");
    const cut = call("ping");
    await settle();
    socket().onclose();
    await cut;
    expect(iteration.pending?.outcome).toBe("reset");
  });

  it("the end of an iteration leaves no socket open", async () => {
    const { it: iteration, call, wsEnd } = runtime();
    const opened = call("connect");
    socket().onopen();
    await opened;
    wsEnd(iteration);
    expect(socket().isClosed).toBe(true);
    expect(Object.keys(iteration.sockets ?? {})).toEqual([]);
    await call("close");
    expect(iteration.pending?.outcome).toBe("ok");
    expect(HandSocket.made).toHaveLength(1);
  });
});
