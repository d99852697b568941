import type { Clock, Timer } from "@loadline/kit/clock";
import type { Dispatcher } from "undici";
import { codeOf } from "@loadline/kit/errors";
import { type AnswerRules, isRedirect } from "../../egress/answer-rules.ts";
import type { FailureClass, UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream.ts";
import { Decoder } from "./decoder.ts";
import type { Carried, Carrier } from "./dispatcher.ts";
import { classifyError, isDeath, type Progress } from "./fault.ts";
import type { Entrant } from "./gate.ts";

type Controller = Dispatcher.DispatchController;
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

const interimHeadsMax = 8;
const tooLarge = "the answer is over its bound";

/** What a call needs of its target. */
export interface CallTarget {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly answers: AnswerRules;
  /** Puts it on a connection. */
  dispatch(call: UndiciCall): void;
  /** It gives its place back. */
  leave(call: UndiciCall): void;
  /** It waits for a place no longer. */
  drop(call: UndiciCall): void;
}

/** One request on its way through undici: waiting, then sent, then over. */
export class UndiciCall implements UpstreamCall, Entrant, Carried {
  readonly request: UpstreamRequest;
  readonly #target: CallTarget;
  readonly #sink: UpstreamSink;
  #controller: Controller | undefined;
  #carrier: Carrier | undefined;
  #decoder: Decoder | undefined;
  #connectTimer: Timer | undefined;
  #interim = 0;
  #isReused = false;
  #isRetried = false;
  #progress: Progress = "unsent";
  #hasAnswer = false;
  #isPaused = false;
  #isFull = false;
  #isOver = false;
  #hasBegun = false;
  #hasLeft = false;
  /** Bytes that may still come, and be decoded. */
  #bytesLeft: number;
  #decodedLeft: number;

  constructor(target: CallTarget, request: UpstreamRequest, sink: UpstreamSink) {
    this.request = request;
    this.#target = target;
    this.#sink = sink;
    const { bodyBytesMax, decodedBytesMax } = target.answers;
    this.#bytesLeft = request.isStream ? Number.POSITIVE_INFINITY : bodyBytesMax;
    this.#decodedLeft = request.isStream ? Number.POSITIVE_INFINITY : decodedBytesMax;
  }

  begin(): void {
    this.#hasBegun = true;
    this.#send();
  }

  refuse(why: string): void {
    this.#fail("busy", why);
  }

  shut(): void {
    this.#fail("aborted", "the target was closed");
  }

  abort(): void {
    if (this.#isOver) return;
    if (!this.#hasBegun) this.#target.drop(this);
    this.#close();
    this.#controller?.abort(new Error("the call was ended"));
  }

  pause(): void {
    this.#isPaused = true;
    this.#controller?.pause();
    this.#decoder?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#decoder?.resume();
    if (!this.#isFull) this.#controller?.resume();
  }

  /** It never got as far as a connection. */
  lost(failure: FailureClass, detail: string): void {
    this.#leave();
    this.#fail(failure, detail);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  onCarrier(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  onRequestStart(controller: Controller): void {
    this.#connectTimer?.cancel();
    this.#controller = controller;
    // Only now: the connection it was given to may have been opened anew since.
    this.#isReused = (this.#carrier?.answers ?? 0) > 0;
    this.#progress = "sent";
    // It was ended while it waited for the connection.
    if (this.#isOver) controller.abort(new Error("the call was ended"));
    else if (this.#isPaused) controller.pause();
  }

  onResponseStarted(): void {
    this.#hasAnswer = true;
  }

  onResponseStart(controller: Controller, status: number, headers: Headers): void {
    if (this.#isOver) return;
    if (status < 200) {
      if (++this.#interim > interimHeadsMax) this.#break(controller, "too many interim heads");
      return;
    }
    if (isRedirect(status)) this.#target.answers.refused("redirect");
    const coding = [headers["content-encoding"] ?? []].flat().join(", ");
    if (coding !== "" && coding.toLowerCase() !== "identity") {
      this.#decoder = this.#decoderOf(coding, controller);
      if (!this.#decoder) {
        this.#break(controller, `content coding ${coding}, which nobody asked for`);
        return;
      }
      if (this.#isPaused) this.#decoder.pause();
    }
    this.#progress = "answered";
    this.#sink.head(status, listOf(headers, this.#decoder !== undefined));
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft < 0) this.#tooLarge(controller);
    else if (this.#decoder) this.#decoder.push(chunk);
    else this.#sink.data(chunk);
  }

  onResponseEnd(): void {
    if (this.#carrier) this.#carrier.answers++;
    this.#leave();
    if (this.#isOver) return;
    if (this.#decoder) this.#decoder.end();
    else this.#finish();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#isOver) {
      this.#leave();
      return;
    }
    if (this.#isReused && !this.#hasAnswer && !this.#isRetried && isDeath(error)) {
      this.#isRetried = true;
      this.#controller = undefined;
      this.#progress = "unsent";
      this.#send();
      return;
    }
    this.#leave();
    const failure = classifyError(error, this.#progress);
    const detail = `${codeOf(error, error.name)}: ${error.message}`;
    if (this.#decoder) this.#decoder.cut(() => this.#fail(failure, detail));
    else this.#fail(failure, detail);
  }

  #send(): void {
    const { clock, connectTimeoutMs } = this.#target;
    const late = (): void => this.#fail("timeout", `not connected after ${connectTimeoutMs} ms`);
    this.#connectTimer = clock.after(connectTimeoutMs, late, { unref: true });
    this.#target.dispatch(this);
  }

  #decoderOf(coding: string, controller: Controller): Decoder | undefined {
    return Decoder.of(coding, {
      data: (chunk) => {
        this.#decodedLeft -= chunk.length;
        if (this.#decodedLeft < 0) this.#tooLarge(controller);
        else this.#sink.data(chunk);
      },
      end: () => this.#finish(),
      fail: (detail) => this.#break(controller, `content coding ${coding}: ${detail}`),
      full: () => {
        this.#isFull = true;
        controller.pause();
      },
      drained: () => {
        this.#isFull = false;
        if (!this.#isPaused) controller.resume();
      },
    });
  }

  /** The answer is none: its connection is not used again. */
  #break(controller: Controller, detail: string): void {
    this.#fail("protocol", detail);
    controller.abort(new Error(detail));
  }

  #tooLarge(controller: Controller): void {
    this.#target.answers.refused("size");
    this.#fail("bad_body", tooLarge);
    controller.abort(new Error(tooLarge));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#close();
    this.#sink.end();
  }

  #fail(failure: FailureClass, detail: string): void {
    if (this.#isOver) return;
    this.#close();
    this.#sink.fail(failure, detail);
  }

  #close(): void {
    this.#isOver = true;
    this.#connectTimer?.cancel();
    this.#decoder?.destroy();
  }

  /** undici is done with it: only now another may have its place. */
  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#target.leave(this);
  }
}

const framing = new Set(["content-encoding", "content-length"]);

/** Flat; a decoded answer has neither its coding nor its length. */
function listOf(headers: Headers, isDecoded: boolean): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || (isDecoded && framing.has(name))) continue;
    for (const one of Array.isArray(value) ? value : [value]) list.push(name, one);
  }
  return list;
}
