import { createSseParser } from "@loadline/kit/sse";
import { isRecord } from "@loadline/kit/json";
import { Seen } from "../../clients/llm/dialect.ts";
import { dialects } from "../../clients/llm/llm-client.ts";

/** The generated text in a whole answer of a dialect, streamed or not; "" where there is none. */
export function generatedText(
  kind: keyof typeof dialects,
  body: string,
  isStream: boolean,
): string {
  const dialect = dialects[kind];
  const seen = new Seen(true);
  if (!isStream) {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return "";
    }
    return isRecord(value) && dialect.readBody(value, seen) ? seen.text : "";
  }
  let text = "";
  const parser = createSseParser({
    event(data, type) {
      seen.clear();
      dialect.readEvent(data, type, seen);
      text += seen.text;
    },
    // What was read so far is the text: the request's outcome tells of the fault.
    fail: () => undefined,
  });
  parser.feed(Buffer.from(body));
  return text;
}
