/** Times and bounds of streams; ms and bytes. */
export interface StreamSettings {
  /** Silence towards the client after which a comment is sent. */
  readonly keepAliveMs: number;
  /** Whether a comment may be sent before the first content, and with it the status. */
  readonly isKeptAliveBeforeContent: boolean;
  /** How long usage and end marker are awaited after the finish. */
  readonly finishMs: number;
  /** How long a client may take nothing. */
  readonly clientStalledMs: number;
  /** The upstream rests while more than this waits for the client. */
  readonly waitingBytesMax: number;
  /** Slowest rate of a stream after its first content, over 30 s; 0: none. */
  readonly minBytesPerS: number;
  /** A whole answer over this passes at once. */
  readonly heldBytesMax: number;
  /** All whole answers held together; beyond it every one passes at once. */
  readonly heldBytesMaxTotal: number;
}

/** Bytes of whole answers held at this moment, over all exchanges. */
export interface HeldBytes {
  total: number;
}
