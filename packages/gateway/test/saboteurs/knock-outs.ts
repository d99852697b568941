import { connect } from "node:net";
import { CircuitBreaker } from "@loadline/kit/circuit-breaker";
import { systemClock } from "@loadline/kit/clock";
import type { Controls } from "../../src/controls.ts";
import { keyIndex } from "../../src/body/request.ts";
import { drain } from "../../src/health/drain.ts";
import type { Exchange } from "../../src/pipeline/exchange.ts";
import type { Stage, StageId } from "../../src/pipeline/stage.ts";
import { decideStream } from "../../src/stream/machine.ts";
import type { Upstream, UpstreamSink } from "../../src/upstream/upstream.ts";

/** A gateway with exactly one control replaced. */
export type KnockOut = Partial<Controls>;

/** The table with one stage's way of running replaced. */
function instead(
  id: StageId,
  run: (x: Exchange, stage: Stage) => ReturnType<NonNullable<Stage["run"]>>,
): KnockOut {
  return {
    stages: (table) =>
      table.map((stage) => (stage.id === id ? { ...stage, run: (x) => run(x, stage) } : stage)),
  };
}

/** Counts failures and nothing else: five of however many open it. */
export const bareCount: KnockOut = {
  breaker: (deps) =>
    new CircuitBreaker({
      ...deps,
      settings: { ...deps.settings, minVolume: 1, minFailures: 5, rate: 1e-6 },
    }),
};

/** A call is a success once its stream has opened; how it ends is not asked. */
class OpenedIsGood extends CircuitBreaker {
  override record(lease: number, _outcome: unknown, nowMs: number): void {
    super.record(lease, "success", nowMs);
  }
}

export const successAtOpen: KnockOut = { breaker: (deps) => new OpenedIsGood(deps) };

/** A call whose client left keeps its permit. */
class Leaky extends CircuitBreaker {
  override record(lease: number, outcome: "success" | "failure" | "neutral", nowMs: number): void {
    if (outcome !== "neutral") super.record(lease, outcome, nowMs);
  }
}

export const permitLeak: KnockOut = { breaker: (deps) => new Leaky(deps) };

/** No failure ever opens it. */
class Deaf extends CircuitBreaker {
  override record(lease: number, _outcome: unknown, nowMs: number): void {
    super.record(lease, "neutral", nowMs);
  }
}

export const breakerOff: KnockOut = { breaker: (deps) => new Deaf(deps) };

/** A target's transport with its way of calling replaced. */
function calling(change: (call: Upstream["call"]) => Upstream["call"]): KnockOut {
  return { upstream: (upstream) => ({ ...upstream, call: change(upstream.call) }) };
}

/** What an answer brings, as it is. */
const forwarding = (sink: UpstreamSink): Pick<UpstreamSink, "head" | "data" | "end"> => ({
  head: (status, headers) => sink.head(status, headers),
  data: (chunk) => sink.data(chunk),
  end: () => sink.end(),
});

/** Who leaves is not missed: the upstream works on. */
export const abortNotPassedOn: KnockOut = calling((call) => (request, sink) => {
  const under = call(request, sink);
  return { abort: () => undefined, pause: () => under.pause(), resume: () => under.resume() };
});

/** A pool that asks nobody: every probe is good. */
export const noWarmPool: KnockOut = calling((call) => (request, sink) => {
  if (request.operation !== "probe") return call(request, sink);
  queueMicrotask(() => {
    sink.head(200, []);
    sink.end();
  });
  return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
});

/** Choices of chunks that do not say which they are. */
export const chunkWithoutIndex: KnockOut = calling((call) => (request, sink) => {
  const stripped = (chunk: Buffer): Buffer =>
    Buffer.from(chunk.toString("latin1").replaceAll(/"index":\d+,/g, ""), "latin1");
  return call(request, {
    ...forwarding(sink),
    data: (chunk) => sink.data(stripped(chunk)),
    fail: (failure, detail) => sink.fail(failure, detail),
  });
});

