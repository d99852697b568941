import type { Timer } from "@loadline/kit/clock";
import type { JsonRecord } from "@loadline/kit/json";
import type { ExecContext } from "../../engine/exec.ts";
import { asideStep, type Flight, type LoadOutcome, timedOut } from "../../engine/flight.ts";
import { withOwn } from "../../engine/target-base.ts";
import type { Answer, At } from "../asked.ts";
import { parseObject } from "../llm/dialect.ts";
import { Ledger } from "./ledger.ts";
import type { OpeningEnd } from "./link.ts";
import { Member, type Pending } from "./member.ts";
import { dialectOf, fill, fits, type RoomDialect, type RoomsOptions } from "./options.ts";
import { Presence } from "./presence.ts";
import { WsSocket } from "./ws-socket.ts";

const closeWaitMs = 4_500;
const closeStepMs = 10;
/** Sockets of a crowd that connect at once. */
const enteringMax = 64;

/** What a member is to send; null: the server has no such thing. */
interface Wanted {
  readonly isEcho: boolean;
  readonly template: JsonRecord | null;
  readonly done: (answer: Answer) => void;
}

/**
 * Members of rooms over WebSocket, one socket each. Every message has its ledger of who must get
 * it; what comes late, twice, out of order or not at all is counted against it. Connecting, saying
 * and calling are due requests. Rooms are of one worker alone: its ledger is whole.
 */
export class Rooms {
  readonly #o: RoomsOptions;
  readonly #context: ExecContext;
  readonly #dialect: RoomDialect;
  readonly #ledger: Ledger;
  readonly #presence: Presence;
  readonly #members: Member[] = [];
  readonly #deadlines = new Set<Timer>();
  readonly #text: string;
  readonly #answerWithinMs: number;
  /** Of the crowd being gathered, and what waits for it. */
  #missing = 0;
  readonly #held: (() => void)[] = [];

  constructor(o: RoomsOptions, context: ExecContext) {
    this.#o = o;
    this.#context = context;
    this.#dialect = dialectOf(o);
    this.#ledger = new Ledger(context.metric);
    this.#presence = new Presence(context.metric);
    this.#text = "x".repeat(o.textBytes ?? 64);
    this.#answerWithinMs = o.answerWithinMs ?? 30_000;
  }

  /** Brings a member into its room; done at once when it is there. */
  enter(index: number, at: At, done: OpeningEnd): void {
    const member = this.#member(index);
    if (member.isIn) {
      done("ok", Number.NaN);
      return;
    }
    member.waiting.push(done);
    if (member.opening === null) this.#open(member, at);
  }

