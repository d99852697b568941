import type { Exchange, ProbeRequest } from "./client.ts";
import { wrongKey } from "./client.ts";

/** Longest body put on a command line. */
const argumentBytesMax = 2048;

/** Bodies of probes are JSON. A `$` of one came from elsewhere, such as a model's name: no variable. */
function bodyText({ body, json }: ProbeRequest): string | undefined {
  if (body === undefined && json === undefined) return undefined;
  const text = body?.toString("utf8") ?? JSON.stringify(json);
  return text.replaceAll("$", "\\u0024");
}

/** The exchange as a curl argument list; the key is named, never shown. */
export function reproduce(exchange: Exchange, apiKeyEnv: string | undefined): string[] {
  const { request, url } = exchange;
  const argv = ["curl", "-sS", "-i"];
  if (request.method !== "GET") argv.push("-X", request.method);
  if (request.key === "wrong") argv.push("-H", `authorization: Bearer ${wrongKey}`);
  else if (request.key !== "none" && apiKeyEnv !== undefined) {
    argv.push("-H", `authorization: Bearer $${apiKeyEnv}`);
  }
  const body = bodyText(request);
  if (body !== undefined) {
    argv.push("-H", "content-type: application/json");
    if (body.length <= argumentBytesMax) argv.push("--data-binary", body);
    else argv.push("--data-binary", `@body-of-${body.length}-bytes.json`);
  }
  argv.push(url);
  return argv;
}
