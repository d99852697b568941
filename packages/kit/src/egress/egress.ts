import { lookup as lookUp } from "node:dns";
import {
  connect as connectTcp,
  isIP,
  type LookupFunction,
  type OnReadOpts,
  type Socket,
} from "node:net";
import { connect as connectTls } from "node:tls";
import type { AddressRule } from "./address-rule.ts";
import { egressErrors } from "./errors.ts";
import { guardedLookup } from "./guarded-lookup.ts";

export interface EgressOptions {
  /** Lower-case host names or addresses, without port; nothing else is ever connected to. */
  readonly allowHosts: readonly string[];
  /** Which addresses these may be, or resolve to; absent: all. */
  readonly addresses?: AddressRule | undefined;
  /** Told of each connection that its address forbade. */
  readonly onBlocked?: ((host: string, address: string) => void) | undefined;
  /** Resolves names; by default the system does. */
  readonly lookup?: LookupFunction | undefined;
  /** Takes any certificate of a TLS server; whoever sets it says so beside its results. */
  readonly insecure?: boolean;
  /** Told once of each socket: whether it came to be connected, handshake included. */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
}

export interface Egress {
  /**
   * A new socket to the host of `url`, still connecting; TLS is verified unless `insecure`. What a
   * plain one brings is read into the buffer of `onread`, when it is given. A name that resolves to
   * an address which `addresses` forbids, among others or alone, fails it with LL_EGRESS_BLOCKED.
   * @throws LL_EGRESS_HOST for a host outside `allowHosts`, LL_EGRESS_URL for another scheme.
   */
  connect(url: URL, onread?: OnReadOpts): Socket;
  /** Resolves by the same rules, for a client that opens its sockets itself. */
  readonly lookup: LookupFunction;
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

/**
 * The one door outward: opens sockets to the named hosts only.
 * @throws LL_EGRESS_BLOCKED when one of them is itself an address that `addresses` forbids.
 */
export function createEgress(o: EgressOptions): Egress {
  const allowed = new Set(o.allowHosts.map((host) => host.toLowerCase()));
  const { addresses } = o;
  const written = [...allowed].filter((host) => isIP(host) !== 0);
  const bad = written.find((address) => addresses?.allows(address, true) === false);
  if (bad !== undefined) {
    o.onBlocked?.(bad, bad);
    throw egressErrors.make("LL_EGRESS_BLOCKED", `${bad} is an address that is not listed.`);
  }
  const system = o.lookup ?? lookUp;
  const lookup = addresses ? guardedLookup({ ...o, addresses, allowed, lookup: system }) : system;
  return {
    lookup,
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
        const socket = connectTcp({ host, port, lookup, noDelay: true, ...read });
        return watched(socket, "connect", o);
      }
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const rejectUnauthorized = o.insecure !== true;
      const ALPNProtocols = ["http/1.1"];
      const secure = { ALPNProtocols, rejectUnauthorized, ...servername };
      return watched(connectTls({ host, port, lookup, ...secure }), "secureConnect", o);
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
