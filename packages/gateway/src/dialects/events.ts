import { parseJson } from "@loadline/kit/json";
import type { Usage } from "../pipeline/exchange.ts";

/** What one server-sent event is to the stream machine. */
export type EventKind =
  | "preamble"
  | "content"
  | "finish"
  | "usage"
  | "marker"
  | "error"
  | "comment"
  | "unreadable";

export interface StreamEvent {
  readonly kind: EventKind;
  /** The event also says that the answer is finished. */
  readonly isFinish: boolean;
  readonly usage?: Usage;
  /** Bytes of the model's output in it, where they are not those of the dialect's spoken members. */
  readonly spokenBytes?: number;
}

/** The events that carry nothing but their kind, shared so that none is made per chunk. */
export const plainEvents = {
  preamble: { kind: "preamble", isFinish: false },
  content: { kind: "content", isFinish: false },
  lastContent: { kind: "content", isFinish: true },
  finish: { kind: "finish", isFinish: true },
  marker: { kind: "marker", isFinish: false },
  /** Finish and end marker in one event. */
  terminal: { kind: "marker", isFinish: true },
  error: { kind: "error", isFinish: false },
  comment: { kind: "comment", isFinish: false },
  unreadable: { kind: "unreadable", isFinish: false },
} as const satisfies Readonly<Record<string, StreamEvent>>;

/** The data lines of an event joined; undefined when it has none. */
export function dataOf(text: string): string | undefined {
  if (text.startsWith("data: ") && !text.includes("\n")) return text.slice(6);
  let data: string | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (!line.startsWith("data:")) continue;
    const part = line.charCodeAt(5) === 0x20 ? line.slice(6) : line.slice(5);
    data = data === undefined ? part : `${data}\n${part}`;
  }
  return data;
}

/**
 * Whether an event says by its name that it is an error, whatever its data looks like. With the flag
 * `m` a line would also begin after U+2028, which a model's text may hold.
 */
export function isErrorEvent(text: string): boolean {
  return text.includes("event:") && /(?:^|[\r\n])event: ?error(?=[\r\n]|$)/.test(text);
}

/** The data of an event as JSON; undefined when it is none. */
export function eventJson(text: string): unknown {
  const data = dataOf(text);
  return data === undefined ? undefined : parseJson(data);
}
