import type { Exchange } from "../pipeline/exchange.ts";
import type { Watch } from "../upstream/watch.ts";
import type { StreamSettings } from "./settings.ts";

/** Whoever feeds an outlet and can rest. */
export interface OutletSource {
  pause(): void;
  resume(): void;
}

export interface OutletHost {
  readonly x: Exchange;
  readonly watch: Watch;
  readonly settings: StreamSettings;
  /** A deadline may be earlier than the one before. */
  onMoved(): void;
}

const keepAliveFrame = Buffer.from(": keep-alive\n\n");

/** The open body towards one client: what was sent, when, and whether the client takes it. */
export class Outlet {
  isOpen = false;
  /** Watch time of the last byte sent to the client. */
  lastSentMs: number;
  readonly #host: OutletHost;
  #takenBytes = 0;
  #blockedMs = -1;
  #paused: OutletSource | undefined;

  constructor(host: OutletHost) {
    this.#host = host;
    this.lastSentMs = host.watch.nowMs;
  }

  open(headers: readonly string[]): void {
    this.isOpen = true;
    this.lastSentMs = this.#host.watch.nowMs;
    this.#host.x.client.open(200, headers);
  }

  /** Sends bytes; the source rests while too many wait. */
  write(bytes: Buffer, source: OutletSource): void {
    this.lastSentMs = this.#host.watch.nowMs;
    if (!this.#host.x.client.write(bytes)) this.#wait(source);
  }

  /** Whether the client's body is made of chunks as an upstream's is. */
  get takesChunks(): boolean {
    return this.isOpen && this.#host.x.client.writeChunk !== undefined;
  }

  /** Sends one chunk in its framing. */
  writeChunk(framed: string, source: OutletSource): void {
    this.lastSentMs = this.#host.watch.nowMs;
    if (this.#host.x.client.writeChunk?.(framed) === false) this.#wait(source);
  }

  #wait(source: OutletSource): void {
    const { client } = this.#host.x;
    if (this.#blockedMs < 0) this.#block();
    if (this.#paused !== source && client.pendingBytes > this.#host.settings.waitingBytesMax) {
      this.#paused = source;
      source.pause();
    }
  }

  /** A comment at an event boundary; a client that takes nothing gets none. */
  keepAlive(): void {
    this.lastSentMs = this.#host.watch.nowMs;
    if (this.#blockedMs >= 0) return;
    if (!this.#host.x.client.write(keepAliveFrame)) this.#block();
  }

  /** Watch time at which a client that goes on taking nothing counts as stalled. */
  get stalledAtMs(): number {
    return this.#blockedMs < 0
      ? Number.POSITIVE_INFINITY
      : this.#blockedMs + this.#host.settings.clientStalledMs;
  }

  /** Whether the client took nothing for its whole time; any byte taken starts the time anew. */
  isStalled(nowMs: number): boolean {
    if (nowMs < this.stalledAtMs) return false;
    const { pendingBytes, takenBytes } = this.#host.x.client;
    if (pendingBytes > 0 && takenBytes <= this.#takenBytes) return true;
    this.#takenBytes = takenBytes;
    this.#blockedMs = nowMs;
    return false;
  }

  #block(): void {
    this.#blockedMs = this.#host.watch.nowMs;
    this.#takenBytes = this.#host.x.client.takenBytes;
    this.#host.x.client.onDrain(() => {
      this.#blockedMs = -1;
      const paused = this.#paused;
      this.#paused = undefined;
      paused?.resume();
    });
    this.#host.onMoved();
  }
}
