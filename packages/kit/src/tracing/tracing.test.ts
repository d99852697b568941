import { seededRandom } from "@loadline/kit/random";
import { isRecord } from "@loadline/kit/json";
import { readExport } from "@loadline/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createSpanIds,
  encodeSpan,
  exportRequest,
  readTraceparent,
  rejectedSpans,
  traceparentOf,
} from "./index.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const scope = { name: "s", version: "1" };
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""))
    .filter((text) => /[^0]/.test(text));

describe("traceparent", () => {
  it("reads what it writes", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (trace, span, isSampled) => {
        expect(readTraceparent(traceparentOf(trace, span, isSampled))).toEqual({
          traceId: trace,
          spanId: span,
          isSampled,
        });
      }),
    );
  });

  it("takes the sampled bit out of any flags, and a later version by its first four fields", () => {
    expect(readTraceparent(`00-${traceId}-${spanId}-ff`)?.isSampled).toBe(true);
    expect(readTraceparent(`00-${traceId}-${spanId}-02`)?.isSampled).toBe(false);
    expect(readTraceparent(`cc-${traceId}-${spanId}-01-more`)).toEqual({
      traceId,
      spanId,
      isSampled: true,
    });
  });

  it.each([
    "",
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-0`,
    `00-${traceId}-${spanId}-01-`,
    `cc-${traceId}-${spanId}-01.more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00_${traceId}-${spanId}-01`,
    `00-${traceId.slice(1)}g-${spanId}-01`,
  ])("refuses %j", (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });

  it("never throws, and gives ids of the right form or nothing", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        const read = readTraceparent(text);
        if (read) expect(read.traceId + read.spanId).toMatch(/^[0-9a-f]{48}$/);
      }),
    );
  });
});

describe("span ids", () => {
  it("are 16 hexadecimal digits each, all different over several draws", () => {
    const next = createSpanIds(seededRandom(3));
    const ids = Array.from({ length: 1000 }, () => next());
    expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1000);
  });

  it("are never all zeros", () => {
    let draws = 0;
    const random = seededRandom(1);
    const bytes = (count: number): Uint8Array =>
      draws++ === 0 ? new Uint8Array(count) : random.bytes(count);
    expect(createSpanIds({ ...random, bytes })()).not.toBe("0".repeat(16));
  });
});

describe("OTLP", () => {
  it("a strict receiver reads every span that is written, whatever its texts", () => {
    const value = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(
        hex(32),
        hex(16),
        fc.string(),
        fc.dictionary(fc.string({ minLength: 1 }), value, { maxKeys: 5 }),
        (trace, span, name, attributes) => {
          const text = encodeSpan({
            traceId: trace,
            spanId: span,
            parentId: undefined,
            name,
            kind: "client",
            startMs: 1_790_000_000_000.25,
            endMs: 1_790_000_000_001.5,
            attributes,
            error: undefined,
          });
          const body = exportRequest({ "service.name": "g" }, scope, [text, text]);
          const [one, two] = readExport(body);
          expect(one).toMatchObject({ traceId: trace, spanId: span, name, service: "g", kind: 3 });
          expect(one?.startNs).toBe(1_790_000_000_000_250_000n);
          expect(one?.endNs).toBe(1_790_000_000_001_500_000n);
          expect(Object.keys(one?.attributes ?? {})).toHaveLength(Object.keys(attributes).length);
          expect(two).toEqual(one);
        },
      ),
    );
  });

  it("an end before its start is set to the start, an undefined attribute is left out", () => {
    const text = encodeSpan({
      traceId,
      spanId,
      parentId: spanId,
      name: "n",
      kind: "server",
      startMs: 2,
      endMs: 1,
      attributes: { a: undefined, b: 1 },
      error: "broken",
    });
    const [span] = readExport(exportRequest({ "service.name": "g" }, scope, [text]));
    expect(span).toMatchObject({ parentSpanId: spanId, attributes: { b: 1 }, status: 2 });
    expect(span?.endNs).toBe(span?.startNs);
    const parsed: unknown = JSON.parse(text);
    expect(isRecord(parsed) && parsed["status"]).toEqual({ code: 2, message: "broken" });
  });

  it("reads how many spans an answer rejected, and 0 of everything else", () => {
    expect(rejectedSpans('{"partialSuccess":{"rejectedSpans":"3"}}')).toBe(3);
    expect(rejectedSpans('{"partialSuccess":{"rejectedSpans":2,"errorMessage":"x"}}')).toBe(2);
    for (const text of [
      "",
      "{}",
      "[]",
      "null",
      "<html>",
      '{"partialSuccess":{"rejectedSpans":-1}}',
    ])
      expect(rejectedSpans(text)).toBe(0);
  });
});
