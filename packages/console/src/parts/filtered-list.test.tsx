import { describe, expect, it } from "vitest";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { FilteredList } from "./filtered-list.tsx";

const typed: string[] = [];
const list = (rows: readonly string[]) => (
  <FilteredList
    query="kind:note"
    keys={["kind"]}
    rows={rows}
    total={1204}
    label="Records"
    empty="No record matches."
    rowPx={20}
    printing={false}
    keyOf={(row) => row}
    render={(row) => <i>{row}</i>}
    onQuery={(query) => typed.push(query)}
  />
);

describe("filtered list", () => {
  it("stands under its filter, which says how many of all rows fit", () => {
    using page = openPage();
    const root = page.show(list(["a", "b"]));
    expect(one(root, ".filter .muted").textContent).toBe("2 of 1,204");
    expect(one(root, "input").getAttribute("value")).toBe("kind:note");
    expect(one(root, ".rows").getAttribute("aria-label")).toBe("Records");
    expect(textsOf(root, ".row i")).toEqual(["a", "b"]);
    expect(root.querySelector(".notice")).toBeNull();
  });

  it("keeps the filter where no row fits, and says so in place of the rows", () => {
    using page = openPage();
    const root = page.show(list([]));
    expect(one(root, ".filter .muted").textContent).toBe("0 of 1,204");
    expect(one(root, ".notice").textContent).toBe("No record matches.");
    expect(root.querySelector(".rows")).toBeNull();
    page.input(one(root, "input"), "kind:skip");
    expect(typed).toEqual(["kind:skip"]);
  });
});
