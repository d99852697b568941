import { type Random, seededRandom } from "@loadline/kit/random";
import type { Iteration, IterationEnd } from "../../engine/exec.ts";
import { parseRangeMs } from "../../plan/units.ts";
import type {
  Checks,
  HttpTerms,
  LlmReply,
  LlmTerms,
  Reply,
  RequestTerms,
  Vu,
  VuHttp,
  VuLlm,
} from "../api.ts";
import type { FeedRow } from "../feed/table.ts";
import { statusReader } from "../../clients/http.ts";
import type { ModuleFunction } from "../import-module.ts";
import { sessionOf } from "../sessions.ts";
import { Call } from "./call.ts";
import { createServiceApis } from "./service-apis.ts";
import type { At } from "../../clients/asked.ts";
import { LlmCall } from "./llm-call.ts";
import {
  holds,
  type LlmKind,
  type ModuleContext,
  plainReader,
  requirementOf,
} from "./module-context.ts";

const noRow: FeedRow = Object.freeze({});
const noTags: Readonly<Record<string, string>> = Object.freeze({});

/** A virtual user of a module's scenario: one iteration at a time. */
export class ModuleVu implements Vu {
  readonly http: VuHttp;
  readonly llm: VuLlm;
  readonly rag: Vu["rag"];
  readonly mcp: Vu["mcp"];
  readonly ws: Vu["ws"];
  readonly metrics: Vu["metrics"];
  readonly id: number;
  iteration = 0;
  session = -1;
  state: Record<string, unknown> = {};
  turn = 0;
  feed: FeedRow = noRow;
  readonly #m: ModuleContext;
  readonly #run: ModuleFunction;
  #random: Random | null = null;
  #group: string | undefined = undefined;
  /** The arrival's own times, used up by the first request. */
  #intendedMs = Number.NaN;
  #wakeMs = Number.NaN;
  #bad = false;
  #refused = false;
  #ended: (end: IterationEnd) => void = () => {};

  constructor(m: ModuleContext, id: number, run: ModuleFunction) {
    this.#m = m;
    this.id = id;
    this.#run = run;
    const { context } = m;
    const request = (method: string, path: string, terms?: HttpTerms): Promise<Reply> =>
      this.#request(method, path, terms);
    this.http = {
      get: (path, terms) => request("GET", path, terms),
      post: (path, terms) => request("POST", path, terms),
      put: (path, terms) => request("PUT", path, terms),
      patch: (path, terms) => request("PATCH", path, terms),
      del: (path, terms) => request("DELETE", path, terms),
      request,
    };
    this.llm = {
      chat: (terms) => this.#ask("chat", terms),
      complete: (terms) => this.#ask("completions", terms),
      respond: (terms) => this.#ask("responses", terms),
      message: (terms) => this.#ask("messages", terms),
      embed: (terms) => this.#ask("embeddings", terms),
    };
    const apis = createServiceApis(m.services, {
      vu: id,
      at: (terms) => this.#due(terms),
      ended: (reply) => this.answered(reply),
    });
    this.rag = apis.rag;
    this.mcp = apis.mcp;
    this.ws = apis.ws;
    this.metrics = { add: (name, value) => context.metric(name, value) };
  }

  get random(): Random {
    const { seed } = this.#m.context;
    this.#random ??= seededRandom((seed ^ Math.imul(this.iteration + 1, 0x85ebca6b)) >>> 0);
    return this.#random;
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#m.scenario.tags ?? noTags;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#m.scenario.env ?? noTags;
  }

  get setup(): unknown {
    return this.#m.context.plan.setup;
  }

  get signal(): AbortSignal {
    return this.#m.context.signal;
  }