  /** Brings in the first `count` members; until all are in, or could not be, nothing is said. */
  gather(count: number, at: At): void {
    this.#missing = count;
    let next = 0;
    const one = (): void => {
      if (next < count && !this.#context.signal.aborted) this.enter(next++, at, arrived);
    };
    const arrived = (): void => {
      if (--this.#missing === 0) for (const go of this.#held.splice(0)) go();
      one();
    };
    for (let i = 0; i < enteringMax; i++) one();
  }

  /** A member says something to its room; done with the acknowledgement, where the server gives one. */
  say(index: number, at: At, done: (answer: Answer) => void): void {
    this.#due(index, at, { isEcho: false, template: this.#dialect.say, done });
  }

  /** A member asks the server for an echo: the time of a round trip. */
  call(index: number, at: At, done: (answer: Answer) => void): void {
    this.#due(index, at, { isEcho: true, template: this.#dialect.echo, done });
  }

  /** Waits for deliveries under way, at most 4.5 s; then everybody leaves. */
  async close(): Promise<void> {
    const { clock } = this.#context;
    const untilMs = clock.monotonicMs() + closeWaitMs;
    while (this.#ledger.open > 0 && clock.monotonicMs() < untilMs) await clock.sleep(closeStepMs);
    for (const timer of this.#deadlines) timer.cancel();
    this.#ledger.closeAll();
    for (const member of this.#members) {
      member?.opening?.timer?.cancel();
      for (const { timer } of member?.pending.values() ?? []) timer.cancel();
      if (member !== undefined) this.#shut(member);
    }
  }

  /** Closes its socket, and says how long it was open. */
  #shut(member: Member): void {
    const { clock, metric } = this.#context;
    if (!Number.isNaN(member.openMs)) {
      metric("ws_session_duration", clock.monotonicMs() - member.openMs);
    }
    member.openMs = Number.NaN;
    member.socket?.close();
    member.socket = null;
  }

  #member(index: number): Member {
    const { name, worker, seed } = this.#context;
    const room = `${name}-${seed}-${worker}-${index % (this.#o.rooms ?? 1)}`;
    return (this.#members[index] ??= new Member(index, room));
  }

  #open(member: Member, at: At): void {
    const { begin, base, clock, random, plan, metric } = this.#context;
    const flight = begin(this.#o.connectStep ?? asideStep, at.index, Number.NaN);
    member.opening = { flight, timer: null };
    const headers = withOwn(base.headers, Object.entries(this.#o.headers ?? {}).flat());
    const options = {
      url: new URL(plan.target.baseUrl),
      insecure: plan.target.insecure === true,
      path: `${base.path}${this.#o.path}`,
      headers,
      clock,
      random,
      timeouts: plan.timeouts,
    };
    member.socket = new WsSocket(options, {
      open: () => {
        const nowMs = clock.monotonicMs();
        flight.status = 101;
        flight.firstByteMs = nowMs;
        metric("ws_connecting", nowMs - flight.sendMs);
        metric("ws_sessions", 1);
        member.openMs = nowMs;
        member.askedMs = nowMs;
        if (member.opening !== null) {
          const late = (): void =>
            this.#lost(member, timedOut(flight, "timeout_first_byte", this.#answerWithinMs));
          member.opening.timer = clock.after(this.#answerWithinMs, late);
        }
        this.#write(member, fill(this.#dialect.join, { room: member.room }));
      },
      text: (payload, nowMs) => this.#message(member, payload, nowMs),
      closed: (outcome, timeoutMs) => {
        flight.timeoutMs = timeoutMs;
        this.#lost(member, outcome);
      },
    });
  }

  #write(member: Member, text: string): boolean {
    const isSent = member.socket?.send(text) === true;
    if (isSent) this.#context.metric("ws_msgs_sent", 1);
    return isSent;
  }

  #message(member: Member, payload: Buffer, nowMs: number): void {
    this.#context.metric("ws_msgs_received", 1);
    const message = parseObject(payload.toString("utf8"));
    if (message === null) return;
    const d = this.#dialect;
    const id = message[d.idField];
    const key = typeof id === "string" ? id : "";
    if (fits(message, d.said)) this.#ledger.receive(key, member.index, nowMs);
    else if (fits(message, d.ack) || fits(message, d.echoed)) this.#answer(member, key, nowMs);
    else if (fits(message, d.presence)) {
      const members = message[d.membersField];
      if (typeof members !== "number") return;
      this.#presence.heard(member.room, members, { member: member.index, nowMs });
    } else if (fits(message, d.joined) && !member.isIn) this.#entered(member, message, nowMs);
  }

  #entered(member: Member, message: JsonRecord, nowMs: number): void {
    const { opening, room } = member;
    if (opening === null) return;
    opening.timer?.cancel();
    member.opening = null;
    member.isIn = true;
    const others = [...this.#ledger.membersOf(room)];
    this.#ledger.join(room, member.index);
    const members = message[this.#dialect.membersField];
    if (typeof members === "number" && this.#dialect.presence !== null) {
      const key = this.#presence.joined(room, members, { askedMs: member.askedMs, others });
      this.#deadline(() => this.#presence.close(key));
    }
    opening.flight.doneMs = nowMs;
    this.#context.finish(opening.flight, "ok");
    for (const tell of member.waiting.splice(0)) tell("ok", Number.NaN);
  }

  /** The connection is gone, or never came to be. */
  #lost(member: Member, outcome: LoadOutcome): void {
    const { opening } = member;
    this.#ledger.leave(member.room, member.index);
    member.isIn = false;
    member.opening = null;
    this.#shut(member);
    if (opening !== null) {
      opening.timer?.cancel();
      this.#context.finish(opening.flight, outcome);
    }
    for (const tell of member.waiting.splice(0))
      tell(outcome, opening?.flight.timeoutMs ?? Number.NaN);
    const pending = [...member.pending.values()];
    member.pending.clear();
    for (const { timer, done } of pending) {
      timer.cancel();
      done(outcome);
    }
  }

  /** Due from now on, sent when its member is in. */
  #due(index: number, at: At, wanted: Wanted): void {
    const { begin, finish } = this.#context;
    const flight = begin(at.step, at.index, at.intendedMs);
    flight.sendMs = Number.NaN;
    if (!Number.isNaN(at.wakeMs)) flight.wakeMs = at.wakeMs;
    const end = (outcome: LoadOutcome): void => {
      finish(flight, outcome);
      wanted.done({ outcome, flight });
    };
    const go = (): void =>
      this.enter(index, at, (outcome, timeoutMs) => {
        // The run ended it meanwhile.
        if (flight.ended) return;
        flight.timeoutMs = timeoutMs;
        const { template, isEcho } = wanted;
        if (outcome !== "ok") end(outcome);
        else if (template === null) end("script");
        else this.#send(this.#member(index), { flight, template, isEcho, done: end });
      });
    if (this.#missing > 0) this.#held.push(go);
    else go();
  }

  #send(
    member: Member,
    o: { flight: Flight; template: JsonRecord; isEcho: boolean; done: Pending["done"] },
  ): void {
    const { clock, worker } = this.#context;
    const { flight, isEcho, done } = o;
    const seq = ++member.seq;
    const id = `${worker}-${member.index}-${seq}`;
    const text = fill(o.template, { room: member.room, id, text: this.#text });
    const nowMs = clock.monotonicMs();
    if (!isEcho) {
      this.#ledger.send(id, { room: member.room, sender: member.index, seq, nowMs });
      this.#deadline(() => this.#ledger.close(id));
    }
    flight.sendMs = nowMs;
    const isSent = this.#write(member, text);
    if (isSent && (isEcho || this.#dialect.ack !== null)) {
      const late = (): void => {
        member.pending.delete(id);
        done(timedOut(flight, "timeout_first_byte", this.#answerWithinMs));
      };
      member.pending.set(id, {
        flight,
        isEcho,
        timer: clock.after(this.#answerWithinMs, late),
        done,
      });
      return;
    }
    flight.doneMs = clock.monotonicMs();
    if (!isSent) this.#ledger.forget(id);
    done(isSent ? "ok" : "reset");
  }

  #answer(member: Member, id: string, nowMs: number): void {
    const pending = member.pending.get(id);
    if (pending === undefined) return;
    member.pending.delete(id);
    pending.timer.cancel();
    const { flight, isEcho, done } = pending;
    flight.firstByteMs = nowMs;
    flight.doneMs = nowMs;
    if (isEcho) this.#context.metric("ws_rtt", nowMs - flight.sendMs);
    done("ok");
  }

  #deadline(run: () => void): void {
    const timer = this.#context.clock.after(this.#o.deliverWithinMs ?? 5_000, () => {
      this.#deadlines.delete(timer);
      run();
    });
    this.#deadlines.add(timer);
  }
}
