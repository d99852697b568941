import { traceparentOf } from "@loadline/kit/tracing";
import type { StageId } from "../../pipeline/stage.ts";

/** When a stage began. */
export interface StageStamp {
  readonly id: StageId;
  readonly atMs: number;
}

/** One exchange's place in a trace: decided once, at its head. */
export class ExchangeTrace {
  readonly traceId: string;
  /** The caller's span; undefined for a trace that begins here. */
  readonly parentId: string | undefined;
  readonly isSampled: boolean;
  /** Stages of a sampled exchange, in their order. */
  readonly stages: StageStamp[] = [];
  readonly #nextSpan: () => string;
  #spanId = "";

  constructor(o: {
    traceId: string;
    parentId: string | undefined;
    isSampled: boolean;
    nextSpan: () => string;
  }) {
    this.traceId = o.traceId;
    this.parentId = o.parentId;
    this.isSampled = o.isSampled;
    this.#nextSpan = o.nextSpan;
  }

  /** The exchange's own span; only those that are written need one. */
  get spanId(): string {
    if (this.#spanId === "") this.#spanId = this.#nextSpan();
    return this.#spanId;
  }

  /** Id of an attempt's span. */
  span(): string {
    return this.#nextSpan();
  }

  /** What an attempt tells its upstream. */
  headerOf(spanId: string): string {
    return traceparentOf(this.traceId, spanId, this.isSampled);
  }

  /** A stage begins. */
  enter(id: StageId, atMs: number): void {
    this.stages.push({ id, atMs });
  }
}
