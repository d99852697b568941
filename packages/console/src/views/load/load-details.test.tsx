import type { LoadDetails as Details } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../../test/fixture-model.ts";
import { openPage, textsOf } from "../../../test/page/page.ts";
import { LoadDetails } from "./load-details.tsx";

const model = fixtureModel();

/** What the report says of a scenario, by the class of its paragraph. */
function said(details: Omit<Details, "evidence"> | null, of: string): string {
  const [series] = model.load;
  if (series === undefined) throw new Error("the fixture holds no load");
  using page = openPage();
  const percentiles = [[0.5, 9, 5]] as const;
  const shown = {
    ...series,
    percentiles,
    ...(details !== null && { details: { ...details, evidence: [1] } }),
  };
  return textsOf(page.show(<LoadDetails series={shown} />), of).join("");
}

describe("what a load recorded beside its slices", () => {
  it("cold connections stand beside all requests", () => {
    expect(said({ cold: { requests: 3, medianMs: 12 } }, ".cold")).toBe(
      "3 requests were the first of their connection: half of them took 12 ms, of all 5 ms from when they were sent.",
    );
  });

  it("tokens are told with their source, and with how many answers told none", () => {
    const text = said({ tokens: { told: 7, untold: 2, sum: 90 } }, ".tokens");
    expect(text).toContain("Output tokens: 90, told for 7 answers by their usage");
    expect(text).toContain("of 2 answers nobody knows");
  });

  it("the mix is how often each step was due", () => {
    expect(
      said(
        {
          mix: [
            ["ask", 6],
            ["look", 3],
          ],
        },
        ".mix",
      ),
    ).toBe("Due by step: ask 6 look 3");
  });

  it("what was not recorded is not spoken of", () => {
    for (const of of [".cold", ".tokens", ".mix"]) {
      expect(said({}, of)).toBe("");
      expect(said(null, of)).toBe("");
    }
  });
});
