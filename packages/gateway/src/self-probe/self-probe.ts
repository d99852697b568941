import type { DropArgument } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Exchange } from "../pipeline/exchange.ts";
import type { StageId } from "../pipeline/stage.ts";
import { callThrough } from "./call.ts";
import type { Door, Doors } from "./door.ts";
import { OwnDrops } from "./drops.ts";
import type { ProbeResult } from "./metrics.ts";
import type { OwnRoute } from "./own-route.ts";
import type { ProbePass } from "./pass.ts";
import { isCrowdedOut, judge, type Verdict, withoutEffect } from "./verdict.ts";

/** The component `self-probe` of /health. */
export interface SelfProbeHealth {
  readonly required: true;
  readonly state: "ok" | "down";
  /** Result of the last call; null before there was one. */
  readonly result: ProbeResult | null;
  /** When a call last came through every stage, ISO 8601. */
  readonly passedAt: string | null;
}

/** Calls the gateway through its own door, and says whether the call came through every stage. */
export interface SelfProbe {
  readonly pass: ProbePass;
  readonly own: OwnRoute;
  /** Takes the end of a call by the probe's principal. */
  onExit(x: Exchange): void;
  /** Calls from now on; again after each `again` and, while calls fail, after a growing wait. */
  begin(doors: Doors): void;
  /** The listening socket turned a connection away: as many are open as may be. */
  onDrop(from?: DropArgument): void;
  /** The configuration is another one. Nothing before `begin`. */
  again(): void;
  /** Resolves with the end of the call that is due, or after `waitMs`. */
  settled(waitMs: number): Promise<void>;
  /** Why the gateway is not ready; empty when it is. */
  reasons(): readonly string[];
  health(): SelfProbeHealth;
  /** Ends the call that is under way; there are no more. */
  close(): void;
}

export interface SelfProbeDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly own: OwnRoute;
  readonly pass: ProbePass;
  readonly timeoutMs: number;
  /** Stages that some exchange has passed by. */
  missing(): readonly StageId[];
  onSkipped(id: StageId): void;
  onResult(result: ProbeResult): void;
}

const firstWaitMs = 100;
const waitMsMax = 30_000;
/** What is refused on purpose is nobody's fault and may be over at any time. */
const busyWaitMsMax = 1000;
/** A process that stood still for long has not waited for long: it waits by turns of this (ms). */
const turnMs = 100;

export function createSelfProbe(deps: SelfProbeDeps): SelfProbe {
  return new OwnProbe(deps);
}

class OwnProbe implements SelfProbe {
  readonly pass: ProbePass;
  readonly own: OwnRoute;
  readonly #deps: SelfProbeDeps;
  readonly #stop = new AbortController();
  #doors: Doors | undefined;
  /** Connections that the listening socket turned away during the call that is under way. */
  #drops: OwnDrops | undefined;
  #seen: Exchange | undefined;
  #isRunning = false;
  #isDue = false;
  /** The last `begin` or `again` has no result yet. */
  #isOpen = false;
  /** Ends the wait before the next call. */
  #hurry: (() => void) | undefined;
  #waiting: (() => void)[] = [];
  #hasPassed = false;
  #verdict: Verdict | undefined;
  #result: ProbeResult | null = null;
  #passedAt: string | null = null;

  constructor(deps: SelfProbeDeps) {
    this.#deps = deps;
    this.pass = deps.pass;
    this.own = deps.own;
  }

  onExit(x: Exchange): void {
    this.#seen = x;
  }

  begin(doors: Doors): void {
    this.#doors = doors;
    this.again();
  }

  onDrop(from?: DropArgument): void {
    this.#drops?.add(from);
  }

