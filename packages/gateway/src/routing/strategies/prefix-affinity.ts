import { keyIndex } from "../../body/request.ts";
import { bodyRules } from "../../body/rules.ts";
import { closingQuote } from "../../body/text.ts";
import type { Exchange } from "../../pipeline/exchange.ts";
import { hashBytes, hashText, mix } from "./hash.ts";
import type { Choice, Member, Strategy } from "./strategy.ts";

const prefixBytesMax = 2048;
const loadFactor = 1.25;

const quote = 0x22;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * Requests of one tenant with the same beginning go to the same replica, where its cache is warm:
 * rendezvous ranking, then the first replica with fewer calls under way than 1.25 x its fair share.
 */
export const prefixAffinity: Strategy = {
  ramps: false,
  pick: (choice) => pickByHash(choice, prefixHash(choice.x)),
};

/** The member for a hash, by bounded-load rendezvous hashing. */
export function pickByHash(choice: Choice, hash: number): Member | undefined {
  const { members, count } = choice;
  let inFlight = 1;
  for (let i = 0; i < count; i++) inFlight += members[i]?.state.inFlight ?? 0;
  const bound = Math.ceil((loadFactor * inFlight) / count);
  let best: Member | undefined;
  let highest = -1;
  for (let i = 0; i < count; i++) {
    const member = members[i];
    if (!member || member.state.inFlight >= bound) continue;
    const score = mix(hash ^ member.nameHash);
    if (score <= highest) continue;
    highest = score;
    best = member;
  }
  return best;
}

/** Hash of tenant and the first 2,048 bytes of system, tools and messages, cut at a message's end. */
export function prefixHash(x: Exchange): number {
  const tenant = hashText(x.principal?.tenantId ?? "");
  const { body } = x;
  if (!body) return tenant;
  let hash = tenant;
  let left = prefixBytesMax;
  const { system, content } = bodyRules[body.operation];
  for (const key of [system, "tools", content] as const) {
    const start = key === undefined ? -1 : (body.scan.starts[keyIndex[key]] ?? -1);
    if (key === undefined || start < 0 || left <= 0) continue;
    const end = Math.min(body.scan.ends[keyIndex[key]] ?? start, start + left);
    left -= end - start;
    const cut = lastElementEnd(body.bytes, start, end);
    hash = hashBytes(body.bytes, start, cut, hash);
  }
  return hash;
}

/** Where the last array element that ends before `end` ends; `end` when none does. */
function lastElementEnd(bytes: Buffer, start: number, end: number): number {
  let last = end;
  let depth = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === quote) {
      const close = closingQuote(bytes, i + 1);
      if (close < 0) return last;
      i = close;
    } else if (byte === openBrace || byte === openBracket) depth++;
    else if (byte === closeBrace || byte === closeBracket) {
      depth--;
      if (depth === 1) last = i + 1;
    }
  }
  return last;
}
