import type { Exchange } from "./client.ts";
import { wrongKey } from "./client.ts";

/** Longest body put on a command line. */
const argumentBytesMax = 2048;

/** The exchange as a curl argument list; the key is named, never shown. */
export function reproduce(exchange: Exchange, apiKeyEnv: string | undefined): string[] {
  const { request, url } = exchange;
  const argv = ["curl", "-sS", "-i"];
  if (request.method !== "GET") argv.push("-X", request.method);
  if (request.key === "wrong") argv.push("-H", `authorization: Bearer ${wrongKey}`);
  else if (request.key !== "none" && apiKeyEnv !== undefined) {
    argv.push("-H", `authorization: Bearer $${apiKeyEnv}`);
  }
  const body = request.body?.toString("utf8") ?? JSON.stringify(request.json);
  if (body !== undefined && (request.body !== undefined || request.json !== undefined)) {
    argv.push("-H", "content-type: application/json");
    if (body.length <= argumentBytesMax) argv.push("--data-binary", body);
    else argv.push("--data-binary", `@body-of-${body.length}-bytes.json`);
  }
  argv.push(url);
  return argv;
}
