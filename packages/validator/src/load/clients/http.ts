import { encodeRequest } from "@loadline/kit/http1";
import { withOwn } from "../engine/target-base.ts";
import type { HttpLoadRequest } from "../types.ts";
import { type AnswerReader, type LoadClient, statusOutcome } from "./client.ts";

/** Plain requests: the same bytes each time, the answer judged by its status. */
export function createHttpClient(
  r: HttpLoadRequest,
  base: { path: string; headers: readonly string[] },
): LoadClient {
  const bytes = encodeRequest({
    method: r.method,
    path: `${base.path}${r.path}`,
    headers: withOwn(base.headers, Object.entries(r.headers ?? {}).flat()),
    ...(r.body !== undefined && { body: Buffer.from(r.body) }),
  });
  const reader = statusReader(r.expectStatus);
  return {
    method: r.method,
    bytes: () => bytes,
    reader: () => reader,
    firstByteMs: 30_000,
    totalMs: 120_000,
  };
}

/**
 * Judges an answer by its status, accepted 200..299 by default: no redirect is followed, so one to a
 * login page is no answer of the route. Without state: one for all.
 */
export function statusReader(expected?: readonly number[]): AnswerReader {
  const accepts = (status: number): boolean =>
    expected === undefined ? status >= 200 && status < 300 : expected.includes(status);
  return {
    head: () => {},
    data: () => {},
    skipsData: true,
    end: (flight) => (accepts(flight.status) ? "ok" : statusOutcome(flight.status)),
  };
}
