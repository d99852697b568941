import { readTraceparent } from "@loadline/kit/tracing";
import type { Tracer } from "../telemetry/traces/tracer.ts";
import type { Exchange, PickedHeaders, Refusal } from "./exchange.ts";
import { isExactPath } from "./operations.ts";
import { always, type Stage } from "./stage.ts";
import { checkTarget, exposedKey } from "./target-rules.ts";
import { takeNarrowing } from "./narrow-headers.ts";

const hostPattern = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const hostCharsMax = 261;
const tracestateCharsMax = 512;
const probes = new Set(["healthz", "readyz", "health"]);
/** `Bearer` and a blank. */
const schemeChars = 7;
const ambiguous: Refusal = { code: "LL_AUTH_AMBIGUOUS" };
const inUrl: Refusal = { code: "LL_AUTH_IN_URL" };
const badHost: Refusal = { code: "LL_HTTP_HOST" };

/** Bits of the headers that may come once. */
const seen = {
  authorization: 1,
  type: 2,
  length: 4,
  encoding: 8,
  apiKey: 16,
  trace: 32,
  coding: 64,
};

/** Lower-case letters as they stand in a name. */
const letters = { a: 0x61, c: 0x63, h: 0x68, l: 0x6c, m: 0x6d, t: 0x74, u: 0x75, x: 0x78 };

/** What one walk over the headers gathers besides the picked values. */
interface Walk {
  seen: number;
  hosts: number;
  host: string;
}

/**
 * Refuses heads that two readers could read differently, credentials sent twice or in the URL, and
 * unknown paths and methods. `onExposed` gets the text in which a key stood in a URL.
 */
export function acceptStage(
  onExposed: (x: Exchange, text: string) => void,
  tracer?: Pick<Tracer, "begin">,
): Stage {
  let lastHost = "";
  const isHost = (host: string): boolean => {
    if (host === lastHost) return true;
    if (host.length > hostCharsMax || !hostPattern.test(host)) return false;
    lastHost = host;
    return true;
  };
  return {
    id: "accept",
    summary: "head rules, path and method",
    wired: always,
    run(x) {
      const { client, operation } = x;
      const { target } = client;
      if (!isExactPath(operation, target)) {
        if (!checkTarget(target)) return { code: "LL_HTTP_TARGET" };
        const exposed = exposedKey(target);
        if (exposed !== undefined) {
          onExposed(x, exposed);
          return inUrl;
        }
      }
      const walk: Walk = { seen: 0, hosts: 0, host: "" };
      const refusal = walkHeaders(x, client.headers, walk);
      if (refusal) return refusal;
      if (tracer && operation.isModel) tracer.begin(x);
      const mayLackHost = !client.isHttp11 && probes.has(operation.id);
      if (walk.hosts === 0 ? !mayLackHost : walk.hosts > 1 || !isHost(walk.host)) return badHost;
      if (client.method === "TRACE") {
        client.closeAfter?.();
        return wrongMethod(operation.methods);
      }
      if (operation.id === "unknown") return { code: "LL_ROUTE_UNKNOWN" };
      return operation.methods.includes(client.method) ? undefined : wrongMethod(operation.methods);
    },
  };
}

function wrongMethod(methods: readonly string[]): Refusal {
  return { code: "LL_ROUTE_METHOD", headers: ["allow", methods.join(", ")] };
}

/** One walk; the first letter and the length of a name decide whether it is looked at closer. */
function walkHeaders(x: Exchange, list: readonly string[], walk: Walk): Refusal | undefined {
  const picked: PickedHeaders = {
    authorization: undefined,
    apiKey: undefined,
    contentType: undefined,
    contentEncoding: undefined,
    contentLength: -1,
    traceparent: undefined,
    tracestate: undefined,
  };
  x.picked = picked;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] ?? "";
    const value = list[i + 1] ?? "";
    const first = name.charCodeAt(0) | 0x20;
    let refusal: Refusal | undefined;
    if (first === letters.x) refusal = takeExtension(x, picked, walk, [name, value]);
    else if (first === letters.c) refusal = takeContent(picked, walk, name, value);
    else if (first === letters.a || first === letters.h || first === letters.t)
      refusal = takeSingle(picked, walk, name, value);
    else if (first === letters.u && isName(name, "upgrade")) refusal = forbidden("upgrade");
    if (refusal) return refusal;
  }
  if (picked.tracestate !== undefined) settleTrace(picked);
  return isTwoKeys(picked) ? ambiguous : undefined;
}

