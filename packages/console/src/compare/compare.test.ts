import {
  type Claim,
  diffRuns,
  type DiffSide,
  type RunPlan,
  trendRuns,
  type VerdictDocument,
} from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { hostileTexts } from "../../test/hostile-texts.ts";
import { renderDiffPage } from "./diff-page.ts";
import { seriesSvg } from "./series.ts";
import { renderTrendPage } from "./trend-page.ts";

const assets = { script: "document.title;", style: "p{margin:0}" };

/** Static markup without the elements that may carry numbers. */
const unmarked = (html: string): string =>
  html
    .slice(html.indexOf("<body>"))
    .replace(/<(bdi|data|code|time)>[^<]*<\/\1>/g, "")
    .replace(/<svg[\s\S]*?<\/svg>/g, "")
    .replace(/<\/?[a-z][^>]*>/g, " ");

const plan: RunPlan = {
  schema: "loadline-plan/v1",
  profile: "quick",
  target: { name: "stub", baseUrl: "http://127.0.0.1:9/v1" },
  confidence: 0.95,
  maxWaived: 3,
  budgetMinutes: 1,
  stages: {},
  claims: [],
};

function sideOf(seed: number, over: (verdict: VerdictDocument) => VerdictDocument): DiffSide {
  const { records, verdict } = fixtureModel({ seed, claims: 6 });
  return { plan, records, verdict: over(verdict) };
}

const named = (run: string) => (verdict: VerdictDocument) => ({ ...verdict, run });
const a = sideOf(1, named("run-a"));

const promise: Claim = {
  id: "chat.success",
  statement: "Most succeed",
  kind: "proportion",
  of: "load.chat",
  target: 0.99,
  parts: ["all"],
  confidence: 0.95,
  required: true,
  category: "Performance & Capacity",
  rationale: "A promise to users.",
};

/** The same run, its first claim as it is given. */
const withFirst = (run: string, first: Partial<VerdictDocument["claims"][number]>): DiffSide =>
  sideOf(1, (verdict) => ({
    ...verdict,
    run,
    claims: verdict.claims.map((claim, at) => (at === 0 ? { ...claim, ...first } : claim)),
  }));

const pageOf = (b: DiffSide): string => renderDiffPage({ a, b, diff: diffRuns(a, b) }, assets);

