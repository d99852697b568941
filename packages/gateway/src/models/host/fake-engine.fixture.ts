import type { Token } from "node-llama-cpp";
import type { Engine, EngineSequence, GeneratedToken } from "./engine.ts";

export interface FakeEngine extends Engine {
  /** Tokens pulled so far, over all sequences. */
  readonly pulled: number;
  /** Lets every waiting and later generation go on. */
  open(): void;
  /** Resolves when this many generations have begun. */
  begun(count: number): Promise<void>;
}

export interface FakeOptions {
  readonly sequences: number;
  /** The answer's tokens; endless repetition of the last one when `isEndless`. */
  readonly answer: readonly string[];
  readonly isEndless?: boolean;
  /** Generation waits after this many tokens until `open`. */
  readonly waitAfter?: number;
  readonly contextTokens?: number;
  /** Default true. */
  readonly isEmbedder?: boolean;
}

/** An engine without a model: its answers are given, and it can be held in the middle of one. */
export function createFakeEngine(o: FakeOptions): FakeEngine {
  const gate = Promise.withResolvers<void>();
  const waiters: { count: number; resolve: () => void }[] = [];
  let pulled = 0;
  let begun = 0;
  const announce = (): void => {
    begun++;
    for (const waiter of waiters) if (begun >= waiter.count) waiter.resolve();
  };
  const sequence: EngineSequence = {
    async *generate(): AsyncGenerator<GeneratedToken> {
      announce();
      for (let i = 0; o.isEndless === true || i < o.answer.length; i++) {
        if (i === o.waitAfter) await gate.promise;
        pulled++;
        // A real token takes native time; the event loop turns meanwhile.
        await new Promise<void>((resolve) => setImmediate(resolve));
        yield { text: o.answer[Math.min(i, o.answer.length - 1)] ?? "", isEnd: false };
      }
      pulled++;
      yield { text: "", isEnd: true };
    },
  };
  return {
    sequences: Array.from({ length: o.sequences }, () => ({ ...sequence })),
    contextTokens: o.contextTokens ?? 64,
    isEmbedder: o.isEmbedder ?? true,
    render: (messages): Token[] => {
      const tokens: Token[] = [];
      tokens.length = messages.flatMap((message) => message.content.split(" ")).length;
      return tokens;
    },
    embed: (input) =>
      Promise.resolve(input.length > 16 ? undefined : { vector: [1, -0.5], tokens: input.length }),
    dispose: () => Promise.resolve(),
    get pulled() {
      return pulled;
    },
    open: () => gate.resolve(),
    begun(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (begun >= count) resolve();
      else waiters.push({ count, resolve });
      return promise;
    },
  };
}
