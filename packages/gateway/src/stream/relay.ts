import { choicesOf, outputBoundOf } from "../body/request.ts";
import { plainEvents, type StreamEvent } from "../dialects/events.ts";
import { laterUsage } from "../dialects/usage.ts";
import { isTooDeep } from "../translate/depth.ts";
import { classifyReported, reportsTooLong } from "../upstream/classify.ts";
import type { Attempt } from "./attempt.ts";
import { EventMemory } from "./event-memory.ts";
import type { StreamCell, StreamInput } from "./machine.ts";
import type { Outlet } from "./outlet.ts";
import { EventSplitter } from "./splitter.ts";
import { Received, spokenBytes } from "./usage.ts";

const heldEventsMax = 64;
const heldBytesMax = 256 * 1024;
const eventBytesMax = 1024 * 1024;
const boundFactor = 1.25;
const boundSlackTokens = 64;
/** Of an event that comes in a chunk of its own. */
const blankLineBytes = 2;
const noBytes = Buffer.alloc(0);
const never = Number.POSITIVE_INFINITY;

/** Cuts an upstream's stream into events, asks the machine about each and passes on what it says. */
export class StreamRelay {
  readonly received = new Received();
  readonly #attempt: Attempt;
  readonly #splitter = new EventSplitter();
  readonly #memory: EventMemory;
  #outlet: Outlet | undefined;
  #held: Buffer[] = [];
  #heldEvents = 0;
  #heldBytes = 0;
  /** Output tokens beyond which the upstream disregards the request's bound. */
  readonly #tokensMax: number;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
    this.#memory = new EventMemory(attempt.dialect.textKeys);
    const { body, lease } = attempt.host.x;
    const bound = body ? outputBoundOf(body) || (lease?.outputBound ?? 0) : 0;
    const choices = body ? choicesOf(body) : 1;
    this.#tokensMax = bound > 0 ? bound * choices * boundFactor + boundSlackTokens : never;
  }

  push(chunk: Buffer): void {
    const { bytes, ends } = this.#splitter.push(chunk);
    let start = 0;
    /** Start of the run of events that is passed on in one piece. */
    let from = 0;
    for (const end of ends) {
      const isPassed = this.#take(bytes, start, end, from);
      if (this.#attempt.isOver) return;
      if (!isPassed) from = end;
      start = end;
    }
    this.#send(bytes.subarray(from, start));
    if (this.#splitter.heldBytes > eventBytesMax) this.#stop("unreadable", "an event over 1 MiB");
  }

  /** Whether a chunk may be passed on in its framing, when it is a known event. */
  get takesWhole(): boolean {
    const { host, state, translation } = this.#attempt;
    return (
      this.#outlet?.takesChunks === true &&
      state === "open" &&
      translation === undefined &&
      host.sentText === undefined &&
      this.#splitter.heldBytes === 0
    );
  }

  /** Whether a chunk's data is one event that is content as before. */
  isKnown(framed: string, from: number, to: number): boolean {
    return this.#memory.knowsWhole(framed, from, to);
  }

  /** Passes on a chunk with its framing whose data is one known event. */
  pushWhole(framed: string, from: number, to: number): void {
    const attempt = this.#attempt;
    this.received.add(to - from - blankLineBytes - this.#memory.frameBytes);
    const input = this.#inputOf(plainEvents.content);
    const cell = attempt.step(input);
    if (this.#isKept(cell)) this.#outlet?.writeChunk(framed, attempt);
    else this.#leaveOut(cell, input, noBytes, Buffer.from(framed.slice(from, to), "latin1"));
  }

  end(): void {
    const attempt = this.#attempt;
    const { provider, upstream } = attempt.target;
    const isOptional = (upstream.rules?.end ?? provider.end) !== "required";
    const isClean = this.#splitter.heldBytes === 0;
    const input = isOptional && isClean ? "clean_end_optional" : "clean_end";
    const cell = attempt.step(input);
    if (cell.action === "append") {
      attempt.last = attempt.translation?.end() ?? attempt.dialect.endMarker;
    }
    attempt.apply(cell, "ended without its end marker");
  }

  /** Whether the event goes out with the run that began at `from`; else the run was sent. */
  #take(bytes: Buffer, start: number, end: number, from: number): boolean {
    const attempt = this.#attempt;
    const to = textEnd(bytes, end);
    const text = bytes.toString("utf8", start, to);
    const isLong = end - start > eventBytesMax;
    const isUnreadable = isLong || (attempt.translation !== undefined && isTooDeep(text));
    const event = isUnreadable ? undefined : this.#classify(text, to - start);
    if (event?.usage) attempt.usage = laterUsage(attempt.usage, event.usage);
    const isContent = event?.kind === "content";
    const input = event ? this.#inputOf(event) : "unreadable";
    if (input === "marker" && event?.isFinish) this.#finishFirst();
    const cell = attempt.step(input);
    if (!this.#isKept(cell)) {
      this.#leaveOut(cell, input, bytes.subarray(from, start), bytes.subarray(start, end));
      return false;
    }
    if (isContent) attempt.host.sentText?.add(text);
    if (!attempt.translation) return true;
    this.#send(attempt.translation.event(text));
    return false;
  }

  /** What the event is; the text of content is counted. */
  #classify(text: string, size: number): StreamEvent {
    const { dialect } = this.#attempt;
    if (this.#memory.knows(text, 0, text.length)) {
      this.received.add(size - this.#memory.frameBytes);
      return plainEvents.content;
    }
    const event = dialect.classify(text);
    if (event.kind === "content")
      this.received.add(event.spokenBytes ?? spokenBytes(text, dialect.spokenKeys));
    if (event === plainEvents.content) this.#memory.learn(text);
    return event;
  }

  /** The end marker of some dialects also says that the answer is finished. */
  #finishFirst(): void {
    const attempt = this.#attempt;
    if (attempt.state !== "finish" && attempt.step("finish").action === "commit") this.#commit();
  }

  /** Whether an event is for the client, now or with the first content. */
  #isKept(cell: StreamCell): boolean {
    if (cell.action === "commit") this.#commit();
    else if (cell.action === "relay") this.#attempt.relayed(cell.to);
    // A continued answer has its preamble already.
    else if (cell.action !== "keep" || this.#attempt.isResume) return false;
    else this.#heldEvents++;
    return true;
  }

  /** An event that is not passed on as it is, after the run before it. */
  #leaveOut(cell: StreamCell, input: StreamInput, run: Buffer, event: Buffer): void {
    const attempt = this.#attempt;
    if (cell.action !== "next") this.#send(run);
    if (cell.action === "end") attempt.last = attempt.translation?.end() ?? event;
    const rules = attempt.target.provider.errors ?? [];
    const failure = input === "error" ? classifyReported(rules, event) : undefined;
    const isTooLong = failure === "caller" && reportsTooLong(event);
    attempt.apply(cell, detailOf(input), failure, isTooLong);
  }

  #inputOf(event: StreamEvent): StreamInput {
    if (event.kind === "usage") {
      const { host, translation } = this.#attempt;
      return host.x.body?.wantsUsage || translation ? "preamble" : "comment";
    }
    // The first content commits however long it is; only what comes after it can be cut.
    const isHeld = this.#attempt.state === "hold";
    if (!isHeld && this.received.tokensSure > this.#tokensMax) return "over_bound";
    return event.isFinish && event.kind !== "marker" ? "finish" : event.kind;
  }

  #commit(): void {
    const held = this.#held;
    this.#held = [];
    this.#outlet = this.#attempt.commit();
    for (const bytes of held) this.#outlet.write(bytes, this.#attempt);
  }

  #send(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#outlet) {
      this.#outlet.write(bytes, this.#attempt);
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldEvents <= heldEventsMax && this.#heldBytes <= heldBytesMax) return;
    this.#attempt.step("hold_full");
    this.#commit();
  }

  #stop(input: StreamInput, detail: string): void {
    this.#attempt.apply(this.#attempt.step(input), detail);
  }
}

/** End of an event's text: its blank line is left out. */
function textEnd(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && (bytes[at - 1] === 0x0a || bytes[at - 1] === 0x0d)) at--;
  return at;
}

function detailOf(input: StreamInput): string {
  if (input === "error") return "an error event";
  if (input === "unreadable") return "an unreadable event";
  if (input === "over_bound") return "more output than the request allowed";
  return "end marker before the finish";
}