/** `authorization`, `host`, `traceparent`, `tracestate`, `transfer-encoding`. */
function takeSingle(
  picked: PickedHeaders,
  walk: Walk,
  name: string,
  value: string,
): Refusal | undefined {
  if (isName(name, "host")) {
    walk.hosts++;
    walk.host = value;
  } else if (isName(name, "authorization")) {
    if (walk.seen & seen.authorization) return ambiguous;
    walk.seen |= seen.authorization;
    picked.authorization = value;
  } else if (isName(name, "traceparent")) {
    // Two of them name no trace: a new one begins.
    const isFirst = (walk.seen & seen.trace) === 0;
    walk.seen |= seen.trace;
    picked.traceparent = isFirst && readTraceparent(value) ? value : undefined;
  } else if (isName(name, "tracestate")) {
    picked.tracestate = joined(picked.tracestate, value);
  } else if (isName(name, "transfer-encoding")) {
    // Node reads a list that ends with `chunked` and leaves the codings before it in the body; what
    // ends otherwise it refuses itself, but only once the head was given on.
    if (walk.seen & seen.coding || !isName(value, "chunked")) return forbidden("transfer-encoding");
    walk.seen |= seen.coding;
  }
  return undefined;
}

/** A list may come in several headers; one that is too long is left out as a whole. */
function joined(before: string | undefined, value: string): string {
  const text = before === undefined ? value : `${before},${value}`;
  return text.slice(0, tracestateCharsMax + 1);
}

/** The state belongs to the trace it came with. */
function settleTrace(picked: PickedHeaders): void {
  const { traceparent, tracestate } = picked;
  if (traceparent === undefined || (tracestate?.length ?? 0) > tracestateCharsMax)
    picked.tracestate = undefined;
}

/** Names as they come first: in lower case, or as clients write them. */
function isName(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower);
}

/** `content-type`, `content-length`, `content-encoding`: once each. */
function takeContent(
  picked: PickedHeaders,
  walk: Walk,
  name: string,
  value: string,
): Refusal | undefined {
  let bit = 0;
  if (isName(name, "content-type")) {
    bit = seen.type;
    picked.contentType = value;
  } else if (isName(name, "content-length")) {
    bit = seen.length;
    picked.contentLength = Number(value);
  } else if (isName(name, "content-encoding")) {
    bit = seen.encoding;
    picked.contentEncoding = value;
  }
  if (walk.seen & bit)
    return { code: "LL_HTTP_HEADER", message: `${name.toLowerCase()} occurs twice` };
  walk.seen |= bit;
  return undefined;
}

/** Headers that begin with x: the second carrier, ours, and those that would change the method. */
function takeExtension(
  x: Exchange,
  picked: PickedHeaders,
  walk: Walk,
  [name, value]: readonly [string, string],
): Refusal | undefined {
  switch (name.charCodeAt(2) | 0x20) {
    case letters.a:
      if (!isName(name, "x-api-key")) return undefined;
      if (walk.seen & seen.apiKey) return ambiguous;
      walk.seen |= seen.apiKey;
      picked.apiKey = value;
      return undefined;
    case letters.l:
      return takeNarrowing(x, name.toLowerCase(), value);
    case letters.h:
      if (isName(name, "x-http-method") || isName(name, "x-http-method-override"))
        return forbidden(name.toLowerCase());
      return undefined;
    case letters.m:
      return isName(name, "x-method-override") ? forbidden("x-method-override") : undefined;
    default:
      return undefined;
  }
}

function forbidden(name: string): Refusal {
  return { code: "LL_HTTP_HEADER", message: `${name} is not taken here`, param: name };
}

/** Two carriers with one and the same key are one credential. */
function isTwoKeys({ authorization, apiKey }: PickedHeaders): boolean {
  if (authorization === undefined || apiKey === undefined) return false;
  return authorization.slice(schemeChars).trim() !== apiKey;
}
