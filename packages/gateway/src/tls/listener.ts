import type { Server, Socket } from "node:net";
import {
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server as TlsServer,
} from "node:tls";
import type { Clock } from "@loadline/kit/clock";
import type { FrontTls } from "../front/front.ts";
import type { ClientCertificate } from "../identity/certificate.ts";
import { judgePeer } from "./client-certificate.ts";
import type { TlsConfig } from "./config.ts";
import { handshakeFault } from "./handshake-fault.ts";
import type { TlsMetrics } from "./metrics.ts";

export interface TlsListenerDeps {
  readonly clock: Clock;
  readonly metrics: Pick<TlsMetrics, "onHandshake">;
  /** What new connections are encrypted with. */
  context(): SecureContextOptions;
  /** What a client gets that asks for this server name; undefined: the same as everybody. */
  contextOf(serverName: string): SecureContext | undefined;
}

/** The listener's TLS as a front uses it, and its way to another certificate. */
export class TlsListener implements FrontTls {
  readonly hsts: string | undefined;
  readonly #config: TlsConfig;
  readonly #deps: TlsListenerDeps;
  readonly #certificates = new WeakMap<Socket, ClientCertificate>();
  /** Sockets under the encrypted ones; as many as the front takes connections. */
  readonly #raw = new Set<Socket>();
  #server: TlsServer | undefined;

  constructor(config: TlsConfig, deps: TlsListenerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.hsts = config.hstsSeconds > 0 ? `max-age=${config.hstsSeconds}` : undefined;
  }

  createServer(onConnection: (socket: Socket) => void): Server {
    const { mtls, handshake } = this.#config;
    const { clock, metrics } = this.#deps;
    const server = createServer({
      ...this.#deps.context(),
      ALPNProtocols: ["http/1.1"],
      SNICallback: (name, done) => this.#choose(name, done),
      handshakeTimeout: handshake,
      requestCert: mtls !== null,
      rejectUnauthorized: mtls?.mode === "require",
      noDelay: true,
      allowHalfOpen: false,
    });
    server.on("connection", (raw: Socket) => {
      this.#raw.add(raw);
      raw.once("close", () => this.#raw.delete(raw));
    });
    server.on("secureConnection", (socket) => {
      const peer = mtls === null ? "none" : judgePeer(socket, clock.wallMs());
      if (peer === "refused" || (peer === "none" && mtls?.mode === "require")) {
        metrics.onHandshake("certificate");
        // Whoever is refused has nothing more to say; a late fault of its socket is no news.
        socket.on("error", () => undefined);
        socket.destroy();
        return;
      }
      metrics.onHandshake("ok");
      if (peer !== "none") this.#certificates.set(socket, peer);
      onConnection(socket);
    });
    server.on("tlsClientError", (cause, socket) => {
      metrics.onHandshake(handshakeFault(cause, socket.authorizationError));
      socket.destroy();
    });
    this.#server = server;
    return server;
  }

  /** A fault in here ends this one handshake, never the process. */
  #choose(name: string, done: (fault: Error | null, context?: SecureContext) => void): void {
    let context: SecureContext | undefined;
    try {
      context = this.#deps.contextOf(name);
    } catch (cause) {
      done(cause instanceof Error ? cause : new Error(String(cause)));
      return;
    }
    done(null, context);
  }

  certificateOf(socket: Socket): ClientCertificate | undefined {
    return this.#certificates.get(socket);
  }

  breakOff(): void {
    for (const raw of this.#raw) raw.destroy();
  }

  /** Connections from now on use this; those that are open go on with theirs. */
  use(context: SecureContextOptions): void {
    this.#server?.setSecureContext(context);
  }
}
