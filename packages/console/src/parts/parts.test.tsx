import type { Figure, Interval, Verdict } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { hostileTexts } from "../../test/hostile-texts.ts";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { FilterBox } from "./filter-box.tsx";
import { IntervalBar } from "./interval.tsx";
import { Notice } from "./notice.tsx";
import { Observed } from "./observed.tsx";
import { TableTwin } from "./table-twin.tsx";
import { Untrusted } from "./untrusted.tsx";
import { VerdictMark } from "./verdict-mark.tsx";

const ms = (value: number): Figure => ({ value, unit: "ms", provenance: "measured", refs: [] });
const verdicts: readonly Verdict[] = ["passed", "failed", "inconclusive", "not_tested", "error"];

describe("untrusted text", () => {
  it.each(hostileTexts)("$name stays text in both forms", ({ text }) => {
    using page = openPage();
    for (const block of [false, true]) {
      const root = page.show(<Untrusted text={text} block={block} />);
      expect(root.querySelectorAll(block ? "pre bdi" : "bdi")).toHaveLength(1);
      expect(one(root, "bdi").children).toHaveLength(0);
      expect(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(root.textContent ?? "")).toBeNull();
    }
  });

  it("text past 4,096 characters is cut and the rest is counted outside of it", () => {
    using page = openPage();
    const root = page.show(<Untrusted text={"x".repeat(5300)} />);
    expect(one(root, "bdi").textContent).toHaveLength(4096);
    expect(one(root, ".muted").textContent).toBe(" (1,204 more characters)");
    expect(page.show(<Untrusted text={"x".repeat(4096)} />).querySelector(".muted")).toBeNull();
  });
});

describe("verdict mark", () => {
  it("each verdict has a mark and a word of its own", () => {
    using page = openPage();
    const shown = verdicts.map((verdict) => {
      const root = page.show(<VerdictMark verdict={verdict} />);
      expect(one(root, ".verdict-word").textContent).toBe(verdict);
      return one(root, "svg").innerHTML;
    });
    expect(new Set(shown).size).toBe(verdicts.length);
  });

  it("a waived claim keeps its verdict's mark and word, with the frame and the word beside", () => {
    using page = openPage();
    const plain = one(page.show(<VerdictMark verdict="failed" />), "svg").innerHTML;
    const root = page.show(<VerdictMark verdict="failed" disposition="waived" reason="limit" />);
    expect(one(root, "svg").innerHTML.startsWith(plain)).toBe(true);
    expect(root.querySelectorAll(".mark-frame")).toHaveLength(1);
    expect(root.textContent).toBe("failedwaivedlimit");
  });

  it("a claim that does not apply wears a dash in place of its verdict's mark, its word stays", () => {
    using page = openPage();
    const root = page.show(<VerdictMark verdict="not_tested" disposition="not_applicable" />);
    expect(root.querySelectorAll("svg .mark-dash")).toHaveLength(1);
    expect(one(root, "svg").children).toHaveLength(1);
    expect(root.textContent).toBe("not_testednot_applicable");
  });

  it("the mark says nothing to who hears the page; the word does", () => {
    using page = openPage();
    const root = page.show(<VerdictMark verdict="not_tested" />);
    expect(one(root, "svg").getAttribute("aria-hidden")).toBe("true");
    expect(root.textContent).toBe("not_tested");
  });
});

describe("observed", () => {
  it.each([
    ["predicate", 1, 0, 0, "not measured"],
    ["predicate", 1, 1, 0, "held"],
    ["predicate", 0, 1, 1, "did not hold"],
    ["predicate", 0.75, 8, 2, "held 6 of 8"],
    ["quantile", 840, 312, 0, "840 ms"],
    ["quantile", null, 0, 0, "not measured"],
  ] as const)("%s seen %j in %i samples, %i bad: %s", (kind, value, n, bad, text) => {
    using page = openPage();
    const observed = value === null ? null : ms(value);
    expect(page.show(<Observed claim={{ kind, observed, n, bad }} />).textContent).toBe(text);
  });

  it("a percentile without a figure of its own shows the counts that decided it", () => {
    using page = openPage();
    const observed = { ...ms(0), value: null };
    const claim = { kind: "quantile", observed, n: 600, bad: 3 } as const;
    expect(page.show(<Observed claim={claim} />).textContent).toBe("3 of 600 bad");
  });
});

