import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import type { AddressRule } from "./address-rule.ts";
import { egressErrors } from "./errors.ts";

export interface GuardedLookupOptions {
  readonly addresses: AddressRule;
  /** Names that are resolved at all. */
  readonly allowed: ReadonlySet<string>;
  readonly lookup: LookupFunction;
  readonly onBlocked?: ((host: string, address: string) => void) | undefined;
}

/**
 * Resolves a name once, for the connection that is being opened: what was checked is what is
 * connected to, and a name cannot lead elsewhere in between. One address that is not allowed blocks
 * all of the name's.
 */
export function guardedLookup(o: GuardedLookupOptions): LookupFunction {
  const { addresses, allowed, lookup, onBlocked } = o;
  return (host, options, done) => {
    if (!allowed.has(host.toLowerCase())) {
      const error = egressErrors.make("LL_EGRESS_HOST", `${host} is not among the allowed hosts.`);
      queueMicrotask(() => done(error, []));
      return;
    }
    lookup(host, { ...options, all: true }, (error, found) => {
      const all = error ? [] : listOf(found);
      const bad = all.find(({ address }) => !addresses.allows(address, false));
      const [first] = all;
      if (error) done(error, []);
      else if (bad) {
        onBlocked?.(host, bad.address);
        const text = `${host} leads to ${bad.address}, an address that is not listed.`;
        done(egressErrors.make("LL_EGRESS_BLOCKED", text), []);
      } else if (first === undefined) done(noAddress(host), []);
      else if (options.all === true) done(null, all);
      else done(null, first.address, first.family);
    });
  };
}

/** Node's sockets take an empty list for a list. */
function noAddress(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" });
}

function listOf(found: string | LookupAddress[]): LookupAddress[] {
  return typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
}
