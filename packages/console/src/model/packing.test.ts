import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { packRecords, unpackRecords } from "./packing.ts";

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
});
