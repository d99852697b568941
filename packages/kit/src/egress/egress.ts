import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { egressErrors } from "./errors.ts";

export interface EgressOptions {
  /** Lower-case host names or addresses, without port; nothing else is ever connected to. */
  readonly allowHosts: readonly string[];
  /** Takes any certificate of a TLS server; whoever sets it says so beside its results. */
  readonly insecure?: boolean;
  /** Told once of each socket: whether it came to be connected, handshake included. */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
}

export interface Egress {
  /**
   * A new socket to the host of `url`, still connecting; TLS is verified unless `insecure`. What a
   * plain one brings is read into the buffer of `onread`, when it is given.
   * @throws LL_EGRESS_HOST for a host outside `allowHosts`, LL_EGRESS_URL for another scheme.
   */
  connect(url: URL, onread?: OnReadOpts): Socket;
}

/** The host as a socket wants it: IPv6 without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
}

/** What of a base address no request below it carries, so that it would be lost: null for none. */
export function unsentPart(url: URL): "a user or password" | "a query or fragment" | null {
  if (url.username !== "" || url.password !== "") return "a user or password";
  return url.search === "" && url.hash === "" ? null : "a query or fragment";
}

/** Reads an http or https URL. @throws LL_EGRESS_URL */
export function parseHttpUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw egressErrors.make(
      "LL_EGRESS_URL",
      `${JSON.stringify(text)} is not an http or https URL.`,
    );
  }
  return url;
}

/** The one door outward: opens sockets to the named hosts only. */
export function createEgress(o: EgressOptions): Egress {
  const allowed = new Set(o.allowHosts.map((host) => host.toLowerCase()));
  return {
    connect(url, onread) {
      const host = hostOf(url);
      if (url.protocol !== "http:" && url.protocol !== "https:") {
        throw egressErrors.make("LL_EGRESS_URL", `${url.protocol} is not http: or https:.`);
      }
      if (!allowed.has(host)) {
        throw egressErrors.make("LL_EGRESS_HOST", `${host} is not among the allowed hosts.`);
      }
      const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
      if (url.protocol === "http:") {
        const read = onread ? { onread } : {};
        return watched(connectTcp({ host, port, noDelay: true, ...read }), "connect", o);
      }
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const rejectUnauthorized = o.insecure !== true;
      const ALPNProtocols = ["http/1.1"];
      const socket = connectTls({ host, port, ALPNProtocols, rejectUnauthorized, ...servername });
      return watched(socket, "secureConnect", o);
    },
  };
}

function watched(socket: Socket, opened: string, { onConnection }: EgressOptions): Socket {
  if (!onConnection) return socket;
  let isOpen = false;
  socket.once(opened, () => {
    isOpen = true;
    onConnection(true);
  });
  socket.once("close", () => {
    if (!isOpen) onConnection(false);
  });
  return socket;
}
