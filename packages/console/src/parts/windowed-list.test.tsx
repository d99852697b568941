import { describe, expect, it } from "vitest";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { WindowedList } from "./windowed-list.tsx";

const list = (count: number, printing = false) => (
  <WindowedList
    rows={Array.from({ length: count }, (_, index) => index + 1)}
    label="Records"
    rowPx={20}
    printing={printing}
    keyOf={(row) => row}
    render={(row) => <i>{row}</i>}
  />
);

const scrollTo = (page: ReturnType<typeof openPage>, px: number): void => {
  const box = one(page.root, ".rows");
  box.scrollTop = px;
  page.scroll(box);
};

describe("windowed list", () => {
  it("up to five hundred rows all stand in the page, without a note", () => {
    using page = openPage();
    const root = page.show(list(500));
    expect(textsOf(root, "i")).toHaveLength(500);
    expect(root.querySelector(".notice")).toBeNull();
  });

  it("above that fewer than two hundred do, and it says what searches all", () => {
    using page = openPage();
    const root = page.show(list(100_000));
    expect(textsOf(root, "i").length).toBeLessThan(200);
    expect(one(root, ".rows").getAttribute("tabIndex")).toBe("0");
    expect(one(root, ".notice").textContent).toBe(
      "Only the rows near the view are in the page; the filter (/) searches all 100,000.",
    );
  });

  it("a row keeps its place among all rows wherever the list is scrolled", () => {
    using page = openPage();
    page.show(list(10_000));
    for (const px of [0, 3000, 100_000, 10_000 * 20]) {
      scrollTo(page, px);
      const rows = [...page.root.querySelectorAll(".row")];
      const at = rows.map((row) => Number(row.getAttribute("aria-posinset")));
      expect(at).toEqual(rows.map((row) => Number(row.textContent)));
      expect(new Set(rows.map((row) => row.getAttribute("aria-setsize")))).toEqual(
        new Set(["10000"]),
      );
      const first = Math.min(9999, Math.floor(px / 20)) + 1;
      expect(at).toContain(first);
    }
    expect(textsOf(page.root, "i").at(-1)).toBe("10000");
  });

  it("the space of the rows left out is kept, so the scroll bar tells the truth", () => {
    using page = openPage();
    const root = page.show(list(2000));
    scrollTo(page, 15_000);
    const heights = [...one(root, ".rows").children].map((child) =>
      child instanceof HTMLElement ? Number.parseInt(child.style.height, 10) : 0,
    );
    expect(heights.reduce((sum, px) => sum + px, 0)).toBe(2000 * 20);
  });

  it("another number of rows starts at the top", () => {
    using page = openPage();
    page.show(list(2000));
    scrollTo(page, 15_000);
    page.show(list(1500));
    expect(textsOf(page.root, "i")[0]).toBe("1");
    expect(one(page.root, ".rows").scrollTop).toBe(0);
  });

  it("a printed list holds five hundred rows and the count of the rest", () => {
    using page = openPage();
    expect(page.show(list(500, true)).querySelector(".notice")).toBeNull();
    const root = page.show(list(1704, true));
    expect(textsOf(root, "i")).toHaveLength(500);
    expect(one(root, ".notice").textContent).toBe("1,204 more rows are not printed.");
  });
});
