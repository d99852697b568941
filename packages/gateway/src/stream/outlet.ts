import type { Exchange } from "../pipeline/exchange.ts";
import type { Watch } from "../upstream/watch.ts";
import type { StreamSettings } from "./settings.ts";

/** Whoever feeds an outlet and can rest. */
export interface OutletSource {
  pause(): void;
  resume(): void;
}

const keepAliveFrame = Buffer.from(": keep-alive\n\n");

/** The open body towards one client: what was sent, when, and whether the client takes it. */
export class Outlet {
  isOpen = false;
  /** Watch time of the last byte sent to the client. */
  lastSentMs: number;
  readonly #x: Exchange;
  readonly #watch: Watch;
  readonly #settings: StreamSettings;
  #sentBytes = 0;
  #takenBytes = 0;
  #blockedMs = -1;
  #paused: OutletSource | undefined;

  constructor(x: Exchange, watch: Watch, settings: StreamSettings) {
    this.#x = x;
    this.#watch = watch;
    this.#settings = settings;
    this.lastSentMs = watch.nowMs;
  }

  open(headers: readonly string[]): void {
    this.isOpen = true;
    this.lastSentMs = this.#watch.nowMs;
    this.#x.client.open(200, headers);
  }

  /** Sends bytes; the source rests while too many wait. */
  write(bytes: Buffer, source: OutletSource): void {
    const { client } = this.#x;
    this.#sentBytes += bytes.length;
    this.lastSentMs = this.#watch.nowMs;
    if (client.write(bytes)) return;
    if (this.#blockedMs < 0) this.#block();
    if (!this.#paused && client.pendingBytes > this.#settings.waitingBytesMax) {
      this.#paused = source;
      source.pause();
    }
  }

  /** A comment at an event boundary; a client that takes nothing gets none. */
  keepAlive(): void {
    this.lastSentMs = this.#watch.nowMs;
    if (this.#blockedMs >= 0) return;
    this.#sentBytes += keepAliveFrame.length;
    if (!this.#x.client.write(keepAliveFrame)) this.#block();
  }

  /** The client takes less than it is sent. */
  get isBlocked(): boolean {
    return this.#blockedMs >= 0;
  }

  /** Watch time at which a client that goes on taking nothing counts as stalled. */
  get stalledAtMs(): number {
    return this.#blockedMs < 0
      ? Number.POSITIVE_INFINITY
      : this.#blockedMs + this.#settings.clientStalledMs;
  }

  /** Whether the client took nothing for its whole time; any byte taken starts the time anew. */
  isStalled(nowMs: number): boolean {
    if (nowMs < this.stalledAtMs) return false;
    const takenBytes = this.#sentBytes - this.#x.client.pendingBytes;
    if (takenBytes <= this.#takenBytes) return true;
    this.#takenBytes = takenBytes;
    this.#blockedMs = nowMs;
    return false;
  }

  #block(): void {
    this.#blockedMs = this.#watch.nowMs;
    this.#takenBytes = this.#sentBytes - this.#x.client.pendingBytes;
    this.#x.client.onDrain(() => {
      this.#blockedMs = -1;
      const paused = this.#paused;
      this.#paused = undefined;
      paused?.resume();
    });
  }
}
