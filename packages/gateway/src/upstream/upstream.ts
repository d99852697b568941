/** Why an attempt gave no usable answer. */
export type FailureClass =
  | "connect"
  | "timeout"
  | "reset"
  | "protocol"
  | "bad_body"
  | "bad_event"
  | "stream_cut"
  | "stall"
  | "server"
  | "overloaded"
  | "misconfigured"
  | "rate_limited"
  | "key"
  | "caller"
  | "aborted";

export const failureClasses: readonly FailureClass[] = [
  "connect",
  "timeout",
  "reset",
  "protocol",
  "bad_body",
  "bad_event",
  "stream_cut",
  "stall",
  "server",
  "overloaded",
  "misconfigured",
  "rate_limited",
  "key",
  "caller",
  "aborted",
];

/** One credential of a target; `headers` is the flat list that carries it. */
export interface UpstreamKey {
  /** Names the key in metrics and logs; never the secret. */
  readonly id: string;
  readonly headers: readonly string[];
}

/** What an upstream is asked; `probe` is a cheap GET without a body. */
export type UpstreamOperation =
  | "chat"
  | "completions"
  | "embeddings"
  | "responses"
  | "messages"
  | "generate"
  | "probe";

export interface UpstreamRequest {
  readonly operation: UpstreamOperation;
  readonly body: Buffer;
  readonly isStream: boolean;
  /** A W3C traceparent to pass on. */
  readonly traceparent: string | undefined;
  /** The credential of this call; the target's first when absent. */
  readonly key?: UpstreamKey | undefined;
  /** Flat list of further headers of this call, such as the API version the client asked for. */
  readonly headers?: readonly string[] | undefined;
}

/** Takes one answer; `end` or `fail` comes once and last. */
export interface UpstreamSink {
  /** Flat list of lower-case names and values. */
  head(status: number, headers: readonly string[]): void;
  data(chunk: Buffer): void;
  end(): void;
  fail(failure: FailureClass, detail: string): void;
}

export interface UpstreamCall {
  /** Ends the call; the sink hears nothing after it. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** One target's transport. */
export interface Upstream {
  call(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall;
  /** The credentials a call can choose from; empty when the target needs none. */
  readonly keys: readonly UpstreamKey[];
  /** Whether a call can be tried now; false while a model loads. */
  isReady(): boolean;
  close(): Promise<void>;
}
