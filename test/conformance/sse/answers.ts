import { createResponseParser } from "@loadline/kit/http1";
import type { Random } from "@loadline/kit/random";
import { createFlight, type Flight } from "../../../packages/validator/src/load/engine/flight.ts";
import type { AnswerReader } from "../../../packages/validator/src/load/clients/client.ts";
import { statusReader } from "../../../packages/validator/src/load/clients/http.ts";
import { dialectBodyReader } from "../../../packages/validator/src/load/clients/llm/body-reader.ts";
import { dialects } from "../../../packages/validator/src/load/clients/llm/llm-client.ts";
import { StreamReader } from "../../../packages/validator/src/load/clients/llm/stream-reader.ts";
import { McpReader } from "../../../packages/validator/src/load/clients/mcp/reader.ts";

/** Every reader of answers that a load client uses. */
export const readers: Readonly<Record<string, () => AnswerReader>> = {
  plain: () => statusReader(),
  mcp: () => new McpReader(1, () => "ok"),
  ...Object.fromEntries(
    Object.values(dialects).flatMap((dialect) => [
      [`${dialect.kind} stream`, () => new StreamReader(dialect, { countTokens: (t) => t.length })],
      [`${dialect.kind} body`, () => dialectBodyReader(dialect, { countTokens: (t) => t.length })],
    ]),
  ),
};

interface End {
  readonly outcome: string;
  readonly detail: string;
  readonly flight: Flight;
}

/** How an answer ends that comes in these pieces, the connection closed behind it. */
function endOf(make: () => AnswerReader, pieces: readonly Buffer[]): End {
  const flight = createFlight(0, 0, 0);
  const reader = make();
  const parser = createResponseParser();
  let [outcome, detail, ends, nowMs] = ["open", "", 0, 0];
  parser.start("POST", {
    head: (status, headers) => {
      flight.status = status;
      reader.head(flight, status, headers);
    },
    data: (chunk) => reader.data(flight, chunk, nowMs),
    end: () => {
      ends++;
      outcome = reader.end(flight, nowMs);
    },
    fail: (code, why) => {
      ends++;
      [outcome, detail] = [code, why];
    },
  });
  for (const piece of pieces) {
    nowMs++;
    parser.feed(Buffer.from(piece));
  }
  if (!parser.done) parser.eof();
  if (ends !== 1) throw new Error(`${ends} ends`);
  return { outcome, detail, flight };
}

/**
 * Any bytes are answered by exactly one end, the same however they are cut, and what was counted is
 * possible. Returns the outcome.
 */
export function checkAnswer(make: () => AnswerReader, bytes: Buffer, random: Random): string {
  const whole = endOf(make, [bytes]);
  const cuts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(40);
    cuts.push(bytes.subarray(at, at + size));
    at += size;
  }
  const cut = endOf(make, cuts);
  // What comes behind an answer is seen in its own read only.
  const surplus = whole.detail === "bytes after the end of the response";
  if (!surplus && cut.outcome !== whole.outcome) {
    throw new Error(
      `${whole.outcome} ${whole.detail} in one read, ${cut.outcome} ${cut.detail} in many`,
    );
  }
  const { flight } = cut;
  const isSane =
    flight.contentReads <= flight.contentEvents &&
    flight.eventsPerReadMax <= flight.contentEvents &&
    (flight.tokens === -1 || Number.isInteger(flight.tokens)) &&
    !(flight.lastContentMs < flight.firstContentMs) &&
    !(flight.gapMaxMs < 0);
  if (!isSane) throw new Error(`impossible counts: ${JSON.stringify(flight)}`);
  return whole.outcome;
}
