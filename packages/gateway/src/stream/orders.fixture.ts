import { TestClock } from "@loadline/kit/clock";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import { readRequestBody } from "../body/request.ts";
import { callStage } from "../pipeline/call.ts";
import { type Client, Exchange, type Exit } from "../pipeline/exchange.ts";
import { findOperation } from "../pipeline/operations.ts";
import { lanesOf } from "../translate/lane.ts";
import { findProvider } from "../providers/index.ts";
import type { AttemptPlan, NextAttempt, Permit } from "../routing/attempts.ts";
import type { RouteTimeouts, Target } from "../routing/routes.ts";
import type { FailureClass, UpstreamCall, UpstreamSink } from "../upstream/upstream.ts";
import { createWatch, type Watch } from "../upstream/watch.ts";
import { decideStream } from "./machine.ts";
import { createStreamMetrics, type StreamMetrics } from "./metrics.ts";
import type { Resume } from "./parts.ts";
import type { StreamSettings } from "./settings.ts";

/** One upstream call as a random order drives it. */
export interface Lane {
  readonly sink: UpstreamSink;
  /** Passable events given, in order. */
  readonly given: string[];
  hasHead: boolean;
  isAborted: boolean;
}

/** A client that keeps what it was sent and every word after the end. */
export class RecordingClient implements Client {
  readonly method = "POST";
  readonly target = "/v1/chat/completions";
  headers: readonly string[] = [];
  readonly isHttp11 = true;
  readonly address = "";
  readonly hasBody = false;
  /** Takes nothing: everything written waits. */
  isBlocked = false;
  isGone = false;
  status = 0;
  text = "";
  /** Chunks that came in their framing. */
  chunks = 0;
  isEnded = false;
  isDestroyed = false;
  wordsAfterEnd = 0;
  #drained: (() => void)[] = [];

  read(): void {
    this.#note();
  }

  get pendingBytes(): number {
    return this.isBlocked ? this.text.length : 0;
  }

  get takenBytes(): number {
    return this.text.length - this.pendingBytes;
  }

  answer(status: number, headers: readonly string[], body: Buffer | string): void {
    this.#note();
    this.headers = headers;
    this.status = status;
    this.text += body.toString();
    this.isEnded = true;
  }

  open(status: number, headers: readonly string[]): void {
    this.#note();
    this.headers = headers;
    this.status = status;
  }

  write(chunk: Buffer): boolean {
    this.#note();
    this.text += chunk.toString();
    return !this.isBlocked && this.text.length % 7 !== 0;
  }

  writeChunk(framed: string): boolean {
    const at = framed.indexOf("\r\n");
    const text = framed.slice(at + 2, -2);
    if (framed !== `${text.length.toString(16)}\r\n${text}\r\n`) this.wordsAfterEnd++;
    this.chunks++;
    return this.write(Buffer.from(text, "latin1"));
  }

  end(chunk?: Buffer): void {
    this.#note();
    this.text += chunk?.toString() ?? "";
    this.isEnded = true;
  }

  destroy(): void {
    this.#note();
    this.isDestroyed = true;
    this.isEnded = true;
  }

  onDrain(run: () => void): void {
    this.#drained.push(run);
  }

  drain(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const run of waiting) run();
  }

  #note(): void {
    if (this.isEnded || this.isGone) this.wordsAfterEnd++;
  }
}

export const orderSettings: StreamSettings = {
  keepAliveMs: 300,
  isKeptAliveBeforeContent: true,
  finishMs: 200,
  clientStalledMs: 1000,
  waitingBytesMax: 16_384,
  minBytesPerS: 0,
  heldBytesMax: 2000,
  heldBytesMaxTotal: 1e9,
};

/** What all orders of one simulation share. */
export interface World {
  readonly clock: TestClock;
  readonly watch: Watch;
  readonly metrics: Metrics;
  readonly streamMetrics: StreamMetrics;
}

export function createWorld(): World {
  const clock = new TestClock();
  const metrics = createMetrics();
  const streamMetrics = createStreamMetrics(metrics);
  return { clock, watch: createWatch(clock), metrics, streamMetrics };
}

export interface OrderOptions {
  readonly isStream: boolean;
  readonly settings: StreamSettings;
  readonly hedgeAfterMs: number;
  readonly resumeMax: number;
  /** A knocked-out machine. */
  readonly decide?: typeof decideStream;
  /** Aborts reach no upstream. */
  readonly isAbortLost?: boolean;
  /** The next target is the one for prompts too long for others. */
  readonly hasLonger?: boolean;
  readonly isGone?: boolean;
  readonly maxTokens?: number;
  /** Of all targets; an openai-compatible one when absent. */
  readonly provider?: string;
  /** Names of targets that speak Anthropic's API. */
  readonly foreign?: string;
  readonly timeouts?: Partial<RouteTimeouts>;
}

