import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { packFindings, packRecords, unpackFindings, unpackRecords } from "./packing.ts";

describe("packing", () => {
  it("records come back as they were, over the json text too", () => {
    const { records } = fixtureModel({ records: 50, text: " </script> \u202e" });
    const packed = packRecords(records);
    expect(unpackRecords(packed)).toEqual(records);
    expect(unpackRecords(JSON.parse(JSON.stringify(packed)))).toEqual(records);
  });

  it("a gap in the chain keeps its own prev", () => {
    const { records } = fixtureModel({ records: 9 });
    const gapped = records.filter((record) => record.seq !== 4);
    expect(unpackRecords(packRecords(gapped))).toEqual(gapped);
  });

  it("repeated observers and targets are kept once, so the text shrinks", () => {
    const { records } = fixtureModel({ records: 200 });
    const packed = packRecords(records);
    expect(packed.by).toHaveLength(1);
    expect(packed.targets).toHaveLength(1);
    const ratio = JSON.stringify(packed).length / JSON.stringify(records).length;
    expect(ratio).toBeLessThan(0.55);
  });

  it("no records pack to no rows", () => {
    expect(unpackRecords(packRecords([]))).toEqual([]);
  });

  it("an answer that a record holds is told once, and its finding comes back as it was", () => {
    const { records: plain, findings } = fixtureModel({ records: 30, claims: 8 });
    const [first, ...others] = findings;
    if (!first) throw new Error("the model has a finding");
    const raw = "HTTP 500\n".repeat(200);
    const records = plain.map((one, i) => (i === 7 ? { ...one, data: { ...one.data, raw } } : one));
    const told = [{ ...first, raw }, ...others];
    const packed = packFindings(told, records);
    expect(packed[0]?.raw).toBe(records[7]?.seq);
    expect(JSON.stringify(packed)).not.toContain("HTTP 500");
    const read = JSON.parse(JSON.stringify(packed)) as typeof packed;
    expect(unpackFindings(read, records)).toEqual(told);
  });

  it("an answer that no record holds stays with its finding", () => {
    const { records, findings } = fixtureModel({ records: 9, claims: 8 });
    expect(findings.length).toBeGreaterThan(0);
    expect(packFindings(findings, records)).toEqual(findings);
    expect(unpackFindings(packFindings(findings, records), records)).toEqual(findings);
  });
});
