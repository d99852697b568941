import type { Clock, Timer } from "@loadline/kit/clock";
import { type Logger, oncePerSecond } from "@loadline/kit/logger";
import type { Random } from "@loadline/kit/random";
import type { Repositories } from "../state/repositories.ts";
import type { AuditDraft } from "../state/rows.ts";
import { draftOf, sealDraft } from "./entry.ts";
import type { AuditEvent, AuditSink } from "./events.ts";
import { createDenialMerger } from "./merge.ts";
import type { AuditMetrics } from "./metrics.ts";
import { redactEvent } from "./redact.ts";

export interface AuditLogDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AuditMetrics;
  /** Commits 1 to 256 drafts of one tenant; rejects when the store cannot keep them now. */
  append(tenantId: string, drafts: readonly AuditDraft[]): Promise<unknown>;
  /** Called after each commit with the number of entries it added. */
  onCommit?(tenantId: string, count: number): void;
  /** What a full queue, or a store that keeps nothing, means for the data plane. */
  readonly onFull: "refuse" | "continue";
}

export interface AuditLog extends AuditSink {
  /** Appends the entry of an admin act inside the transaction of the change. */
  write(audit: Repositories["audit"], event: AuditEvent): Promise<void>;
  /** Resolves to true when the last event recorded is committed, after `timeoutMs` to false. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Writes merged denials and waits for the commit, at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
  /** Events waiting, never more than 10,000. */
  depth(): number;
}

interface Waiting {
  readonly tenantId: string;
  readonly draft: AuditDraft;
  /** Called when it is committed. */
  done?: (() => void)[];
}

/** Events that may wait for their commit. */
export const auditQueueMax = 10_000;
const batchMax = 256;
const commitMs = 10;
/** One may be a conflict or a slow disk; a store that refuses the next one, too, keeps nothing now. */
const failuresMax = 2;
const retryMsMin = 50;
const retryMsMax = 1000;
const idBytes = 9;

/**
 * Takes events without waiting and commits them in groups, <= 10 ms or 256 events apart. An event
 * leaves the queue when it is committed; a store that fails is asked again after 50 ms to 1 s.
 * When 10,000 wait, further ones are dropped and counted. Then, and from the second commit in a row
 * that fails to the next good one, `isAccepting` is false unless `onFull` is `continue`.
 */
export function createAuditLog(deps: AuditLogDeps): AuditLog {
  return new QueuedAuditLog(deps);
}

class QueuedAuditLog implements AuditLog {
  readonly #deps: AuditLogDeps;
  readonly #merger: ReturnType<typeof createDenialMerger>;
  readonly #instance: string;
  #waiting: Waiting[] = [];
  #recorded = 0;
  #isWriting = false;
  #retryMs = retryMsMin;
  /** Retries come faster than lines of the log. */
  readonly #mayTell: () => boolean;
  /** Commits that failed since the last good one. */
  #failures = 0;
  #timer: Timer | undefined;

  constructor(deps: AuditLogDeps) {
    this.#deps = deps;
    this.#mayTell = oncePerSecond(deps.clock);
    this.#instance = Buffer.from(deps.random.bytes(idBytes)).toString("base64url");
    this.#merger = createDenialMerger(deps.clock, (event) => this.#push(event));
    deps.metrics.onRender(() => this.#waiting.length);
  }

  record(event: AuditEvent): void {
    if (event.outcome === "denied") this.#merger.deny(event);
    else this.#push(event);
  }

  isAccepting(): boolean {
    if (this.#deps.onFull === "continue") return true;
    return this.#failures < failuresMax && this.#waiting.length < auditQueueMax;
  }

  depth(): number {
    return this.#waiting.length;
  }

  async write(audit: Repositories["audit"], event: AuditEvent): Promise<void> {
    const { tenantId, draft } = this.#draft(event);
    await audit.append(tenantId, [draft], sealDraft);
    this.#deps.metrics.committed(event.outcome);
    this.#deps.onCommit?.(tenantId, 1);
  }

  flush(timeoutMs: number): Promise<boolean> {
    const last = this.#waiting.at(-1);
    if (!last) return Promise.resolve(true);
    this.#schedule(0);
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(timeoutMs, () => resolve(false));
      (last.done ??= []).push(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }

  async close(timeoutMs: number): Promise<void> {
    this.#merger.flush();
    await this.flush(timeoutMs);
    this.#timer?.cancel();
    if (this.#waiting.length === 0) return;
    this.#deps.logger.error("audit entries lost at close", { entries: this.#waiting.length });
    this.#deps.metrics.dropped(this.#waiting.length);
  }

  #draft(event: AuditEvent): Waiting {
    const eventId = event.once ?? `${this.#instance}-${this.#recorded++}`;
    const o = { tsMs: Math.floor(this.#deps.clock.wallMs()), eventId };
    return { tenantId: event.tenant, draft: draftOf(redactEvent(event), o) };
  }

  #push(event: AuditEvent): void {
    if (this.#waiting.length >= auditQueueMax) {
      this.#deps.metrics.dropped(1);
      return;
    }
    this.#waiting.push(this.#draft(event));
    if (this.#waiting.length >= batchMax) this.#schedule(0);
    else this.#schedule(commitMs);
  }

  #schedule(afterMs: number): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    if (this.#timer && afterMs > 0) return;
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(afterMs, () => void this.#commit());
  }

  /** Commits the oldest events, one append per tenant; keeps what could not be written. */
  async #commit(): Promise<void> {
    this.#timer = undefined;
    if (this.#isWriting) return;
    this.#isWriting = true;
    const batch = this.#waiting.slice(0, batchMax);
    const written = new Set<Waiting>();
    let failure: Error | undefined;
    for (const [tenantId, group] of byTenant(batch)) {
      try {
        await this.#deps.append(
          tenantId,
          group.map((waiting) => waiting.draft),
        );
        for (const waiting of group) written.add(waiting);
        this.#deps.onCommit?.(tenantId, group.length);
        for (const { draft } of group) this.#deps.metrics.committed(draft.outcome);
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error("append failed", { cause });
      }
    }
    const rest = batch.filter((waiting) => !written.has(waiting));
    this.#waiting = [...rest, ...this.#waiting.slice(batch.length)];
    this.#isWriting = false;
    for (const { done = [] } of written) for (const run of done) run();
    this.#next(failure);
  }

  #next(failure: Error | undefined): void {
    if (failure) {
      this.#failures++;
      this.#deps.metrics.failed();
      const text = failure.message;
      const waiting = this.#waiting.length;
      if (this.#mayTell()) this.#deps.logger.warn("audit commit failed", { text, waiting });
      this.#timer = this.#deps.clock.after(this.#retryMs, () => void this.#commit());
      this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax);
      return;
    }
    this.#failures = 0;
    this.#retryMs = retryMsMin;
    this.#schedule(0);
  }
}

function byTenant(batch: readonly Waiting[]): Map<string, Waiting[]> {
  const groups = new Map<string, Waiting[]>();
  for (const waiting of batch) {
    const group = groups.get(waiting.tenantId);
    if (group) group.push(waiting);
    else groups.set(waiting.tenantId, [waiting]);
  }
  return groups;
}
