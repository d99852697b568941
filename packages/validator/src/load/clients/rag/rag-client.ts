import { encodeRequest, type Http1Request } from "@loadline/kit/http1";
import type { ExecContext } from "../../engine/exec.ts";
import { asideStep, type Flight, type LoadOutcome } from "../../engine/flight.ts";
import { withOwn } from "../../engine/target-base.ts";
import { sendAside } from "../aside.ts";
import type { Answer, At } from "../asked.ts";
import { JsonBodyReader } from "../llm/body-reader.ts";
import { Canaries, type Canary, foreignIn } from "./canaries.ts";
import {
  fillBody,
  fillText,
  type Places,
  type RagOptions,
  type RagRoute,
  valueAt,
} from "./options.ts";

/** How a query ended. */
export interface RagAnswer extends Answer {
  /** Null: it asked for no canary of its own tenant. */
  readonly hit: boolean | null;
  /** Words of other tenants in the answer. */
  readonly foreign: number;
}

/** What an answer held. */
interface Read {
  body: unknown;
  text: string;
}

const firstByteMs = 30_000;
const totalMs = 120_000;
const closeBudgetMs = 4_000;
const idleQuestion = "What do these documents say?";

/**
 * Plants documents with a word nobody else has, asks for them, and takes them away again. Every
 * request is due and accounted; the calls of index i are tenant `i % tenants`.
 */
export class RagClient {
  readonly #o: RagOptions;
  readonly #context: ExecContext;
  readonly #canaries: Canaries;
  readonly #topK: number;
  #queries = 0;
  #ingests = 0;

  constructor(o: RagOptions, context: ExecContext) {
    this.#o = o;
    this.#context = context;
    this.#topK = o.topK ?? 5;
    const seed = context.seed + context.worker * 0x9e3779b1;
    this.#canaries = new Canaries(seed, Math.max(1, o.tenants.length));
  }

