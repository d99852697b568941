import { describe, expect, it } from "vitest";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { PagedRows } from "./paged-rows.tsx";

const list = (count: number, more: { printing?: boolean; chosen?: number } = {}) => (
  <PagedRows
    rows={Array.from({ length: count }, (_, index) => index + 1)}
    printing={false}
    render={(rows) => rows.map((row) => <i key={row}>{row}</i>)}
    {...more}
  />
);

const buttonOf = (root: Element, word: string): Element => {
  const found = [...root.querySelectorAll(".pager button")].find(
    (button) => button.textContent === word,
  );
  if (found === undefined) throw new Error(`no button ${word}`);
  return found;
};

describe("rows of unequal height", () => {
  it("up to five hundred all stand in the document, without a pager", () => {
    using page = openPage();
    const root = page.show(list(500));
    expect(textsOf(root, "i")).toHaveLength(500);
    expect([root.querySelector(".notice"), root.querySelector(".pager")]).toEqual([null, null]);
  });

  it("above that two hundred at most do, each once on one of the pages, and it says so", () => {
    using page = openPage();
    const root = page.show(list(501));
    expect(one(root, ".notice").textContent).toBe(
      "One page of rows is in the document; the filter (/) searches all 501.",
    );
    const seen: string[] = [];
    for (let at = 1; at <= 3; at++) {
      const rows = textsOf(root, "i");
      expect(rows.length).toBeLessThanOrEqual(200);
      seen.push(...rows);
      expect(one(root, ".pager").textContent).toContain(`page ${at} of 3`);
      if (at < 3) page.click(buttonOf(root, "later rows"));
    }
    expect(seen).toEqual(Array.from({ length: 501 }, (_, index) => String(index + 1)));
    page.click(buttonOf(root, "earlier rows"));
    expect(textsOf(root, "i")[0]).toBe("201");
  });

  it("the page of the row that an address names is the one that is open", () => {
    using page = openPage();
    const root = page.show(list(1_000, { chosen: 650 }));
    expect(textsOf(root, "i")).toContain("651");
    expect(one(root, ".pager").textContent).toContain("page 4 of 5");
  });

  it("fewer rows after a filter begin at the first of them", () => {
    using page = openPage();
    page.show(list(1_000, { chosen: 650 }));
    expect(textsOf(page.show(list(600)), "i")[0]).toBe("1");
    expect(textsOf(page.show(list(3)), "i")).toEqual(["1", "2", "3"]);
  });

  it("on paper the first five hundred stand, with the count of the rest and no button", () => {
    using page = openPage();
    const root = page.show(list(1_204, { printing: true }));
    expect(textsOf(root, "i")).toHaveLength(500);
    expect(one(root, ".notice").textContent).toBe("704 more rows are not printed.");
    expect(root.querySelector(".pager")).toBeNull();
  });
});
