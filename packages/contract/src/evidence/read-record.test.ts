import { describe, expect, it } from "vitest";
import { makeBundle, makeClaim, makePlan, startRun } from "../../test/support.ts";
import { isDigest, parseJson, readPlan, readRecord, readVerdict } from "./read-record.ts";

/** Of every kind a member may be, so that each wrong one is tried. */
const others: readonly unknown[] = [null, true, -1, 1.5, "x", ["x"], [1], { a: 1 }, undefined];

type Reader = (value: unknown) => unknown;

/** Members whose place no value of `others` takes, and those that take one. */
function accepted(read: Reader, whole: object, key: string): unknown[] {
  return others.filter((other) => read({ ...whole, [key]: other }) !== null);
}

const record = startRun([]).records[0];

describe("a stored record", () => {
  it("is read as it stands, with every member of its kind and nothing in its place", () => {
    expect(readRecord(record)).toBe(record);
    const takes = Object.keys(record ?? {}).map((key) => [
      key,
      accepted(readRecord, record ?? {}, key),
    ]);
    const text = ["x"];
    const texts = [["x"]];
    expect(Object.fromEntries(takes)).toEqual({
      v: [],
      seq: [],
      mono: [-1, 1.5],
      run: text,
      at: text,
      kind: text,
      target: text,
      prev: text,
      hash: text,
      by: [],
      claims: texts,
      refs: texts,
      proves: texts,
      doesNotProve: texts,
      data: [{ a: 1 }],
      provenance: [],
    });
  });

  it.each(["id", "version", "digest"])("names who made it: %s is a text", (key) => {
    const by = { id: "a", version: "1", digest: "" };
    expect(readRecord({ ...record, by })).not.toBeNull();
    expect(readRecord({ ...record, by: { ...by, [key]: 1 } })).toBeNull();
  });

  it.each([
    ["measured", true],
    ["derived", true],
    ["declared", true],
    ["imported", true],
    ["Measured", false],
  ])("of provenance %s is one: %s", (provenance, isOne) => {
    expect(readRecord({ ...record, provenance }) !== null).toBe(isOne);
  });

  it.each([null, [], "x", 3, undefined])("%j is none", (value) => {
    expect([readRecord(value), readPlan(value), readVerdict(value)]).toEqual([null, null, null]);
  });
});

describe("a stored plan", () => {
  const claim = makeClaim({
    id: "a",
    kind: "coverage",
    target: 0.9,
    limit: 1,
    min: 2,
    unit: "ms",
    items: ["x"],
  });
  const plan = makePlan([claim]);
  const withClaim = (change: object): unknown => ({ ...plan, claims: [{ ...claim, ...change }] });

  it("is read as it stands, with every member that the fold reads of its kind", () => {
    expect(readPlan(plan)).toBe(plan);
    for (const key of ["schema", "target", "claims", "stages"])
      expect([key, accepted(readPlan, plan, key).filter((v) => !isEmpty(v))]).toEqual([
        key,
        key === "stages" ? [{ a: 1 }] : [],
      ]);
    expect(accepted(readPlan, plan, "profile")).toEqual(["x"]);
    expect(readPlan({ ...plan, target: { name: "a", baseUrl: 1 } })).toBeNull();
    expect(readPlan({ ...plan, target: { name: 1, baseUrl: "a" } })).toBeNull();
  });

  it.each([
    ["id", ["x"]],
    ["statement", ["x"]],
    ["kind", ["x"]],
    ["of", ["x"]],
    ["category", ["x"]],
    ["parts", [["x"]]],
    ["confidence", []],
    ["required", [true]],
    ["target", [undefined]],
    ["limit", [-1, 1.5, undefined]],
    ["min", [undefined]],
    ["unit", ["x", undefined]],
    ["items", [["x"], undefined]],
    ["mode", [undefined]],
  ])("one claim whose %s is of another kind makes it none", (key, taken) => {
    expect(others.filter((other) => readPlan(withClaim({ [key]: other })) !== null)).toEqual(taken);
  });

  it.each([
    ["retries", [undefined, 0, 1, 2], [3, 1_000]],
    ["maxAgeMs", [undefined, 1.5, 2_592_000_000], [0, 2_592_000_001, Infinity]],
  ])("whose %s is out of the range of a plan is none", (key, taken, refused) => {
    const all = [...new Set([...others, ...taken, ...refused])];
    const read = all.filter((other) => readPlan({ ...plan, [key]: other }) !== null);
    expect(new Set(read)).toEqual(new Set(taken));
  });

  it("one broken claim among good ones makes it none", () => {
    expect(readPlan({ ...plan, claims: [claim, { ...claim, id: "b" }] })).not.toBeNull();
    expect(readPlan({ ...plan, claims: [claim, { id: "b" }] })).toBeNull();
  });
});

/** A list of nothing is a list of claims. */
function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

describe("a stored verdict", () => {
  const document = makeBundle().run.fold();

  it("is read by its frame: schema, run, outcome, fold and claims with their ids", () => {
    expect(readVerdict(document)).toBe(document);
    expect(accepted(readVerdict, document, "schema")).toEqual([]);
    for (const key of ["run", "outcome", "foldVersion"])
      expect([key, accepted(readVerdict, document, key)]).toEqual([key, ["x"]]);
    expect(accepted(readVerdict, document, "claims")).toEqual([]);
    expect(readVerdict({ ...document, claims: [{ id: "a" }, {}] })).toBeNull();
  });
});

describe("stored JSON", () => {
  it.each(['{"a":"\\ud800"}', '{"a":"\\uDfff"}', '{"a":1e999}', '{"a":-1E+400}', "{", ""])(
    "%j has no canonical form and is no value",
    (text) => {
      expect(parseJson(text)).toBeUndefined();
    },
  );

  it.each(['{"a":"\\ud83d\\ude80"}', '{"a":1e2}', '{"a":"1e999"}', "null"])(
    "%j is read",
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  );
});

describe("a digest", () => {
  it("is 64 digits of lower hex and nothing else", () => {
    expect(isDigest("0123456789abcdef".repeat(4))).toBe(true);
    const close = [
      "a".repeat(63),
      "a".repeat(65),
      "A".repeat(64),
      "g".repeat(64),
      `${"a".repeat(64)}\n`,
    ];
    for (const text of [...close, null, 1]) expect(isDigest(text)).toBe(false);
  });
});
