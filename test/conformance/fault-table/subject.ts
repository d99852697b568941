/** How targets stand behind one model of the gateway under examination. */
export type Variant =
  /** A, then B. */
  | "pair"
  /** The same with short timers; elsewhere no machine is slow enough to reach one. */
  | "timed"
  | "alone"
  /** A reached by TLS it does not speak, then B. */
  | "tls"
  /** A, B, then C. */
  | "triple"
  /** A, then B, cut streams go on at the next. */
  | "resume"
  /** A, then B, with comments before the first content. */
  | "keep-alive"
  /** A, then B, with breakers that open. */
  | "breaker";

export interface Endpoint {
  /** Base URL of the gateway, without path. */
  readonly url: string;
  readonly model: string;
  /** Sent with every request: credentials, routing. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A gateway under examination. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  /** Whether error codes and headers are Loadline's own, and are judged too. */
  readonly isLoadline: boolean;
  /** Undefined: this gateway cannot be set up so, and the row is not examined. */
  endpoint(variant: Variant): Endpoint | undefined;
  /** Its metrics, counted from its last `fresh`; absent: what it books is not examined. */
  metrics?(variant: Variant): Promise<string>;
  /** Forgets cooled keys and opened breakers behind a variant; absent: it cannot. */
  fresh?(variant: Variant): Promise<void>;
}
