import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProtobuf, unzigzag } from "./protobuf.fixture.ts";
import { ProtobufMessage } from "./protobuf.ts";

describe("protobuf's wire format", () => {
  it("is written as in its own documentation", () => {
    // developers.google.com: field 1 = 150, field 2 = "testing", field 3 = that first message.
    const first = new ProtobufMessage().uint(1, 150);
    expect(first.toBytes().toString("hex")).toBe("089601");
    expect(new ProtobufMessage().text(2, "testing").toBytes().toString("hex")).toBe(
      "120774657374696e67",
    );
    expect(new ProtobufMessage().message(3, first).toBytes().toString("hex")).toBe("1a03089601");
    expect(first.toDelimited().toString("hex")).toBe("03089601");
  });

  it("whole numbers of either sign and of more than 32 bits come back as they were", () => {
    const number = fc.integer({ min: -(2 ** 51), max: 2 ** 51 });
    fc.assert(
      fc.property(number, (value) => {
        const [field] = decodeProtobuf(new ProtobufMessage().sint(5, value).toBytes());
        expect(unzigzag(Number(field?.value))).toBe(value);
      }),
      { seed: 5 },
    );
  });

  it("fields come in the order they were written, doubles and packed numbers among them", () => {
    const message = new ProtobufMessage().double(2, -0.25).sints(13, [1, -2, 300]).sints(14, []);
    const fields = decodeProtobuf(message.toBytes());
    expect(fields.map(({ field }) => field)).toEqual([2, 13]);
    expect(fields[0]?.value).toBe(-0.25);
    expect(fields[1]?.value).toEqual(Buffer.from([2, 3, 0xd8, 0x04]));
  });
});
