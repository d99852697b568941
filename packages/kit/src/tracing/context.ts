import type { Random } from "@loadline/kit/random";

/** The caller's span, as a traceparent header names it. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const length = 55;
const zero = 0x30;
const nine = 0x39;
const lowerA = 0x61;
const lowerF = 0x66;
const dash = 0x2d;
const dashes: readonly number[] = [2, 35, 52];
const noTrace = "0".repeat(32);
const noSpan = "0".repeat(16);
const spanBytes = 8;
const idsPerDraw = 256;

/**
 * Reads a traceparent of W3C Trace Context; undefined for one that is malformed, of the forbidden
 * version ff, or all zeros. A later version's further fields are not looked at.
 */
export function readTraceparent(text: string): TraceParent | undefined {
  if (text.length < length || text.startsWith("ff")) return undefined;
  const isFirst = text.startsWith("00");
  if (text.length > length && (isFirst || text.charCodeAt(length) !== dash)) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const isHex = (code >= zero && code <= nine) || (code >= lowerA && code <= lowerF);
    if (dashes.includes(i) ? code !== dash : !isHex) return undefined;
  }
  const traceId = text.slice(3, 35);
  const spanId = text.slice(36, 52);
  if (traceId === noTrace || spanId === noSpan) return undefined;
  return { traceId, spanId, isSampled: Number.parseInt(text.slice(53, length), 16) % 2 === 1 };
}

export function traceparentOf(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-0${isSampled ? "1" : "0"}`;
}

/** Span ids, 16 hexadecimal digits and never all zeros; random bytes are drawn for 256 at a time. */
export function createSpanIds(random: Random): () => string {
  let pool = "";
  let next = 0;
  return () => {
    for (;;) {
      if (next >= pool.length) {
        pool = Buffer.from(random.bytes(spanBytes * idsPerDraw)).toString("hex");
        next = 0;
      }
      const id = pool.slice(next, next + 2 * spanBytes);
      next += 2 * spanBytes;
      if (id !== noSpan) return id;
    }
  };
}
