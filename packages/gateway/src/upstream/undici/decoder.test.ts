import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Decoder } from "./decoder.ts";

const text = "words and more words ".repeat(2000);
const codings = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  [" GZip ", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
] as const;

/** A decoder with what it said; `over` resolves with its last word. */
function decode(coding: string) {
  let body = "";
  const { promise: over, resolve } = Promise.withResolvers<string>();
  const decoder = Decoder.of(coding, {
    data: (chunk) => void (body += chunk.toString()),
    end: () => resolve("end"),
    fail: (detail) => resolve(`fail: ${detail}`),
    full: () => undefined,
    drained: () => undefined,
  });
  if (!decoder) throw new TypeError(coding);
  return { decoder, over, resolve, body: () => body };
}

describe.each(codings)("a decoder of %s", (coding, compress) => {
  const bytes = compress(text);

  it("gives what was compressed, then its end", async () => {
    const t = decode(coding);
    t.decoder.push(bytes);
    t.decoder.end();
    expect(await t.over).toBe("end");
    expect(t.body()).toBe(text);
  });

  it("cut, gives all that came before it says so", async () => {
    const t = decode(coding);
    t.decoder.push(bytes);
    t.decoder.cut(() => t.resolve("cut"));
    expect(await t.over).toBe("cut");
    expect(t.body()).toBe(text);
  });

  it("fails at an end before the end", async () => {
    const t = decode(coding);
    t.decoder.push(bytes.subarray(0, bytes.length >> 1));
    t.decoder.end();
    expect(await t.over).toMatch(/^fail: /);
  });

  it("destroyed, says nothing any more", async () => {
    const t = decode(coding);
    t.decoder.push(bytes);
    t.decoder.destroy();
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    t.resolve("silent");
    expect([await t.over, t.body()]).toEqual(["silent", ""]);
  });
});

describe("a coding that nobody asked for", () => {
  it.each(["compress", "zstd", "gzip, br", "", "identity"])("%j has no decoder", (coding) => {
    const silent = (): void => undefined;
    const on = { data: silent, end: silent, fail: silent, full: silent, drained: silent };
    expect(Decoder.of(coding, on)).toBeUndefined();
  });
});
