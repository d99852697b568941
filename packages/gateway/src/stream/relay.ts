import type { FailureClass } from "../upstream/upstream.ts";
import type { Attempt } from "./attempt.ts";
import { classifyChatEvent, type StreamEvent } from "./events.ts";
import { EventSplitter } from "./splitter.ts";

type State = "hold" | "open" | "finish" | "done";

export interface StreamRelayOptions {
  readonly attempt: Attempt;
  /** A clean end without `[DONE]` after the finish is complete. */
  readonly endIsOptional: boolean;
  /** A fault before anything was sent. */
  readonly onUncommitted: (failure: FailureClass, detail: string) => void;
  /** The end after something was sent; without a failure the stream was whole. */
  readonly onEnd: (failure: FailureClass | undefined, detail: string) => void;
}

const heldEventsMax = 64;
const heldBytesMax = 256 * 1024;
const eventBytesMax = 1024 * 1024;
const markerFrame = Buffer.from("data: [DONE]\n\n");

/**
 * The stream contract after a 2xx head. Nothing is sent before the first content.
 *
 * | event     | hold               | open             | finish          |
 * |-----------|--------------------|------------------|-----------------|
 * | preamble  | kept; full: commit | relay            | relay           |
 * | content   | commit -> open     | relay            | relay           |
 * | finish    | commit -> finish   | relay -> finish  | relay           |
 * | usage     | kept               | relay if asked   | relay if asked  |
 * | marker    | fault bad_body     | cut, not relayed | relay, done     |
 * | error     | fault              | cut, not relayed | cut, not relayed|
 * | end       | fault              | cut              | cut or optional |
 */
export class StreamRelay {
  readonly #o: StreamRelayOptions;
  readonly #splitter = new EventSplitter();
  #state: State = "hold";
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(o: StreamRelayOptions) {
    this.#o = o;
  }

  get isCommitted(): boolean {
    return this.#state !== "hold";
  }

  push(chunk: Buffer): void {
    const { bytes, ends } = this.#splitter.push(chunk);
    let start = 0;
    let sendFrom = 0;
    for (const end of ends) {
      const event = classifyChatEvent(bytes.toString("utf8", start, textEnd(bytes, end)));
      const verdict = this.#take(event);
      if (verdict !== "relay") {
        this.#send(bytes.subarray(sendFrom, start));
        sendFrom = end;
      }
      if (verdict === "fault") return this.#fault(event);
      if (verdict === "done") return this.#done(bytes.subarray(start, end));
      start = end;
    }
    this.#send(bytes.subarray(sendFrom, start));
    if (this.#splitter.heldBytes > eventBytesMax) this.fail("bad_event", "event over 1 MiB");
  }

  end(): void {
    if (this.#state === "finish" && this.#o.endIsOptional && this.#splitter.heldBytes === 0) {
      this.#done(markerFrame);
    } else this.fail("stream_cut", "ended without its end marker");
  }

  fail(failure: FailureClass, detail: string): void {
    if (this.#state === "done") return;
    const wasCommitted = this.isCommitted;
    this.#state = "done";
    if (wasCommitted) this.#o.onEnd(failure, detail);
    else this.#o.onUncommitted(failure, detail);
  }

  #take(event: StreamEvent): "relay" | "drop" | "fault" | "done" {
    const { x } = this.#o.attempt;
    if (event.usage) x.usage = event.usage;
    switch (event.kind) {
      case "comment":
        return "drop";
      case "error":
      case "unreadable":
        return "fault";
      case "marker":
        return this.#state === "finish" ? "done" : "fault";
      case "usage":
        return x.body?.wantsUsage ? "relay" : "drop";
      case "preamble":
        return "relay";
      case "content":
      case "finish":
        this.#commit(event.isFinish);
        return "relay";
    }
  }

  #commit(isFinish: boolean): void {
    if (this.#state === "hold") {
      this.#state = "open";
      this.#openClient();
    }
    if (isFinish) this.#state = "finish";
  }

  #openClient(): void {
    const { x, target } = this.#o.attempt;
    x.contentMs = this.#o.attempt.sinceStartMs();
    x.client.open(200, [
      "content-type",
      "text/event-stream; charset=utf-8",
      "cache-control",
      "no-cache, no-store",
      "x-request-id",
      x.id,
      "x-loadline-target",
      target.name,
      "x-loadline-attempts",
      String(x.attempts.length + 1),
    ]);
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) x.client.write(bytes);
  }

  #send(bytes: Buffer): void {
    if (bytes.length === 0 || this.#state === "done") return;
    if (this.#state !== "hold") {
      if (!this.#o.attempt.x.client.write(bytes)) this.#o.attempt.pause();
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#held.length > heldEventsMax || this.#heldBytes > heldBytesMax) this.#commit(false);
  }

  #fault(event: StreamEvent): void {
    if (event.kind === "error") this.fail("server", "an error event");
    else if (event.kind === "unreadable") this.fail("bad_event", "an unreadable event");
    else this.fail(this.isCommitted ? "stream_cut" : "bad_body", "end marker before the finish");
  }

  #done(lastBytes: Buffer): void {
    this.#state = "done";
    this.#o.attempt.x.client.end(lastBytes);
    this.#o.onEnd(undefined, "");
  }
}

/** End of an event's text: its blank line is left out. */
function textEnd(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && (bytes[at - 1] === 0x0a || bytes[at - 1] === 0x0d)) at--;
  return at;
}
