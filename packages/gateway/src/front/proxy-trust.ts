import { type IpRanges, parseAddress, parseRanges } from "@loadline/kit/ip-ranges";

/** The client's address: `peer` itself, or whom a chain of trusted proxies names. */
export type ProxyTrust = (peer: string, headers: readonly string[]) => string;

const forwardedFor = "x-forwarded-for";
/** Proxies looked through; whoever stands before that many is not believed. */
const hopsMax = 32;

/**
 * Reads X-Forwarded-For from right to left while the address so far is one of `ranges`: the first
 * that is not is the client, whatever stands before it. Undefined when no proxy is trusted; a text
 * that is no range is given back.
 */
export function proxyTrust(ranges: readonly string[]): ProxyTrust | undefined | string {
  if (ranges.length === 0) return undefined;
  const trusted = parseRanges(ranges);
  return typeof trusted === "string"
    ? trusted
    : (peer, headers) => clientOf(peer, headers, trusted);
}

function clientOf(peer: string, headers: readonly string[], trusted: IpRanges): string {
  if (!trusted.has(peer)) return peer;
  let client = peer;
  let hops = 0;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const name = headers[i] ?? "";
    if (name.length !== forwardedFor.length || name.toLowerCase() !== forwardedFor) continue;
    const value = headers[i + 1] ?? "";
    for (let end = value.length; end >= 0;) {
      const comma = value.lastIndexOf(",", end - 1);
      const hop = end === 0 ? undefined : addressOf(value.slice(comma + 1, end).trim());
      // What is no address is somebody's invention, and so is everything before it.
      if (hop === undefined || ++hops > hopsMax) return client;
      client = hop;
      if (!trusted.has(client)) return client;
      end = comma;
    }
  }
  return client;
}

/** An address, with a port or in brackets or not; undefined for anything else. */
function addressOf(text: string): string | undefined {
  const bracket = text.startsWith("[") ? text.indexOf("]") : -1;
  if (bracket > 0) {
    const inner = text.slice(1, bracket);
    return isPort(text.slice(bracket + 1)) && inner.includes(":") ? known(inner) : undefined;
  }
  const colon = text.indexOf(":");
  const isOne = colon >= 0 && colon === text.lastIndexOf(":");
  if (!isOne) return known(text);
  return isPort(text.slice(colon)) ? known(text.slice(0, colon)) : undefined;
}

function known(text: string): string | undefined {
  return text.includes("%") || parseAddress(text) === undefined ? undefined : text;
}

/** Nothing, or a colon and up to five digits. */
function isPort(text: string): boolean {
  return text === "" || /^:\d{1,5}$/.test(text);
}