describe("interval bar", () => {
  const upTo = (upper: number): Interval => ({ lower: null, upper, confidence: 0.95, unit: "ms" });
  const numbers = (root: Element, selector: string, name: string): number =>
    Number(one(root, selector).getAttribute(name));

  it("nothing to draw says so in words, never as an empty bar", () => {
    using page = openPage();
    for (const interval of [null, { ...upTo(1), upper: null }]) {
      const root = page.show(<IntervalBar interval={interval} observed={ms(1)} limit={ms(2)} />);
      expect(root.querySelector("svg")).toBeNull();
      expect(root.textContent).toBe("- no interval -");
    }
  });

  it("its words carry the model's three figures, and a gap reads not measured", () => {
    using page = openPage();
    const root = page.show(<IntervalBar interval={upTo(900)} observed={null} limit={ms(2000)} />);
    const words = one(root, "svg").getAttribute("aria-label");
    expect(words).toBe("observed not measured, bound <= 900 ms (95 % one-sided), limit 2 s");
    expect(one(root, "title").textContent).toBe(words);
    expect(root.querySelector("circle")).toBeNull();
  });

  it("a declared limit is hollow, a measured one is not", () => {
    using page = openPage();
    const declared: Figure = { ...ms(2000), provenance: "declared" };
    const of = (limit: Figure) =>
      page.show(<IntervalBar interval={upTo(900)} observed={ms(840)} limit={limit} />);
    expect(of(declared).querySelectorAll("rect.interval-limit.interval-hollow")).toHaveLength(1);
    expect(of(declared).querySelector("path.interval-limit")).toBeNull();
    expect(of(ms(2000)).querySelectorAll("path.interval-limit")).toHaveLength(1);
    expect(of(ms(2000)).querySelector(".interval-hollow")).toBeNull();
  });

  it("a value below its resolution is a hollow bar from 0 to it, never a point", () => {
    using page = openPage();
    const seen = { ...ms(0.4), resolution: 1 };
    const root = page.show(<IntervalBar interval={upTo(2)} observed={seen} limit={ms(4)} />);
    expect(root.querySelector("circle")).toBeNull();
    const bar = one(root, ".interval-below");
    expect(Number(bar.getAttribute("width"))).toBeGreaterThan(10);
    const end = Number(bar.getAttribute("x")) + Number(bar.getAttribute("width"));
    expect(end).toBeLessThan(200);
    expect(one(root, "svg").getAttribute("aria-label")).toContain("observed < 1 ms");
    const above = { ...ms(1.4), resolution: 1 };
    const plain = page.show(<IntervalBar interval={upTo(2)} observed={above} limit={ms(4)} />);
    expect(plain.querySelectorAll("circle")).toHaveLength(1);
    expect(plain.querySelector(".interval-below")).toBeNull();
  });

  it.each([
    [900, 840, 2000],
    [0, 0, 0],
    [5, 5, 5],
    [0, 0, 100],
    [1e9, 1, 2],
  ])("bound %d, observed %d and limit %d all lie inside the picture", (upper, at, limit) => {
    using page = openPage();
    const root = page.show(
      <IntervalBar interval={upTo(upper)} observed={ms(at)} limit={ms(limit)} />,
    );
    const point = numbers(root, "circle", "cx");
    const tick = Number(/M([-\d.e]+) 1v20/.exec(root.innerHTML)?.[1]);
    const end = numbers(root, "rect", "x") + numbers(root, "rect", "width");
    for (const x of [point, tick, end]) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(200);
    }
    expect(Math.sign(tick - point) * Math.sign(limit - at)).toBeGreaterThanOrEqual(0);
  });
});