/** One exchange over three fake targets, with everything it did. */
export class Order {
  readonly client = new RecordingClient();
  readonly lanes: Lane[] = [];
  readonly exits: Exit[] = [];
  /** Permits taken and given back, by target. */
  readonly ended: string[] = [];
  readonly resumes: Resume[] = [];
  /** Request bodies by attempt. */
  readonly bodies: string[] = [];
  /** Upstream calls that rest. */
  paused = 0;
  readonly x: Exchange;

  constructor(world: World, o: OrderOptions) {
    const exits = this.exits;
    const host = {
      onExit: (_x: Exchange, end: Exit) => void exits.push(end),
      onSecondExit: () => void exits.push({ reason: "failed", status: 0, code: "second exit" }),
      onResume: () => undefined,
      onFault(_x: Exchange, cause: unknown) {
        throw cause;
      },
    };
    const found = findOperation(this.client.target);
    this.x = new Exchange(host, this.client, found, world.clock.monotonicMs());
    this.client.isGone = o.isGone ?? false;
    const text = JSON.stringify({
      model: "m",
      stream: o.isStream,
      messages: [],
      ...(o.maxTokens !== undefined && { max_tokens: o.maxTokens }),
    });
    const body = readRequestBody(Buffer.from(text), "chat");
    if (!("code" in body)) this.x.body = body;
    const targets = ["a", "b", "c"].map((name) => this.#target(name, o));
    const timeouts = { firstByte: 500, firstContent: 900, idle: 300, total: 3000, ...o.timeouts };
    this.x.route = {
      name: "r",
      index: 0,
      models: ["m"],
      isCritical: true,
      targets,
      timeouts,
      resumeMax: o.resumeMax,
    };
    const stage = callStage({
      watch: world.watch,
      stream: {
        settings: o.settings,
        metrics: world.streamMetrics,
        decide: o.decide ?? decideStream,
        onResume: (_x, resume) => void this.resumes.push(resume),
      },
      router: { plan: () => this.#plan(targets, o), serves: () => true },
      nowMs: () => world.clock.monotonicMs(),
      refuse: (x, refusal) => {
        if (x.isOver) return;
        x.client.answer(500, [], `{"error":"${refusal.code}"}`);
        x.exit({ reason: "failed", status: 500, code: refusal.code });
      },
      onAttempt: () => undefined,
    });
    if (stage.run?.(this.x) !== undefined) throw new Error("the call did not begin at once");
  }

  #plan(targets: readonly Target[], o: OrderOptions): AttemptPlan {
    let used = 0;
    let open = 0;
    const next = (): NextAttempt => {
      const target = targets[used++];
      if (!target) return { kind: "none", retryAfterMs: 1000 };
      return {
        kind: "attempt",
        permit: {
          target,
          key: undefined,
          isHedge: open++ > 0,
          content: () => undefined,
          end: (outcome) => {
            open--;
            this.ended.push(`${target.name} ${outcome}`);
          },
        },
      };
    };
    const longer = (): Permit | undefined => {
      const after = o.hasLonger === true ? next() : undefined;
      return after?.kind === "attempt" ? after.permit : undefined;
    };
    return { next, hedgeAfterMs: o.hedgeAfterMs, longer };
  }

  #target(name: string, o: OrderOptions): Target {
    const isForeign = o.foreign?.includes(name) === true;
    const provider = findProvider(isForeign ? "anthropic" : (o.provider ?? "openai-compatible"));
    if (!provider) throw new Error("no provider");
    return {
      name,
      provider,
      model: "m",
      keys: [],
      lanes: lanesOf(provider, undefined, { wallMs: () => 0 }),
      upstream: {
        keys: [],
        call: (request, sink) => {
          this.bodies.push(request.body.toString());
          return this.#lane(sink, o);
        },
        isReady: () => true,
        close: () => Promise.resolve(),
      },
    };
  }

  #lane(sink: UpstreamSink, o: OrderOptions): UpstreamCall {
    const lane: Lane = { sink, given: [], hasHead: false, isAborted: false };
    this.lanes.push(lane);
    return {
      abort: () => void (lane.isAborted = o.isAbortLost !== true),
      pause: () => void this.paused++,
      resume: () => void this.paused--,
    };
  }
}

export const faults: readonly FailureClass[] = ["connect", "reset", "protocol"];
