/**
 * Server-sent events, read incrementally from bytes: line ends CR, LF or CRLF, comments, `data:`
 * with or without a space, a character or an event split over reads.
 *
 * ```ts
 * const parser = createSseParser({ event: (data, type) => use(data), fail: (why) => stop(why) });
 * parser.feed(chunk);
 * ```
 */
export { createSseParser } from "./sse.ts";
export type { SseParser, SseSink } from "./sse.ts";
