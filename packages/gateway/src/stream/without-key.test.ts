import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutKey } from "./without-key.ts";

const keyOf = (value: string) => ({ id: "u/0", headers: ["authorization", value] });
const secret = "sk-0123456789abcdef";

describe("an upstream's error body", () => {
  it("has every copy of the key it was sent covered, with and without its scheme", () => {
    const body = Buffer.from(`{"error":"é Bearer ${secret} and ${secret}"}`);
    const shown = '{"error":"é Bearer *** and ***"}';
    expect(withoutKey(body, keyOf(`Bearer ${secret}`)).toString()).toBe(shown);
    expect(withoutKey(body, keyOf(secret)).toString()).toBe(shown);
  });

  it("has a key with slashes covered, whether JSON escapes them or not", () => {
    const key = "sk-01/23456/789abc";
    const escaped = key.replaceAll("/", "\\/");
    const body = Buffer.from(`{"error":"${escaped} and ${key} and a\\/b"}`);
    const shown = '{"error":"*** and *** and a\\/b"}';
    expect(withoutKey(body, keyOf(`Bearer ${key}`)).toString()).toBe(shown);
    const alone = Buffer.from(`{"error":"${escaped}"}`);
    expect(withoutKey(alone, keyOf(key)).toString()).toBe('{"error":"***"}');
  });

  it("is the same object when the key is not in it, is no key, or none was sent", () => {
    const body = Buffer.from(`{"error":"short ${secret}"}`);
    for (const key of [keyOf("Bearer sk-another-0123456789"), keyOf("short"), keyOf(""), undefined])
      expect(withoutKey(body, key)).toBe(body);
  });

  it("keeps every other byte, whatever stands around the key", () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(bytes, bytes, (before, after) => {
        const body = Buffer.concat([before, Buffer.from(secret), after]);
        const shown = withoutKey(body, keyOf(`Bearer ${secret}`));
        expect(shown).toEqual(Buffer.concat([before, Buffer.from("***"), after]));
      }),
    );
  });
});
