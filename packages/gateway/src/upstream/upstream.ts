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
  /** No connection of our own was free in time: our limit, not the upstream's fault. */
  | "busy"
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
  "busy",
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
  /** The tracestate that belongs to it. */
  readonly tracestate?: string | undefined;
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
  /**
   * One chunk of a chunked body with its framing between `start` and `end`, its data from `from` to
   * two bytes before `end`, valid only during the call. True: taken, and no `data` follows for it.
   */
  wholeChunk?(bytes: Buffer, start: number, from: number, end: number): boolean;
  /** Around the calls for one read of more than one chunk. */
  gather?(isOn: boolean): void;
  end(): void;
  fail(failure: FailureClass, detail: string): void;
}

export interface UpstreamCall {
  /** Ends the call; the sink hears nothing after it. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** Whether a stream without its end marker is cut (`required`) or, after its finish, complete. */
export type EndRule = "required" | "optional" | "eof";

/** How a target differs from its provider's table. */
export interface TargetRules {
  /** Operations it serves; absent: all of the table. */
  readonly serves?: readonly UpstreamOperation[] | undefined;
  readonly end?: EndRule | undefined;
  /** Whether a stream can be asked for its usage. */
  readonly streamUsage?: boolean | undefined;
  /** What is done to the members of its requests, provider's rules included. */
  readonly params?: ParamRules | undefined;
  /** What becomes of a field that a translation cannot carry. */
  readonly unsupported?: "reject" | "drop" | undefined;
}

/** What is done to the top-level members of a request; applied in this order. */
export interface ParamRules {
  /** Only these stay; absent: all. */
  readonly keep?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  /** Numbers outside are set to the nearest bound. */
  readonly clamp?: Readonly<Record<string, NumberBounds>> | undefined;
  /** New names by old ones. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
}

export interface NumberBounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** One target's transport. */
export interface Upstream {
  call(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall;
  /** The credentials a call can choose from; empty when the target needs none. */
  readonly keys: readonly UpstreamKey[];
  /** Absent: the provider's table says it all. */
  readonly rules?: TargetRules | undefined;
  /** Whether a call can be tried now; false while a model loads. */
  isReady(): boolean;
  /** Calls it works on at once; absent: its settings name the connections, or there is no bound. */
  readonly callsMax?: number;
  /** True until `start`: it waits for a pool to need it. Absent: never a standby. */
  readonly isStandby?: boolean;
  /** Starts a standby; nothing happens when it runs. */
  start?(): void;
  close(): Promise<void>;
}
