import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "./redact.ts";

const key = new Uint8Array(32).fill(7);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Everything a target may say of a secret that still gives it away. */
const echoes: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "in a JSON string": (secret) => JSON.stringify({ error: `bad key ${secret}` }),
  "in a JSON string with its slashes escaped": (secret) =>
    JSON.stringify({ error: `bad key ${secret}` }).replaceAll("/", "\\/"),
  "in a URL": (secret) => `https://h/?key=${encodeURIComponent(secret)}&x=1`,
  "in base64": (secret) => base64(secret),
  "as the password of Basic": (secret) => `Basic ${base64(`user:${secret}`)}`,
  "as the user of Basic": (secret) => `Basic ${base64(`${secret}:pw`)}`,
  "one byte off in base64": (secret) => base64(`x${secret}y`),
  "in base64 for URLs": (secret) => Buffer.from(`us:${secret}`).toString("base64url"),
};

const secrets = [
  "sk-live-4f9a77c2e0d1",
  'quote"and\\slash-88',
  "p@ss/w+rd= 1?&",
  "pässwörd-ключ-ü",
];

describe("a secret is masked in every form", () => {
  for (const secret of secrets) {
    it.each(Object.entries(echoes))(`${secret} %s, in text and in bytes`, (_, echo) => {
      const redactor = createRedactor([secret], key);
      const said = echo(secret);
      const text = redactor.text(said);
      const bytes = redactor.bytes(Buffer.from(`\u00e9 ${said}`)).toString("utf8");
      for (const left of [text, bytes]) {
        expect(left).toContain("secret:");
        expect(left).not.toContain(said);
        const tail = Buffer.from(left.replace("Basic ", ""), "base64").toString("utf8");
        expect(tail).not.toContain(secret);
      }
      expect(bytes.startsWith("\u00e9 ")).toBe(true);
    });
  }

  it("equal secrets have one mask in every form, so that a reader sees they are the same", () => {
    const redactor = createRedactor(["sk-live-4f9a77c2e0d1"], key);
    const mask = redactor.text("sk-live-4f9a77c2e0d1");
    expect(redactor.text(base64("sk-live-4f9a77c2e0d1"))).toContain(mask);
    expect(mask).toMatch(/^secret:[0-9a-f]{12}\.\.\.e0d1$/);
  });

  const inner = "in-ne";
  const around = `outside-${inner}-${inner}-far`;

  it.each([secrets, secrets.slice(0, 1), [inner, around, "thirty-characters-of-a-password"]])(
    "a beginning is that of the masked text, wherever it is cut",
    (...known) => {
      const redactor = createRedactor(known, key);
      const before = known.map(base64).join(" ").repeat(3);
      const said = `${before} begin ${known.join(" and ")} ${base64(`user:${known[0]}`)} end`;
      const masked = redactor.text(said);
      for (let max = 0; max <= masked.length + 40; max++) {
        const beginning = redactor.excerpt(said, max);
        expect(masked.startsWith(beginning.replace(/\uFFFD$/, ""))).toBe(true);
        expect(beginning.length).toBeLessThanOrEqual(max);
      }
      expect(redactor.excerpt(said, said.length)).toBe(masked.slice(0, said.length));
      expect(redactor.excerpt("x".repeat(9_000), 2_048)).toBe("x".repeat(2_048));
    },
  );

  it("no secret is left in any record or body, wherever it stands", () => {
    const secret = fc.string({ minLength: 8, maxLength: 40, unit: "grapheme" });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        fc.pre(value.isWellFormed() && before.isWellFormed() && after.isWellFormed());
        // A mask names itself and the last characters: a secret of nothing else cannot be told.
        fc.pre(!/^[\s.:a-f0-9]*$/.test(value) && !"secret:...".includes(value));
        const redactor = createRedactor([value], key);
        const data = { [`k${value}`]: [before + value + after, { deep: value }], n: 1, nil: null };
        expect(JSON.stringify(Object.keys(redactor.data(data)))).toContain("secret:");
        const [first, second] = Object.values(redactor.data(data))[0] as unknown as [
          string,
          { deep: string },
        ];
        expect(first).not.toContain(before + value + after);
        expect(second.deep).not.toContain(value);
        const bytes = redactor.bytes(Buffer.from(before + value + after));
        expect(bytes.includes(before + value + after)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what holds no secret", () => {
  it("is left as it was, bytes that are no text too", () => {
    const redactor = createRedactor(["sk-live-4f9a77c2e0d1"], key);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.jsonValue(), (raw, value) => {
        expect(redactor.bytes(Buffer.from(raw))).toEqual(Buffer.from(raw));
        expect(redactor.data(value)).toEqual(value);
      }),
    );
  });

  it("bytes around a secret are kept one by one", () => {
    const redactor = createRedactor(["sk-live-4f9a77c2e0d1"], key);
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const out = redactor.bytes(Buffer.concat([all, Buffer.from("sk-live-4f9a77c2e0d1"), all]));
    expect(out.subarray(0, 256)).toEqual(all);
    expect(out.subarray(-256)).toEqual(all);
  });

  it("the longer of two secrets goes first, so no tail of it is left", () => {
    const redactor = createRedactor(["sk-live", "sk-live-4f9a77c2e0d1"], key);
    expect(redactor.text("sk-live-4f9a77c2e0d1")).toMatch(/^secret:[0-9a-f]{12}\.\.\.e0d1$/);
  });
});
