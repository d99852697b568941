import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimSorts } from "./claim-rows.ts";
import { addressOf, home, nearestId, placeOf, screens } from "./links.ts";

describe("links", () => {
  it("an address leads back to the place it was made from", () => {
    const id = fc.string({ minLength: 1, unit: "grapheme" });
    const place = fc.record({
      screen: fc.constantFrom(...screens.filter((screen) => screen !== "verdict")),
      id,
      part: fc.option(id, { nil: null }),
      query: fc.string({ unit: "grapheme" }),
      sort: fc.constantFrom(...claimSorts),
    });
    fc.assert(
      fc.property(place, (wanted) => {
        expect(placeOf(addressOf(wanted))).toEqual(wanted);
      }),
    );
  });

  it("the documented addresses name their places", () => {
    expect(placeOf("")).toEqual(home);
    expect(placeOf("#/claims/chat.p99/route%3Dchat")).toEqual({
      screen: "claims",
      id: "chat.p99",
      part: "route=chat",
      query: "",
      sort: "plan",
    });
    expect(placeOf("#/claims/chat.p99/route=chat")).toMatchObject({ part: "route=chat" });
    expect(placeOf("#/not-tested?q=stage:drill")).toMatchObject({ query: "stage:drill" });
    expect(placeOf("#/not-tested?stage=drill")).toMatchObject({ query: "stage:drill" });
    expect(placeOf("#/claims?sort=worst&verdict=failed")).toMatchObject({
      sort: "worst",
      query: "verdict:failed",
    });
    expect(placeOf("#/claims?sort=prettiest")).toMatchObject({ sort: "plan", query: "" });
    expect(placeOf("#/evidence/4711")).toMatchObject({ screen: "evidence", id: "4711" });
  });

  it("a filter may be sent key by key, beside what was typed; unknown keys filter nothing", () => {
    const queryOf = (search: string): unknown => placeOf(`#/claims?${search}`);
    expect(queryOf("verdict=failed&required=yes")).toMatchObject({
      query: "verdict:failed required:yes",
    });
    expect(queryOf("stage=load&q=chat%20p99")).toMatchObject({ query: "chat p99 stage:load" });
    expect(queryOf("category=Security%20%26%20Compliance")).toMatchObject({
      query: 'category:"Security & Compliance"',
    });
    expect(queryOf("utm=x&verdict=&stage")).toMatchObject({ query: "" });
  });

  it("an unknown screen is named and a broken escape is kept as text", () => {
    expect(placeOf("#/cliams")).toEqual({ unknown: "cliams" });
    expect(placeOf("#/claims/%E0%A4%A")).toMatchObject({ id: "%E0%A4%A" });
  });

  it("the nearest id is the one with the fewest edits", () => {
    expect(nearestId("cliams", screens)).toBe("claims");
    expect(nearestId("chat.p9", ["chat.p99", "chat.success"])).toBe("chat.p99");
    expect(nearestId("x", [])).toBeNull();
  });
});
