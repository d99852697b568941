import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { shownCharsMax } from "../model/visible-text.ts";
import { capModel } from "./limits.ts";

describe("limits", () => {
  it("a model within the caps is unchanged and nothing is counted as left", () => {
    const model = { ...fixtureModel(), recordCount: 120 };
    expect(capModel(model)).toEqual({ model, left: { records: 0, findings: 0, texts: 0 } });
  });

  it("records over 5,000 and findings over 2,000 are left out and counted", () => {
    const model = fixtureModel({ records: 5_001 });
    const [finding] = model.findings;
    const findings = Array.from({ length: 2_003 }, () => finding ?? []).flat();
    const { left, model: capped } = capModel({ ...model, findings, recordCount: 6_000 });
    expect(capped.records).toHaveLength(5_000);
    expect(capped.findings).toHaveLength(2_000);
    expect(left).toMatchObject({ records: 1_000, findings: 3 });
  });

  it("a 10 MB line is cut to 4 KiB with the count of the rest", () => {
    const long = fixtureModel({ claims: 2 });
    const sentence = "x".repeat(10_000_000);
    const { model, left } = capModel({ ...long, verdict: { ...long.verdict, sentence } });
    expect(model.verdict.sentence.length).toBeLessThanOrEqual(shownCharsMax);
    expect(model.verdict.sentence.slice(-40)).toMatch(/\[\d+ more characters\]$/);
    expect(left.texts).toBe(1);
  });
});
