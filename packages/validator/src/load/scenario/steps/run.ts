import type { LoadClient } from "../../clients/client.ts";
import type { AnswerReader } from "../../clients/client.ts";
import type { Ask, ExecContext, Iteration, IterationEnd } from "../../engine/exec.ts";
import type { Flight, LoadOutcome } from "../../engine/flight.ts";
import { Answer, type AnswerView, type Requirement } from "../answer.ts";
import type { Feed } from "../feed/feed.ts";
import type { FeedRow } from "../feed/table.ts";
import type { Called } from "../called.ts";
import { sessionOf } from "../sessions.ts";
import type { Services } from "../services.ts";
import type { TemplateScope } from "../template.ts";
import type { Op, Program } from "./program.ts";

/** What the runs of a scenario share. */
export interface RunContext {
  readonly program: Program;
  readonly context: ExecContext;
  readonly feed: Feed | null;
  readonly services: Services;
  readonly env: Readonly<Record<string, string>>;
  /** Turns of a session, 0 without sessions. */
  readonly turns: number;
  /** Counts a check by its name. */
  readonly checked: (name: string, held: boolean) => void;
  /** An iteration that could not go on: a fault of the scenario, with its text. */
  readonly fault: (error: unknown, row: FeedRow | null) => void;
}

const nothingRead: AnswerReader = { head: () => {}, data: () => {}, end: () => "ok" };

/**
 * One virtual user's way through the steps. It is the request it sends, the client that writes it
 * and the scope its values come from, so that a request makes no object but its flight and, where a
 * check looks at it, its answer. No promise: the answer's callback goes on with the next step.
 */
export class Run implements Ask, LoadClient, TemplateScope {
  // Ask
  step = 0;
  index = 0;
  intendedMs = 0;
  wakeMs = 0;
  readonly client: LoadClient = this;
  // LoadClient, of the request under way
  method = "GET";
  firstByteMs = 0;
  totalMs = 0;
  ownMs: number | undefined = undefined;
  // TemplateScope
  feed: FeedRow | null = null;
  iteration = 0;
  session = 0;
  readonly vu: number;
  readonly #o: RunContext;
  readonly #loops: Int32Array;
  #bytes: Buffer = Buffer.alloc(0);
  #send: Extract<Op, { op: "send" }> | null = null;
  #answer: AnswerView | null = null;
  /** Of a request, to be told its end. */
  #reading: Answer | null = null;
  #at = 0;
  #outcome: LoadOutcome = "ok";
  #bad = false;
  #refused = false;
  /** The arrival's own times are used up by the first request. */
  #first = true;
  #running = false;
  #waiting = false;
  #ended: (end: IterationEnd) => void = () => {};

  constructor(o: RunContext, vu: number) {
    this.#o = o;
    this.vu = vu;
    this.#loops = new Int32Array(o.program.slots);
  }

  get env(): Readonly<Record<string, string>> {
    return this.#o.env;
  }

  get setup(): unknown {
    return this.#o.context.plan.setup;
  }

  get secrets(): Readonly<Record<string, string>> {
    return this.#o.context.plan.secrets ?? {};
  }

