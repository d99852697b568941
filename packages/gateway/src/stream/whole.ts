import { Gathered } from "../body/gathered.ts";
import type { Attempt } from "./attempt.ts";
import type { Outlet } from "./outlet.ts";
import { outputTokensOf } from "./usage.ts";

const errorBytesMax = 65_536;

/**
 * The body of an answer that is no stream: the stream machine with one content event. It is held
 * whole, so a cut one can still fail over; a very large one passes at once.
 */
export class WholeAnswer {
  /** The head was a good one: this is an answer, not an error. */
  readonly isAnswer: boolean;
  readonly #attempt: Attempt;
  readonly #body = new Gathered();
  #bytes = 0;
  #heldBytes = 0;
  #outlet: Outlet | undefined;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
    this.isAnswer = attempt.state === "hold";
  }

  /** Output tokens by the length of what came. */
  get tokens(): number {
    return this.isAnswer ? outputTokensOf(this.#bytes) : 0;
  }

  push(chunk: Buffer): void {
    const attempt = this.#attempt;
    this.#bytes += chunk.length;
    if (this.#outlet) {
      this.#outlet.write(chunk, attempt);
      return;
    }
    if (!this.isAnswer) {
      if (this.#bytes > errorBytesMax) attempt.judgeHead(undefined);
      else this.#body.add(chunk);
      return;
    }
    const { settings, held } = attempt.host;
    this.#body.add(chunk);
    this.#heldBytes += chunk.length;
    held.total += chunk.length;
    const isFull = this.#bytes > settings.heldBytesMax || held.total > settings.heldBytesMaxTotal;
    if (!isFull) return;
    if (attempt.translation) {
      attempt.apply(attempt.step("marker"), "an answer too long to translate");
    } else this.#passAtOnce();
  }

  end(): void {
    const attempt = this.#attempt;
    if (!this.isAnswer) {
      attempt.judgeHead(this.bytes());
      return;
    }
    if (this.#outlet) {
      attempt.step("finish");
      attempt.apply(attempt.step("marker"), "");
      return;
    }
    const body = this.bytes();
    const answer = attempt.dialect.readAnswer(body);
    if (typeof answer === "string") {
      attempt.apply(attempt.step("marker"), answer);
      return;
    }
    const whole = attempt.translation ? attempt.translation.whole(body) : body;
    if (!whole) {
      attempt.apply(attempt.step("marker"), "an answer that cannot be translated");
      return;
    }
    attempt.step("finish");
    attempt.step("marker");
    attempt.whole(whole, answer.usage);
  }

  /** All that came so far. */
  bytes(): Buffer {
    return this.#body.bytes();
  }

  /** Gives back what it held. */
  release(): void {
    this.#attempt.host.held.total -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#body.release();
  }

  #passAtOnce(): void {
    const attempt = this.#attempt;
    attempt.step("hold_full");
    const outlet = attempt.commit();
    const pieces = this.#body.release();
    this.release();
    this.#outlet = outlet;
    for (const piece of pieces) outlet.write(piece, attempt);
  }
}
