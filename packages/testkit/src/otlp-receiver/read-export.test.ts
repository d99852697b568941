import { describe, expect, it } from "vitest";
import { readExport } from "./read-export.ts";

type Json = Record<string, unknown>;
const text = (key: string, value: string): Json => ({ key, value: { stringValue: value } });
const sound: Json = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "chat",
  kind: 2,
  startTimeUnixNano: "1767225600000000000",
  endTimeUnixNano: "1767225600000000005",
  attributes: [],
};

function exported(
  span: Json,
  resource: Json = { attributes: [text("service.name", "s")] },
): string {
  const scopeSpans = [{ scope: { name: "scope" }, spans: [{ ...sound, ...span }] }];
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] });
}

const attribute = (value: Json): Json => ({ attributes: [{ key: "a", value }] });

describe("an export that keeps to the protocol", () => {
  it("gives each span with its service, scope, exact times and an empty parent", () => {
    expect(readExport(exported({}))).toEqual([
      {
        service: "s",
        scope: "scope",
        traceId: sound["traceId"],
        spanId: sound["spanId"],
        parentSpanId: "",
        name: "chat",
        kind: 2,
        startNs: 1767225600000000000n,
        endNs: 1767225600000000005n,
        attributes: {},
        status: 0,
      },
    ]);
  });

  it.each([
    [{ stringValue: "x" }, "x"],
    [{ boolValue: false }, false],
    [{ doubleValue: 0.5 }, 0.5],
    [{ intValue: "-12" }, -12],
  ])("reads an attribute of %j", (value, wanted) => {
    expect(readExport(exported(attribute(value)))[0]?.attributes).toEqual({ a: wanted });
  });
});

describe("an export that does not is refused by the member that is wrong", () => {
  it.each([
    [{ traceId: "0".repeat(32) }, "traceId is no id"],
    [{ traceId: "0AF7651916CD43DD8448EB211C80319C" }, "traceId is no id"],
    [{ spanId: "b7ad6b71692033" }, "spanId is no id"],
    [{ parentSpanId: "" }, "parentSpanId is no id"],
    [{ name: 7 }, "name is no text"],
    [{ kind: 6 }, "kind is out of range"],
    [{ kind: 1.5 }, "kind is out of range"],
    [{ startTimeUnixNano: 1 }, "startTimeUnixNano is no text"],
    [{ endTimeUnixNano: "-1" }, "endTimeUnixNano is no time"],
    [{ endTimeUnixNano: "1" }, "endTimeUnixNano is before startTimeUnixNano"],
    [{ status: { code: 3 } }, "status.code is out of range"],
    [{ prompt: "x" }, "span has no member prompt"],
    [{ attributes: {} }, "span.attributes is no list"],
    [attribute({ intValue: 12 }), "a: intValue of number"],
    [attribute({ stringValue: 1 }), "a: stringValue of number"],
    [attribute({ stringValue: "x", boolValue: true }), "exactly one kind of value"],
    [attribute({}), "exactly one kind of value"],
    [{ attributes: [text("a", "1"), text("a", "2")] }, 'attribute "a" twice or empty'],
    [{ attributes: [text("", "1")] }, 'attribute "" twice or empty'],
  ])("%j: %s", (span, message) => {
    expect(() => readExport(exported(span))).toThrow(message);
  });

  it("a service without a name, a body that is none", () => {
    expect(() => readExport(exported({}, { attributes: [] }))).toThrow("service.name");
    expect(() => readExport("[]")).toThrow("body is no object");
    expect(() => readExport("{")).toThrow(SyntaxError);
  });
});