  start(it: Iteration, ended: (end: IterationEnd) => void): void {
    this.#ended = ended;
    this.index = it.index;
    this.iteration = it.index;
    this.session = sessionOf(it.index, this.vu, this.#o.turns).session;
    this.intendedMs = it.intendedMs;
    this.wakeMs = it.wakeMs;
    this.#at = 0;
    this.#outcome = "ok";
    this.#bad = false;
    this.#refused = false;
    this.#first = true;
    this.#answer = this.#reading = null;
    this.#loops.fill(0);
    if (this.#nextRow()) this.#advance();
  }

  bytes(): Buffer {
    return this.#bytes;
  }

  reader(): AnswerReader {
    const send = this.#send;
    if (send === null) return nothingRead;
    const reader = send.request.reader();
    const { answer, body, required } = send.watch;
    if (!answer) return reader;
    const requirement: Requirement | null =
      required.length === 0 ? null : (seen) => required.every((one) => one.holds(seen, this));
    this.#reading = new Answer(reader, body, requirement);
    return this.#reading;
  }

  readonly answered = (flight: Flight, outcome: LoadOutcome): void => {
    this.#outcome = outcome;
    this.#bad ||= outcome !== "ok";
    this.#refused = outcome !== "ok" && flight.status === 0;
    if (this.#send?.watch.answer === true) {
      this.#reading ??= new Answer(nothingRead, false, null);
      this.#reading.ended(flight, outcome);
      this.#answer = this.#reading;
    }
    this.#waiting = false;
    // Answered within its own sending: the loop under way goes on, the stack does not grow.
    if (!this.#running) this.#advance();
  };

  readonly #called = (called: Called): void => {
    this.#outcome = called.outcome;
    this.#bad ||= !called.ok;
    this.#refused = !called.ok && called.status === 0;
    this.#answer = called;
    this.#waiting = false;
    if (!this.#running) this.#advance();
  };

  /** After a pause. */
  readonly #resume = (): void => {
    this.#waiting = false;
    if (!this.#o.context.signal.aborted) this.#advance();
  };

  #nextRow(): boolean {
    const { feed, fault } = this.#o;
    if (feed === null) return true;
    const { arrival } = sessionOf(this.iteration, this.vu, this.#o.turns);
    try {
      this.feed = feed.row({ index: arrival, vu: this.vu });
    } catch (error) {
      this.feed = null;
      this.#script(error, fault);
      this.#end();
      return false;
    }
    if (this.feed === null) this.#ended("exhausted");
    return this.feed !== null;
  }

  #advance(): void {
    const { ops } = this.#o.program;
    this.#running = true;
    while (!this.#waiting && this.#at < ops.length) {
      const op = ops[this.#at++];
      if (op !== undefined) this.#do(op);
    }
    this.#running = false;
    if (!this.#waiting) this.#end();
  }

  #do(op: Op): void {
    switch (op.op) {
      case "send":
        this.#request(op);
        return;
      case "call":
        this.#call(op);
        return;
      case "check":
        this.#check(op.checks);
        return;
      case "sleep":
        this.#sleep(op.minMs, op.maxMs);
        return;
      case "unless":
        if (!this.#endedAs(op.outcomes)) this.#at = op.to;
        return;
      case "again":
        this.#again(op);
    }
  }

  #request(op: Extract<Op, { op: "send" }>): void {
    const { context, fault } = this.#o;
    const { request } = op;
    this.#send = op;
    this.#answer = this.#reading = null;
    this.step = op.step;
    this.method = request.method;
    this.firstByteMs = request.firstByteMs;
    this.totalMs = request.totalMs;
    this.ownMs = request.ownMs;
    if (!this.#first) this.intendedMs = this.wakeMs = Number.NaN;
    try {
      this.#bytes = request.bytes(this, this.index);
    } catch (error) {
      this.#script(error, fault);
      // The rest would act on an answer that never was.
      this.#at = this.#o.program.ops.length;
      return;
    }
    this.#first = false;
    this.#waiting = true;
    context.send(this);
  }

  #call(op: Extract<Op, { op: "call" }>): void {
    const { services, fault } = this.#o;
    this.#send = null;
    this.#answer = null;
    this.step = op.step;
    if (!this.#first) this.intendedMs = this.wakeMs = Number.NaN;
    const { step, index, intendedMs, wakeMs } = this;
    this.#waiting = true;
    try {
      op.call(services, this, { step, index, intendedMs, wakeMs }, this.#called);
    } catch (error) {
      this.#waiting = false;
      this.#script(error, fault);
      this.#at = this.#o.program.ops.length;
    }
    this.#first = false;
  }

  /** Due and never sent, by the scenario's own fault: counted as such. */
  #script(error: unknown, fault: RunContext["fault"]): void {
    const { context } = this.#o;
    this.#bad = true;
    fault(error, this.feed);
    context.finish(context.begin(this.step, this.index, this.intendedMs), "script");
  }

  #check(checks: Extract<Op, { op: "check" }>["checks"]): void {
    const answer = this.#answer;
    if (answer === null) return;
    for (const one of checks) this.#o.checked(one.name, one.holds(answer, this));
  }

  #sleep(minMs: number, maxMs: number): void {
    const { clock, random } = this.#o.context;
    const ms = maxMs > minMs ? minMs + random.unit() * (maxMs - minMs) : minMs;
    if (ms <= 0) return;
    this.#waiting = true;
    clock.after(ms, this.#resume, { unref: true });
  }

  #endedAs(outcomes: readonly string[]): boolean {
    const outcome = this.#outcome;
    return outcomes.includes(outcome) || (outcome !== "ok" && outcomes.includes("bad"));
  }

  #again(op: Extract<Op, { op: "again" }>): void {
    const done = (this.#loops[op.slot] ?? 0) + 1;
    this.#loops[op.slot] = done < op.times ? done : 0;
    if (done < op.times) this.#at = op.to;
  }

  #end(): void {
    this.#ended(this.#refused ? "refused" : this.#bad ? "bad" : "ok");
  }
}