  again(): void {
    if (!this.#doors || this.#stop.signal.aborted) return;
    this.#isDue = true;
    this.#isOpen = true;
    this.#hurry?.();
    if (!this.#isRunning) void this.#run(this.#doors);
  }

  settled(waitMs: number): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = Math.ceil(waitMs / turnMs);
    const turn = (): void => {
      if (--left <= 0) resolve();
      else timer = clock.after(turnMs, turn, { unref: true });
    };
    let timer = clock.after(turnMs, turn, { unref: true });
    this.#waiting.push(() => {
      timer.cancel();
      resolve();
    });
    return promise;
  }

  reasons(): readonly string[] {
    if (!this.#verdict) return this.#hasPassed ? [] : ["self-probe: no call came through yet"];
    const { code, text, skipped } = this.#verdict;
    if (code !== undefined) return [`${code} ${text}`];
    // What other exchanges passed by is among the reasons already.
    const missing = new Set(this.#deps.missing());
    return skipped.filter((id) => !missing.has(id)).map((id) => `LL_SERVER_STAGE_MISSING ${id}`);
  }

  health(): SelfProbeHealth {
    const state = this.#hasPassed && !this.#verdict ? "ok" : "down";
    return { required: true, state, result: this.#result, passedAt: this.#passedAt };
  }

  close(): void {
    this.#stop.abort();
    this.#hurry?.();
    this.#tellWaiting();
  }

  /** Calls until one passes and no other is due; the wait between two doubles up to 30 s. */
  async #run(doors: Doors): Promise<void> {
    this.#isRunning = true;
    let waitMs = firstWaitMs;
    while (!this.#stop.signal.aborted) {
      this.#isDue = false;
      const verdict = await this.#call(doors);
      if (this.#stop.signal.aborted) break;
      this.#take(verdict);
      if (this.#isDue) {
        waitMs = firstWaitMs;
        continue;
      }
      this.#tellWaiting();
      if (verdict.result === "passed") break;
      await this.#wait(verdict.result === "busy" ? Math.min(waitMs, busyWaitMsMax) : waitMs);
      waitMs = Math.min(waitMsMax, waitMs * 2);
    }
    this.#isRunning = false;
  }

  /** Where others are in the way to the listening socket, the stages are asked beside it. */
  async #call({ open, aside }: Doors): Promise<Verdict> {
    const drops = new OwnDrops();
    this.#drops = drops;
    const verdict = await this.#through(async () => drops.watch(await open()));
    this.#drops = undefined;
    return aside && isCrowdedOut(verdict, drops.hasOwn) ? this.#through(aside) : verdict;
  }

  async #through(open: Doors["open"]): Promise<Verdict> {
    const { clock, logger, pass, timeoutMs } = this.#deps;
    const { signal } = this.#stop;
    this.#seen = undefined;
    let door: Door | undefined;
    try {
      door = await open();
      signal.throwIfAborted();
      const answer = await callThrough(door, pass.issue(), { clock, timeoutMs, signal });
      const skipped = withoutEffect(this.#seen, this.own);
      return judge(answer, { missing: this.#deps.missing(), skipped });
    } catch (cause) {
      // Everybody may read the reasons: no path of this machine among them.
      if (!signal.aborted) logger.warn("self_probe.door", { detail: String(cause) });
      return judge({ fault: "its own socket could not be opened" }, { missing: [], skipped: [] });
    } finally {
      pass.withdraw();
      door?.close();
    }
  }

  /** A call that was refused on purpose changes nothing that is known. */
  #take(verdict: Verdict): void {
    const { clock, logger } = this.#deps;
    const { result, code, text, skipped } = verdict;
    const before = this.#verdict;
    this.#result = result;
    this.#deps.onResult(result);
    if (result === "busy") return;
    if (result === "passed") {
      this.#hasPassed = true;
      this.#passedAt = new Date(clock.wallMs()).toISOString();
      this.#verdict = undefined;
      if (before) logger.info("self_probe.passed", {});
      return;
    }
    this.#verdict = verdict;
    for (const id of skipped) this.#deps.onSkipped(id);
    if (before?.text !== text)
      logger.warn("self_probe", { code: code ?? "LL_SERVER_STAGE_MISSING", text });
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(waitMs, resolve, { unref: true });
      this.#hurry = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #tellWaiting(): void {
    this.#isOpen = false;
    for (const told of this.#waiting.splice(0)) told();
  }
}