describe("the page of two runs", () => {
  it("names what became worse first, with mark and word on both sides", () => {
    const before = withFirst("run-a", { verdict: "passed" });
    const b = withFirst("run-b", { verdict: "failed", reason: "limit" });
    const html = renderDiffPage({ a: before, b, diff: diffRuns(before, b) }, assets);
    const worse = html.indexOf("<h2>Worse <data>1</data></h2>");
    expect(worse).toBeGreaterThan(0);
    expect(html.indexOf("<h2>Unchanged verdicts")).toBeGreaterThan(worse);
    expect(html.slice(worse)).toMatch(
      /mark-passed[\s\S]*<b>passed<\/b>[\s\S]*mark-failed[\s\S]*<b>failed<\/b> limit/,
    );
  });

  it("says what was loosened, and that nothing is judged", () => {
    const strict: DiffSide = { ...a, plan: { ...a.plan, claims: [promise] } };
    const eased: DiffSide = { ...a, plan: { ...a.plan, claims: [{ ...promise, target: 0.9 }] } };
    const html = renderDiffPage({ a: strict, b: eased, diff: diffRuns(strict, eased) }, assets);
    expect(html).toMatch(/<h2>Loosened <data>1<\/data><\/h2>/);
    expect(html).toContain("shown, not judged");
  });

  it("lists what the plans configure differently, and nothing that they share", () => {
    const b = { ...a, plan: { ...a.plan, stages: { load: { ratePerSecond: 30, seed: 7 } } } };
    const before = { ...a, plan: { ...a.plan, stages: { load: { ratePerSecond: 20, seed: 7 } } } };
    const html = renderDiffPage({ a: before, b, diff: diffRuns(before, b) }, assets);
    expect(html).toContain("<h2>Configuration <data>1</data></h2>");
    expect(html).toMatch(/<bdi>load\.ratePerSecond<\/bdi> <bdi>20<\/bdi> -&gt; <bdi>30<\/bdi>/);
    expect(pageOf(a)).not.toContain("<h2>Configuration");
  });

  it("runs no script and loads nothing: its policy allows its own style alone", () => {
    const html = pageOf(withFirst("run-b", {}));
    expect(html).not.toMatch(/<script|(?:src|href)="(?!data:)|<[^>]* on[a-z]+=/);
    expect(html).toMatch(/content="default-src 'none'; style-src 'sha256-[^']+'; img-src data:;/);
  });

  it("shows digits only in figures, ids, times and verbatim text", () => {
    for (let seed = 0; seed < 20; seed++) {
      const b = sideOf(seed, named("run-b"));
      expect(unmarked(pageOf(b)).replace(/sha256/g, "")).not.toMatch(/\d/);
      const runs = [a, b];
      expect(unmarked(renderTrendPage({ runs, rows: trendRuns(runs) }, assets))).not.toMatch(/\d/);
    }
  });

  it("hostile names stay text, on both pages", () => {
    for (const { text } of hostileTexts) {
      const b = sideOf(1, (verdict) => ({
        ...verdict,
        run: text,
        target: text,
        claims: verdict.claims.map((claim) => ({ ...claim, id: text })),
      }));
      const runs = [a, b];
      const pages = [pageOf(b), renderTrendPage({ runs, rows: trendRuns(runs) }, assets)];
      for (const html of pages) {
        expect(html).not.toMatch(/<(?:script|img|iframe|a|object|style x)\b/i);
        expect(html.match(/<style>/g)).toHaveLength(1);
      }
    }
  });

  it("equal runs give equal bytes, and more than 500 claims are counted, not shown", () => {
    expect(pageOf(structuredClone(a))).toBe(pageOf(a));
    const [claim] = a.verdict.claims;
    if (claim === undefined) throw new Error("a claim is needed");
    const claims = Array.from({ length: 503 }, (_, at) => ({ ...claim, id: `c.${at}` }));
    const many = sideOf(1, (verdict) => ({ ...verdict, claims }));
    const html = renderDiffPage({ a: many, b: many, diff: diffRuns(many, many) }, assets);
    expect(html).toContain("<data>3</data> more are not shown");
  });
});

describe("the page of many runs", () => {
  it("a run without the claim is a gap, and a cut says why", () => {
    const without = sideOf(1, (verdict) => ({
      ...verdict,
      run: "run-c",
      claims: verdict.claims.slice(1),
    }));
    const other = sideOf(1, (verdict) => ({ ...verdict, run: "run-d", target: "elsewhere" }));
    const runs = [a, without, other];
    const html = renderTrendPage({ runs, rows: trendRuns(runs) }, assets);
    const id = a.verdict.claims[0]?.id ?? "";
    const section = html.slice(html.indexOf(`<h3><bdi>${id}</bdi></h3>`)).split("</section>")[0];
    expect(section).toContain("no such claim");
    expect(section).toContain("not joined: another target");
    expect(html).toContain("<h1><data>3</data> runs, claim by claim</h1>");
  });

  it("one axis for all runs: bars lie in the drawing, the higher figure above", () => {
    const claim = a.verdict.claims.find((one) => one.interval !== null && one.kind !== "predicate");
    if (claim?.interval === undefined || claim.interval === null)
      throw new Error("a figure is needed");
    const { unit } = claim.interval;
    const at = (value: number) => ({
      isBroken: false,
      claim: {
        ...claim,
        limit: null,
        interval: { ...claim.interval, unit, lower: value, upper: value + 1, confidence: 0.95 },
        observed: { value, unit, provenance: "measured" as const, refs: [] },
      },
    });
    const svg = seriesSvg([at(10), { claim: null, isBroken: false }, at(20)], "two");
    const ys = [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(ys).toHaveLength(2);
    expect(ys[0]).toBeGreaterThan(ys[1] ?? Number.NaN);
    for (const y of ys) expect(y >= 0 && y <= 64).toBe(true);
    expect(seriesSvg([{ claim: null, isBroken: false }], "none")).toBe("");
  });
});