  /** One iteration; `ended` is called once, also when the function throws. */
  start(it: Iteration, ended: (end: IterationEnd) => void): void {
    this.#ended = ended;
    this.iteration = it.index;
    const { session, arrival } = sessionOf(it.index, this.id, this.#m.turns);
    if (session !== this.session) this.state = {};
    this.session = session;
    this.turn = it.turn;
    this.#intendedMs = it.intendedMs;
    this.#wakeMs = it.wakeMs;
    this.#bad = false;
    this.#refused = false;
    this.#random = null;
    this.#group = undefined;
    try {
      const { feed } = this.#m;
      if (feed !== null) {
        const row = feed.row({ index: arrival, vu: this.id });
        if (row === null) {
          ended("exhausted");
          return;
        }
        this.feed = row;
      }
      const running = this.#run(this);
      if (running instanceof Promise) running.then(this.#done, this.#failed);
      else this.#done();
    } catch (error) {
      this.#failed(error);
    }
  }

  check<R extends Reply>(reply: R, checks: Checks<R>): boolean {
    let all = true;
    for (const name of Object.keys(checks)) {
      const check = checks[name];
      const held = check !== undefined && holds(check, reply);
      this.#m.report.checked(name, held);
      all &&= held;
    }
    return all;
  }

  async group<T>(name: string, run: () => Promise<T>): Promise<T> {
    const outer = this.#group;
    this.#group = name;
    try {
      return await run();
    } finally {
      this.#group = outer;
    }
  }

  sleep(time: string): Promise<void> {
    const range = parseRangeMs(time);
    if (range === null) throw new TypeError(`"${time}" is no pause such as "2s" or "1s..3s"`);
    const { clock, random } = this.#m.context;
    const ms = range.minMs + random.unit() * (range.maxMs - range.minMs);
    return new Promise((resolve) => void clock.after(ms, resolve, { unref: true }));
  }

  readonly #done = (): void => {
    this.#ended(this.#refused ? "refused" : this.#bad ? "bad" : "ok");
  };

  /** An exception is due once, with outcome `script`; with the arrival's time if nothing was sent. */
  readonly #failed = (error: unknown): void => {
    const { context, report, feed } = this.#m;
    report.fault(error, feed === null ? null : this.feed);
    context.finish(context.begin(0, this.iteration, this.#intendedMs), "script");
    this.#ended("bad");
  };

  #request(method: string, path: string, terms: HttpTerms | undefined): Promise<Reply> {
    const written = this.#m.http(method, path, terms);
    const reader = terms?.status === undefined ? plainReader : statusReader(terms.status);
    const call = new Call(written, this.#at(terms), reader, this.#keeping(terms, true));
    return this.#send(call);
  }

  async #ask(kind: LlmKind, terms: LlmTerms): Promise<LlmReply> {
    let generated = "";
    const client = this.#m.llm(kind, terms, (text) => void (generated = text));
    const { method, firstByteMs, totalMs } = client;
    const written = { method, bytes: client.bytes(this.iteration), firstByteMs, totalMs };
    const keep = kind === "embeddings" || terms.stream === false;
    const call = new LlmCall(written, this.#at(terms), client.reader(), this.#keeping(terms, keep));
    await this.#send(call);
    call.generated = generated;
    return call;
  }

  #at(terms: RequestTerms | undefined): { readonly step: number; readonly index: number } {
    const name = terms?.name ?? this.#group;
    return { step: name === undefined ? 0 : this.#m.stepOf(name), index: this.iteration };
  }

  /** Which due request a call is; the first one of an iteration has the arrival's own times. */
  #due(terms: Pick<RequestTerms, "name"> | undefined): At {
    const at = { ...this.#at(terms), intendedMs: this.#intendedMs, wakeMs: this.#wakeMs };
    this.#intendedMs = this.#wakeMs = Number.NaN;
    return at;
  }

  #keeping(terms: RequestTerms | undefined, usual: boolean) {
    const required = terms?.require;
    return {
      keep: terms?.keep ?? usual,
      requirement: required === undefined ? null : requirementOf(required, this.#m.report),
    };
  }

  #send<C extends Call>(call: C): Promise<C> {
    call.intendedMs = this.#intendedMs;
    call.wakeMs = this.#wakeMs;
    this.#intendedMs = this.#wakeMs = Number.NaN;
    const reply = call.reply();
    call.owner = this;
    this.#m.context.send(call);
    return reply;
  }

  /** A request of this iteration ended. */
  answered(call: Reply): void {
    const bad = !call.ok;
    this.#bad ||= bad;
    this.#refused = bad && call.status === 0;
  }
}
