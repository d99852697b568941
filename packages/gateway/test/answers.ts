import type { ServerResponse } from "node:http";

const oneToken = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

/** A whole answer of a chat as OpenAI's API gives it. */
export function completion(content = "hi", usage: object = oneToken): object {
  return {
    id: "x",
    object: "chat.completion",
    created: 1,
    model: "big",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage,
  };
}

/** Ends `response` with this status and body. */
export function endJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Value of one sample of a scrape; NaN when the series is not there. */
export function sampleIn(scrape: string, series: string): number {
  const line = scrape.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}
