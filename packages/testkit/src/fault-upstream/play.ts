import type { Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { completionOf, deltaOf, errorText, eventOf, usageOf, wordOf } from "./answers.ts";
import type { Behaviour, Step } from "./behaviours.ts";

export interface Play {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly letter: string;
  readonly request: string;
  readonly behaviour: Behaviour;
}

type BodyStep = Exclude<
  Step,
  { readonly do: "head" | "raw" | "drip" | "wait" | "end" | "fin" | "rst" }
>;

const chunksPerAnswer = 12;
const types = { json: "application/json", sse: "text/event-stream", html: "text/html" } as const;

/** Does the behaviour's steps for one request, one after the other. */
export function play(o: Play): void {
  const isStream = /"stream": ?true/.test(o.request);
  const steps = isStream ? o.behaviour.stream : (o.behaviour.plain ?? o.behaviour.stream);
  new Player(o).run(steps, 0);
}

class Player {
  readonly #o: Play;
  #isChunked = true;
  #contents = 0;

  constructor(o: Play) {
    this.#o = o;
  }

  run(steps: readonly Step[], from: number): void {
    for (let at = from; at < steps.length; at++) {
      const step = steps[at];
      if (!step || this.#o.socket.destroyed) return;
      if (step.do === "wait") {
        this.#o.clock.after(step.ms, () => this.run(steps, at + 1));
        return;
      }
      if (step.do === "content" && step.gapMs !== undefined && step.count > 1) {
        this.#content();
        const rest = [{ ...step, count: step.count - 1 }, ...steps.slice(at + 1)];
        this.#o.clock.after(step.gapMs, () => this.run(rest, 0));
        return;
      }
      this.#act(step);
    }
  }

  #act(step: Exclude<Step, { do: "wait" }>): void {
    const { socket } = this.#o;
    if (step.do === "head") this.#head(step);
    else if (step.do === "raw") socket.write(step.text);
    else if (step.do === "drip") this.#drip(step.text, 0);
    else if (step.do === "end") {
      if (this.#isChunked) socket.write("0\r\n\r\n");
    } else if (step.do === "fin") socket.end();
    else if (step.do === "rst") socket.resetAndDestroy();
    else this.#write(step);
  }

  /** The steps that are bytes of the body. */
  #write(step: BodyStep): void {
    switch (step.do) {
      case "preamble":
        this.#body(deltaOf({ role: "assistant", content: "" }));
        break;
      case "content":
        for (let i = 0; i < step.count; i++) this.#content();
        break;
      case "finish":
        this.#body(deltaOf({}, "stop"));
        break;
      case "usage":
        if (/"include_usage": ?true/.test(this.#o.request))
          this.#body(eventOf([], { usage: usageOf(this.#contents) }));
        break;
      case "done":
        this.#body("data: [DONE]\n\n");
        break;
      case "body":
        this.#body(step.text.replace("{error}", errorText));
        break;
      case "large":
        this.#body(deltaOf({ content: "x".repeat(step.bytes) }));
        break;
      case "answer":
        this.#answer(step);
        break;
    }
  }

  #head(step: Extract<Step, { do: "head" }>): void {
    this.#isChunked = step.length === undefined;
    const lines = [`HTTP/1.1 ${step.status} Planned`, `content-type: ${types[step.type]}`];
    const more = step.more ?? [];
    for (let i = 0; i < more.length; i += 2) lines.push(`${more[i] ?? ""}: ${more[i + 1] ?? ""}`);
    lines.push(this.#isChunked ? "transfer-encoding: chunked" : `content-length: ${step.length}`);
    this.#o.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  }

  #content(): void {
    this.#body(deltaOf({ content: wordOf(this.#o.letter, this.#contents++) }));
  }

  #answer(step: Extract<Step, { do: "answer" }>): void {
    const whole = completionOf(this.#o.letter, chunksPerAnswer, step.hasUsage !== false);
    this.#body(whole.slice(0, Math.ceil(whole.length * (step.share ?? 1))));
  }

  #body(text: string): void {
    const size = Buffer.byteLength(text).toString(16);
    this.#o.socket.write(this.#isChunked ? `${size}\r\n${text}\r\n` : text);
  }

  #drip(text: string, at: number): void {
    if (this.#o.socket.destroyed || at >= text.length) return;
    this.#o.socket.write(text.charAt(at));
    this.#o.clock.after(1000, () => this.#drip(text, at + 1));
  }
}
