/** What the target itself saw of one request; times are the machine's monotonic ms. */
export interface SeenRequest {
  /** First byte of the request read. */
  readonly arrivedMs: number;
  /** First chunk of a streamed answer written; NaN when there was none. */
  readonly firstMs: number;
  /** Last byte of the answer written; NaN when there was none. */
  readonly doneMs: number;
  /** 0 when no answer was given. */
  readonly status: number;
  readonly path: string;
  /** `i` of the query, by which a client tells its requests apart; null without. */
  readonly number: number | null;
}

/** The truth about a run, as the target recorded it. */
export interface Truth {
  /** Requests read whole, by path. */
  readonly requests: Readonly<Record<string, number>>;
  /** Answers by status; `none` when the connection was ended in place of one. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly connections: number;
  /** Requests past the recorded ones: counted above, without times. */
  readonly unrecorded: number;
  readonly arrivedMs: readonly number[];
  /** null where no chunk was streamed. */
  readonly firstMs: readonly (number | null)[];
  /** null where there was no answer. */
  readonly doneMs: readonly (number | null)[];
  /** `i` of the query, beside `arrivedMs`. */
  readonly numbers: readonly (number | null)[];
  /** Start and end of each stand-still. */
  readonly stalls: readonly (readonly [number, number])[];
  /** Named counts of the RAG, MCP and room parts. */
  readonly counts: Readonly<Record<string, number>>;
}

const recordedMax = 500_000;
const namesMax = 10_000;
const otherName = "__other__";

/** Counts and stamps, bounded; the first 500,000 requests keep their times. */
export class Ledger {
  #requests = new Map<string, number>();
  #statuses = new Map<string, number>();
  #counts = new Map<string, number>();
  #arrivedMs: number[] = [];
  #firstMs: (number | null)[] = [];
  #doneMs: (number | null)[] = [];
  #numbers: (number | null)[] = [];
  #stalls: [number, number][] = [];
  #unrecorded = 0;
  #connections = 0;

  reset(): void {
    for (const map of [this.#requests, this.#statuses, this.#counts]) map.clear();
    this.#arrivedMs = [];
    this.#firstMs = [];
    this.#doneMs = [];
    this.#numbers = [];
    this.#stalls = [];
    this.#unrecorded = 0;
    this.#connections = 0;
  }

  connected(): void {
    this.#connections++;
  }

  seen(request: SeenRequest): void {
    add(this.#requests, request.path, 1);
    add(this.#statuses, request.status === 0 ? "none" : String(request.status), 1);
    if (this.#arrivedMs.length >= recordedMax) {
      this.#unrecorded++;
      return;
    }
    this.#arrivedMs.push(request.arrivedMs);
    this.#firstMs.push(known(request.firstMs));
    this.#doneMs.push(known(request.doneMs));
    this.#numbers.push(request.number);
  }

  count(name: string, by = 1): void {
    add(this.#counts, name, by);
  }

  stalled(fromMs: number, untilMs: number): void {
    if (this.#stalls.length < recordedMax) this.#stalls.push([fromMs, untilMs]);
  }

  truth(): Truth {
    return {
      requests: Object.fromEntries(this.#requests),
      statuses: Object.fromEntries(this.#statuses),
      counts: Object.fromEntries(this.#counts),
      connections: this.#connections,
      unrecorded: this.#unrecorded,
      arrivedMs: this.#arrivedMs,
      firstMs: this.#firstMs,
      doneMs: this.#doneMs,
      numbers: this.#numbers,
      stalls: this.#stalls,
    };
  }
}

/** null, which JSON has, for NaN. */
function known(ms: number): number | null {
  return Number.isNaN(ms) ? null : ms;
}

/** Names past the first 10,000 are counted together. */
function add(map: Map<string, number>, name: string, by: number): void {
  const key = map.has(name) || map.size < namesMax ? name : otherName;
  map.set(key, (map.get(key) ?? 0) + by);
}
