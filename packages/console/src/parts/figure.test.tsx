import type { Figure } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { Fig } from "./figure.tsx";

const seen: Figure = { value: 840, unit: "ms", n: 1204, provenance: "measured", refs: [7, 9] };

describe("figure", () => {
  it("the text is the model's value with its unit", () => {
    using page = openPage();
    expect(page.show(<Fig figure={seen} />).textContent).toBe("840 ms");
    expect(page.show(<Fig figure={{ ...seen, value: 0 }} />).textContent).toBe("0 ms");
  });

  it.each([null, { ...seen, value: null }])(
    "an absent figure reads not measured and opens nothing: %j",
    (figure) => {
      using page = openPage();
      const root = page.show(<Fig figure={figure} rule="a rule" />);
      expect(root.textContent?.replace("\u25c7", "")).toBe("not measured");
      expect(root.querySelector("button")).toBeNull();
      expect(one(root, ".fig-none").textContent).not.toMatch(/\d/);
    },
  );

  it("derived, declared and imported figures wear a sign with its name, measured ones and the page's own counts none", () => {
    using page = openPage();
    const signs = (refs: readonly number[]) =>
      (["measured", "derived", "declared", "imported"] as const).map((provenance) => {
        const root = page.show(<Fig figure={{ ...seen, provenance, refs }} />);
        return root.querySelector(".fig-sign")?.getAttribute("aria-label") ?? "";
      });
    expect(signs([7])).toEqual(["", "derived", "declared", "imported"]);
    expect(signs([])).toEqual(["", "", "declared", "imported"]);
  });

  it("a figure with records opens what it rests on and closes again", () => {
    using page = openPage();
    const root = page.show(<Fig figure={seen} label="observed" rule="nearest rank" />);
    const button = one(root, "button");
    expect(button.getAttribute("aria-expanded")).toBe("false");
    page.click(button);
    const note = one(root, ".provenance");
    expect(button.getAttribute("aria-expanded")).toBe("true");
    expect(note.getAttribute("id")).toBe(button.getAttribute("aria-controls"));
    expect(note.textContent).toBe("observed: measured, n 1,204nearest rankrecords #7#9");
    expect(textsOf(note, "a")).toEqual(["#7", "#9"]);
    expect(one(note, "a").getAttribute("href")).toBe("#/evidence/7");
    page.click(button);
    expect(root.querySelector(".provenance")).toBeNull();
  });

  it("no more than twelve records are listed and the rest is counted", () => {
    using page = openPage();
    const refs = Array.from({ length: 1300 }, (_, index) => index);
    const root = page.show(<Fig figure={{ ...seen, refs }} />);
    page.click(one(root, "button"));
    expect(textsOf(root, ".record-link")).toHaveLength(12);
    expect(root.textContent).toContain("and 1,288 more");
  });

  it("a figure without records or rule is no button", () => {
    using page = openPage();
    expect(page.show(<Fig figure={{ ...seen, refs: [] }} />).querySelector("button")).toBeNull();
  });
});
