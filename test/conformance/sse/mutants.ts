import type { AnswerReader } from "../../../packages/validator/src/load/clients/client.ts";
import type { Dialect } from "../../../packages/validator/src/load/clients/llm/dialect.ts";
import { dialects } from "../../../packages/validator/src/load/clients/llm/llm-client.ts";
import { StreamReader } from "../../../packages/validator/src/load/clients/llm/stream-reader.ts";
import type { MakeReader } from "./play.ts";
import type { DialectName } from "./words.ts";

/** The parser of the product. */
export function genuine(name: DialectName): MakeReader {
  return (gap) => new StreamReader(dialects[name], { gap });
}

/** A parser with one mistake, and the trap that must find it. */
export interface Mutant {
  readonly name: string;
  /** Part of the name of a trap it must fail, in `chat`. */
  readonly trap: string;
  make(name: DialectName): MakeReader;
}

const reading =
  (readEvent: (own: Dialect, ...event: Parameters<Dialect["readEvent"]>) => void) =>
  (name: DialectName): MakeReader => {
    const own = dialects[name];
    const dialect: Dialect = {
      ...own,
      readEvent: (data, type, seen) => readEvent(own, data, type, seen),
    };
    return (gap) => new StreamReader(dialect, { gap });
  };

const ending =
  (
    end: (
      own: AnswerReader,
      ...at: Parameters<AnswerReader["end"]>
    ) => ReturnType<AnswerReader["end"]>,
  ) =>
  (name: DialectName): MakeReader =>
  (gap) => {
    const own = new StreamReader(dialects[name], { gap });
    return {
      head: (flight, status, headers) => own.head(flight, status, headers),
      data: (flight, chunk, nowMs) => own.data(flight, chunk, nowMs),
      end: (flight, nowMs) => end(own, flight, nowMs),
    };
  };

const firstChoice = (data: string): string =>
  data.replace(/\{"index":0,"delta":\{\}\},\{"index":1.*?\}\}/, '{"index":0,"delta":{}}');

/** The mistakes of load.md section 14, and those that load tools are known for. */
export const mutants: readonly Mutant[] = [
  {
    name: "counts the chunk of a role as content",
    trap: "a role and an empty delta",
    make: reading((own, data, type, seen) => {
      own.readEvent(data, type, seen);
      if (seen.answer && seen.content === "none") seen.mark("role", "output");
    }),
  },
  {
    name: "reads the first choice only",
    trap: "second choice only",
    make: reading((own, data, type, seen) => own.readEvent(firstChoice(data), type, seen)),
  },
  {
    name: "assumes an end marker",
    trap: "no end marker",
    make: ending((own, flight, nowMs) => {
      const outcome = own.end(flight, nowMs);
      return outcome === "stream_truncated" ? "ok" : outcome;
    }),
  },
  {
    name: "counts events as tokens",
    trap: "many tokens in one event",
    make: ending((own, flight, nowMs) => {
      const outcome = own.end(flight, nowMs);
      flight.tokens = flight.contentEvents;
      return outcome;
    }),
  },
  {
    name: "counts events as tokens where usage is absent",
    trap: "usage absent",
    make: ending((own, flight, nowMs) => {
      const outcome = own.end(flight, nowMs);
      if (flight.tokens < 0) flight.tokens = flight.contentEvents;
      return outcome;
    }),
  },
  {
    name: "takes the first byte for the first token",
    trap: "a role and an empty delta",
    make: ending((own, flight, nowMs) => {
      flight.firstContentMs = flight.firstByteMs;
      return own.end(flight, nowMs);
    }),
  },
  {
    name: "takes the end of the connection for the end of the message",
    trap: "content behind the end marker",
    make: ending((own, flight, nowMs) => {
      const outcome = own.end(flight, nowMs);
      flight.doneMs = nowMs;
      return outcome;
    }),
  },
  {
    name: "overlooks reasoning",
    trap: "reasoning before text",
    make: reading((own, data, type, seen) => {
      own.readEvent(data, type, seen);
      if (seen.content === "reasoning") seen.content = "none";
    }),
  },
  {
    name: "takes reasoning for output",
    trap: "reasoning before text",
    make: reading((own, data, type, seen) => {
      own.readEvent(data, type, seen);
      if (seen.content === "reasoning") seen.content = "output";
    }),
  },
  {
    name: "overlooks tool calls",
    trap: "tool's name and arguments",
    make: reading((own, data, type, seen) => {
      own.readEvent(data.replace("tool_calls", "tools"), type, seen);
    }),
  },
  {
    name: "keeps the first usage",
    trap: "usage told cumulatively",
    make: (name) => (gap) => {
      const own = dialects[name];
      let told = -1;
      const dialect: Dialect = {
        ...own,
        readEvent: (data, type, seen) => {
          own.readEvent(data, type, seen);
          if (told >= 0) seen.tokens = told;
          else told = seen.tokens;
        },
      };
      return new StreamReader(dialect, { gap });
    },
  },
  {
    name: "overlooks an error after 200",
    trap: "an error after 200, then an end marker",
    make: reading((own, data, type, seen) => {
      own.readEvent(data, type, seen);
      seen.fault = "none";
    }),
  },
];