/** Breaks off answers by their bytes and not by their end: what is left is in the next answer. */
export const reusedTooEarly: KnockOut = calling((call) => {
  let left: Buffer | undefined;
  return (request, sink) => {
    let isOver = false;
    return call(request, {
      head: (status, headers) => {
        sink.head(status, headers);
        if (left) sink.data(left);
        left = undefined;
      },
      data(chunk) {
        if (isOver) return;
        sink.data(chunk.subarray(0, -1));
        left = chunk.subarray(-1);
        isOver = true;
        sink.end();
      },
      end: () => {
        if (!isOver) sink.end();
      },
      fail: (failure, detail) => {
        if (!isOver) sink.fail(failure, detail);
      },
    });
  };
});

/** What came ends the exchange, and so does what comes after it. */
export const secondExit: KnockOut = {
  streamMachine: (state, input, isHeadSent) =>
    state === "open" && input === "content"
      ? { action: "end", to: "open" }
      : decideStream(state, input, isHeadSent),
};

/** Work that nobody can count costs nothing. */
export const unknownAsZero: KnockOut = {
  stages: (table) =>
    table.map((stage) => {
      if (stage.id !== "meter") return stage;
      return {
        ...stage,
        exit(x, end) {
          const usage = { inputTokens: 0, outputTokens: 0, source: "none" } as const;
          x.attempts.splice(0, Infinity, ...x.attempts.map((one) => ({ ...one, usage })));
          stage.exit?.(x, end);
        },
      };
    }),
};

/** Whether something listens at this port of loopback. */
function isThere(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const told = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => told(true)).once("error", () => told(false));
  });
}

/** Takes the process out of rotation while the store at `port` of loopback is not there. */
export const readinessTiedTo = (port: number): KnockOut =>
  instead("answer", (x, stage) =>
    x.operation.id === "readyz"
      ? isThere(port).then((is) => (is ? undefined : { code: "LL_SERVER_DRAINING" }))
      : stage.run?.(x),
  );

/** A stage that waits for nothing is awaited all the same. */
export const awaitedNoOp = (id: StageId): KnockOut =>
  instead(id, (x, stage) => {
    const outcome = stage.run?.(x);
    return outcome === undefined ? Promise.resolve(undefined) : outcome;
  });

const hiddenPauseMs = 2000;

/** A target that failed is tried once more, 2 s later, before anybody hears of it. */
export const hiddenRetry: KnockOut = calling((call) => (request, sink) => {
  let isOver = false;
  let under = call(request, {
    ...forwarding(sink),
    fail() {
      systemClock().after(hiddenPauseMs, () => {
        if (!isOver) under = call(request, sink);
      });
    },
  });
  return {
    abort() {
      isOver = true;
      under.abort();
    },
    pause: () => under.pause(),
    resume: () => under.resume(),
  };
});

/** Ends what is under way at once, whatever time it was given. */
export const drainAtOnce: KnockOut = {
  drain: (parts) => drain(parts, { acceptMs: 0, graceMs: 0 }),
};

/** The model's name is put one byte beside its place. */
export const spliceOffByOne: KnockOut = instead("authorize", (x, stage) => {
  const outcome = stage.run?.(x);
  if (x.body) {
    const starts = x.body.scan.starts.map((at, i) => (i === keyIndex.model ? at + 1 : at));
    x.body = { ...x.body, scan: { ...x.body.scan, starts } };
  }
  return outcome;
});

/** A member whose name is written with an escape is taken for another. */
export const escapedKeyIgnored: KnockOut = instead("read", (x, stage) => {
  const { client } = x;
  const read = client.read.bind(client);
  client.read = (bytesMax, done) => {
    read(bytesMax, (body) =>
      done(
        Buffer.isBuffer(body)
          ? Buffer.from(body.toString("latin1").replace("mo\\u0064el", "an_other_e"), "latin1")
          : body,
      ),
    );
  };
  return stage.run?.(x);
});
