import { createReadStream } from "node:fs";
import { codeOf } from "@loadline/kit/errors";
import { NothingThere, WireFault } from "./fault.ts";

const lineCharactersMax = 4 * 1024 * 1024;

/** What two pieces of one line share: a match that a border cuts is whole in the second. */
const overlapCharacters = 4096;

/** Lines of a file that stand together. */
export interface LineBatch {
  /** Number of the first of them, from 1. */
  readonly first: number;
  readonly lines: readonly string[];
}

/**
 * A file from its beginning to its end, as lines; one longer than 4 Mi characters comes in pieces
 * that share 4,096 characters.
 * @throws WireFault for a file that cannot be read, NothingThere when the signal comes before its end.
 */
export async function* lineBatches(path: string, signal: AbortSignal): AsyncGenerator<LineBatch> {
  const source = createReadStream(path, { encoding: "utf8", highWaterMark: 1_048_576 });
  let first = 1;
  let rest = "";
  try {
    for await (const chunk of source) {
      if (signal.aborted) throw new NothingThere(`${path} is larger than the time of one check.`);
      const lines = `${rest}${String(chunk)}`.split(/\r?\n/);
      rest = lines.pop() ?? "";
      if (lines.length > 0) yield { first, lines };
      first += lines.length;
      if (rest.length <= lineCharactersMax) continue;
      yield { first, lines: [rest] };
      rest = rest.slice(-overlapCharacters);
    }
  } catch (error) {
    if (error instanceof NothingThere) throw error;
    const why = codeOf(error);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  }
  if (rest !== "") yield { first, lines: [rest] };
}
