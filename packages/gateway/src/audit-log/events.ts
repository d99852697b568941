/** One thing that happened and must stay on record; prompts and answers are never part of it. */
export interface AuditEvent {
  /** What several processes may see of one happening: the first of this name is kept; default: each. */
  readonly once?: string;
  readonly tenant: string;
  readonly actor: {
    readonly id: string;
    readonly kind: string;
    readonly via: string;
    readonly credential: string;
  };
  /** Such as `key.created`, `auth.denied`, `breaker.opened`, `stream.resumed`. */
  readonly action: string;
  readonly object: { readonly type: string; readonly id: string };
  readonly outcome: "ok" | "denied" | "failed";
  readonly code?: string;
  readonly ip?: string;
  readonly requestId?: string;
  readonly surface?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Where events of the data plane go: queued and bounded, never awaited on the hot path. */
export interface AuditSink {
  record(event: AuditEvent): void;
  /** False while entries cannot be kept: the data plane refuses with LL_AUDITLOG_FULL. */
  isAccepting(): boolean;
}