  /**
   * Stores a text with a new canary; done once a query returned it, or it was looked for in vain.
   * The answer is that of the ingest.
   */
  ingest(text: string, at: At, done: (answer: Answer) => void): void {
    const tenant = this.#tenantOf(at);
    const word = this.#canaries.word(tenant);
    const own = `ll-${this.#context.seed}-${this.#context.worker}-${this.#ingests++}`;
    const places = { id: own, text: `${text} ${word}` };
    this.#send(this.#o.ingest, { places, tenant, at, isJson: false }, (flight, outcome, read) => {
      const tookMs = this.#sinceDue(flight);
      this.#context.metric("rag_ingest", tookMs, outcome !== "ok");
      if (outcome !== "ok") {
        done({ outcome, flight });
        return;
      }
      const id = this.#o.idPath === undefined ? own : valueAt(read.body, this.#o.idPath);
      const canary: Canary = {
        tenant,
        word,
        id: typeof id === "string" || typeof id === "number" ? String(id) : own,
        isVisible: false,
      };
      this.#canaries.planted(canary);
      this.#look(canary, at, flight.doneMs, () => done({ outcome, flight }));
      this.#thin(tenant, at);
    });
  }

  /** Asks a question; null asks for a canary: mostly one's own, now and then another tenant's. */
  query(question: string | null, at: At, done: (answer: RagAnswer) => void): void {
    const tenant = this.#tenantOf(at);
    const wanted = question === null ? this.#wanted(tenant) : null;
    const asked = question ?? wanted?.word ?? idleQuestion;
    this.#ask(asked, tenant, at, (flight, outcome, read) => {
      const { metric } = this.#context;
      metric("rag_query", this.#sinceDue(flight), outcome !== "ok");
      const foreign = outcome === "ok" ? foreignIn(read.text, tenant) : 0;
      const isOwn = wanted !== null && wanted.tenant === tenant;
      const hit = outcome === "ok" && isOwn ? this.#holds(read, wanted.word) : null;
      if (hit !== null) metric("rag_hit", hit ? 1 : 0, !hit);
      if (outcome === "ok" && this.#o.tenants.length > 1) {
        metric("rag_foreign", foreign, foreign > 0);
      }
      done({ outcome, flight, hit, foreign });
    });
  }

  /** Takes away what it planted, for at most 4 s; what stays is said. */
  async close(): Promise<void> {
    const { remove } = this.#o;
    const planted = this.#canaries.drain();
    if (remove === null || planted.length === 0) return;
    const requests = planted.map((canary) => this.#removal(remove, canary));
    const left = await sendAside(this.#context, requests, closeBudgetMs);
    if (left === 0) return;
    this.#context.event(`${left} of ${planted.length} planted documents could not be removed.`);
  }

  /** Own ones mostly; of the other tenants every n-th time. */
  #wanted(tenant: number): Canary | null {
    const { tenants, foreignEvery = 5 } = this.#o;
    const { random } = this.#context;
    if (tenants.length > 1 && ++this.#queries % foreignEvery === 0) {
      const other = (tenant + 1 + random.below(tenants.length - 1)) % tenants.length;
      return this.#canaries.pick(other, random);
    }
    return this.#canaries.pick(tenant, random);
  }

  /** Looks for a new document until it is there or its time is over. */
  #look(canary: Canary, at: At, ackMs: number, done: () => void): void {
    const { clock, metric, signal, isProbe = false } = this.#context;
    const { pollMs = 250, visibleWithinMs = 10_000, pollStep = asideStep } = this.#o;
    const poll: At = { step: pollStep, index: at.index, ...now };
    this.#ask(canary.word, canary.tenant, poll, (flight, outcome, read) => {
      if (outcome === "ok" && this.#holds(read, canary.word)) {
        canary.isVisible = true;
        metric("rag_visible", flight.doneMs - ackMs);
        done();
      } else if (isProbe || clock.monotonicMs() - ackMs >= visibleWithinMs) {
        metric("rag_visible", Number.NaN, true);
        done();
      } else if (!signal.aborted) {
        clock.after(pollMs, () => this.#look(canary, at, ackMs, done), { unref: true });
      }
    });
  }

  /** Removes the oldest document of a tenant that has too many. */
  #thin(tenant: number, at: At): void {
    const { remove, keepMax = 256, removeStep = asideStep } = this.#o;
    if (remove === null) return;
    const canary = this.#canaries.surplus(tenant, keepMax);
    if (canary === undefined) return;
    const o = {
      places: { id: encodeURIComponent(canary.id) },
      tenant,
      at: { step: removeStep, index: at.index, ...now },
      isJson: false,
    };
    this.#send(remove, o, (_flight, outcome) => {
      // Tried once more at the end.
      if (outcome !== "ok") this.#canaries.planted(canary);
    });
  }

  #ask(
    query: string,
    tenant: number,
    at: At,
    answered: (flight: Flight, outcome: LoadOutcome, read: Read) => void,
  ): void {
    const places = { query, k: this.#topK };
    this.#send(this.#o.query, { places, tenant, at, isJson: true }, answered);
  }

  /** Whether the word stands in one of the first k results. */
  #holds(read: Read, word: string): boolean {
    const results = valueAt(read.body, this.#o.resultsPath);
    if (!Array.isArray(results)) return false;
    return results.slice(0, this.#topK).some((result: unknown) => {
      const text = valueAt(result, this.#o.textPath);
      return typeof text === "string" && text.includes(word);
    });
  }

  /** A query whose answer has no list of results is a fault of the protocol. */
  #send(
    route: RagRoute,
    o: { places: Places; tenant: number; at: At; isJson: boolean },
    answered: (flight: Flight, outcome: LoadOutcome, read: Read) => void,
  ): void {
    const bytes = encodeRequest(this.#request(route, o.places, o.tenant));
    const read: Read = { body: null, text: "" };
    const judge = (body: unknown, _flight: Flight, text: string): LoadOutcome => {
      read.body = body;
      if (!o.isJson) return "ok";
      read.text = text;
      return Array.isArray(valueAt(body, this.#o.resultsPath)) ? "ok" : "protocol";
    };
    const reader = new JsonBodyReader(judge, { isLenient: !o.isJson });
    this.#context.send({
      ...o.at,
      client: {
        method: route.method,
        bytes: () => bytes,
        reader: () => reader,
        firstByteMs,
        totalMs,
      },
      answered: (flight, outcome) => answered(flight, outcome, read),
    });
  }

  #removal(route: RagRoute, canary: Canary): Http1Request {
    return this.#request(route, { id: encodeURIComponent(canary.id) }, canary.tenant);
  }

  #request(route: RagRoute, places: Places, tenant: number): Http1Request {
    const { base } = this.#context;
    const own = Object.entries(this.#o.tenants[tenant]?.headers ?? {}).flat();
    // A tenant's credentials take the place of the target's.
    const headers = [...withOwn(base.headers, own)];
    if (route.body !== undefined) headers.push("content-type", "application/json");
    return {
      method: route.method,
      path: `${base.path}${fillText(route.path, places)}`,
      headers,
      ...(route.body !== undefined && { body: Buffer.from(fillBody(route.body, places)) }),
    };
  }

  #tenantOf(at: At): number {
    return at.index % Math.max(1, this.#o.tenants.length);
  }

  #sinceDue(flight: Flight): number {
    const doneMs = Number.isNaN(flight.doneMs) ? this.#context.clock.monotonicMs() : flight.doneMs;
    return doneMs - flight.intendedMs;
  }
}

/** Due the moment it is asked for. */
const now = { intendedMs: Number.NaN, wakeMs: Number.NaN } as const;