describe("table twin", () => {
  const table = (rows: number) => ({
    columns: ["until", "p99"],
    rows: Array.from({ length: rows }, (_, row) => [ms(row), { ...ms(1), value: null }]),
  });

  it("a gap is a cell that reads not measured", () => {
    using page = openPage();
    const root = page.show(<TableTwin table={table(1)} label="Rate" printing={false} />);
    expect(textsOf(root, "td")).toEqual(["0 ms", "not measured"]);
    expect(textsOf(root, "th")).toEqual(["until", "p99"]);
    expect(root.querySelector("button")).toBeNull();
  });

  it("every row stands on exactly one page, and the ends turn no further", () => {
    using page = openPage();
    const root = page.show(<TableTwin table={table(60)} label="Rate" printing={false} />);
    const seen: (string | undefined)[] = [];
    for (const at of [1, 2, 3]) {
      expect(one(root, ".pager").textContent).toContain(`page ${at} of 3`);
      const [earlier, later] = [...root.querySelectorAll("button")];
      expect(earlier?.getAttribute("disabled") ?? null).toBe(at === 1 ? "true" : null);
      expect(later?.getAttribute("disabled") ?? null).toBe(at === 3 ? "true" : null);
      seen.push(...textsOf(root, "td").filter((_, index) => index % 2 === 0));
      page.click(later ?? null);
    }
    expect(seen).toEqual(
      table(60).rows.map((row) => page.show(<Observed claim={observedOf(row[0])} />).textContent),
    );
  });

  it("a table that got shorter shows its last page", () => {
    using page = openPage();
    page.show(<TableTwin table={table(60)} label="Rate" printing={false} />);
    page.click(page.root.querySelectorAll("button")[1] ?? null);
    page.click(page.root.querySelectorAll("button")[1] ?? null);
    const root = page.show(<TableTwin table={table(26)} label="Rate" printing={false} />);
    expect(one(root, ".pager").textContent).toContain("page 2 of 2");
    expect(textsOf(root, "td")).toHaveLength(2);
  });

  it("on paper five hundred rows stand together and the pages are counted", () => {
    using page = openPage();
    const root = page.show(<TableTwin table={table(501)} label="Rate" printing />);
    expect(textsOf(root, "td")).toHaveLength(1000);
    expect(one(root, ".pager").textContent).toContain("page 1 of 2");
  });
});

const observedOf = (observed: Figure | undefined) =>
  ({ kind: "quantile", observed: observed ?? null, n: 1, bad: 0 }) as const;

describe("filter box", () => {
  it("it says how many of how many rows are shown and hands on what is typed", () => {
    using page = openPage();
    const typed: string[] = [];
    const root = page.show(
      <FilterBox
        query="chat"
        keys={["verdict", "stage"]}
        shown={3}
        total={1204}
        onQuery={(query) => typed.push(query)}
      />,
    );
    const box = one(root, "input");
    expect(one(root, ".muted").textContent).toBe("3 of 1,204");
    expect(box.getAttribute("placeholder")).toBe("words, verdict: stage: - excludes");
    expect(box.getAttribute("value")).toBe("chat");
    expect(one(root, "label").getAttribute("for")).toBe(box.getAttribute("id"));
    page.input(box, "verdict:failed");
    expect(typed).toEqual(["verdict:failed"]);
  });
});

describe("notice", () => {
  it("only an error interrupts who hears the page", () => {
    using page = openPage();
    const roles = (["empty", "note", "error"] as const).map((kind) =>
      one(page.show(<Notice kind={kind}>x</Notice>), "p").getAttribute("role"),
    );
    expect(roles).toEqual([null, null, "alert"]);
  });
});
