import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { hostileTexts } from "../../test/hostile-texts.ts";
import { interruptedWords } from "../model/first-screen.ts";
import { htmlReporter, renderReport } from "./main.ts";
import { staticVerdict } from "./static-verdict.ts";

const assets = { script: "document.title;", style: "p{margin:0}" };

/** Static markup without the elements that may carry numbers. */
const unmarked = (html: string): string =>
  html
    .replace(/<(bdi|data|code|time)>[^<]*<\/\1>/g, "")
    .replace(/<svg[\s\S]*?<\/svg>/g, "")
    .replace(/<\/?[a-z][^>]*>/g, " ");

const embedded = (html: string): string =>
  /<script type="application\/json" id="model">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";

/** The same value with the members of every object in the opposite order, as another reader may hold it. */
const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, turned(inner)]),
  );
};

describe("report", () => {
  it("a report knows the build that rendered it", () => {
    const model = fixtureModel({ seed: 4 });
    const own = htmlReporter(assets);
    const other = htmlReporter({ ...assets, script: "document.body;" });
    expect(own.isOwn(own.render(model))).toBe(true);
    expect(own.isOwn(other.render(model))).toBe(false);
  });

  it("members in another order give equal bytes", () => {
    const model = fixtureModel({ seed: 3 });
    const again = turned(model) as typeof model;
    expect(renderReport(again, assets)).toBe(renderReport(model, assets));
  });

  it("equal models give equal bytes", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const once = renderReport(fixtureModel({ seed }), assets);
        expect(renderReport(structuredClone(fixtureModel({ seed })), assets)).toBe(once);
      }),
      { numRuns: 20 },
    );
  });

  it("without script an interrupted run and what the plan asks beyond its claims are said too", () => {
    const model = fixtureModel();
    const plain = staticVerdict(model);
    expect(plain).not.toContain(interruptedWords);
    const [first] = model.records;
    if (first === undefined) throw new Error("the fixture has records");
    const closed = { ...first, kind: "run.closed" as const, data: { reason: "cancelled" } };
    const unmet = ["gate prod is not_tested: <b>no</b> claim"];
    const claims = model.verdict.claims.filter(({ verdict }) => verdict === "passed");
    const verdict = { ...model.verdict, claims, unmet };
    const html = staticVerdict({ ...model, records: [closed], verdict });
    expect(html).toContain(interruptedWords);
    expect(html).toContain(
      "<li><bdi>gate prod is not_tested: &lt;b&gt;no&lt;/b&gt; claim</bdi></li>",
    );
    expect(html).not.toContain("Nothing: every required claim");
  });

  it("static text shows digits only in figures, ids, times and verbatim text", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), (seed, claims) => {
        expect(unmarked(staticVerdict(fixtureModel({ seed, claims })))).not.toMatch(/\d/);
      }),
      { numRuns: 500 },
    );
  });

  it("the totals of 500 generated runs are those of their verdicts, whatever rows stand below", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), fc.nat(99), (seed, claims, more) => {
        const model = fixtureModel({ seed, claims });
        // A page that counted its rows would not find the ones that only the verdict knows.
        const counts = { ...model.verdict.counts, passed: 100 + more, not_tested: 200 + more };
        const html = staticVerdict({ ...model, verdict: { ...model.verdict, counts } });
        const shown = /<ul class="static-counts">(.*?)<\/ul>/s.exec(html)?.[1] ?? "";
        for (const word of ["passed", "failed", "inconclusive", "not_tested", "error"] as const) {
          expect(shown).toMatch(new RegExp(`<data>${counts[word]}</data> ${word}</li>`));
        }
        expect(shown).toContain(
          `decided <data>${counts.decided}</data> of <data>${counts.required}`,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("without script outcome, counts, stoppers, untested, commands and digest are there", () => {
    const model = fixtureModel();
    const html = staticVerdict(model);
    for (const text of [
      "NOT_READY",
      "Do not sign",
      `<data>${model.verdict.counts.passed}</data> passed`,
      `<data>${model.verdict.counts.not_tested}</data> not_tested`,
      "auth.c5",
      "tool_missing",
      "161 more requests",
      "loadline validate --plan plan.yaml",
      "loadline verify",
      model.verdict.chainHead,
      "unsigned: consistent, origin unknown",
    ]) {
      expect(html).toContain(text);
    }
  });

  it("without script what is proven stands with its figures, a predicate with what it saw", () => {
    const model = fixtureModel();
    const claims = model.verdict.claims.map((claim, index) =>
      index === 0 ? { ...claim, kind: "predicate" as const, n: 1, bad: 0 } : claim,
    );
    const html = staticVerdict({ ...model, verdict: { ...model.verdict, claims } });
    const rows = html.split("<h2>").find((part) => part.startsWith("Proven")) ?? "";
    expect(rows.match(/<li>/g)).toHaveLength(model.verdict.counts.passed);
    expect(rows).toMatch(/chat\.c0<\/bdi>[^\n]*<data>held<\/data>; <bdi>Bound against/);
    expect(rows).toMatch(/bound <data>&lt;= [\d.]+ s/);
    expect(rows).not.toMatch(/mark-(failed|error|inconclusive|not_tested)/);
  });

  it("a not tested claim never wears the mark or word of a passed one", () => {
    const model = fixtureModel();
    const claims = model.verdict.claims.filter((claim) => claim.verdict === "not_tested");
    const html = staticVerdict({ ...model, verdict: { ...model.verdict, claims } });
    const rows = html.split("<h2>").find((part) => part.startsWith("Stops READY")) ?? "";
    expect(rows).toContain("mark-not_tested");
    expect(rows).not.toMatch(/mark-passed|passed/);
  });

  it("an absent value reads no evidence, never zero", () => {
    const model = fixtureModel();
    const claims = model.verdict.claims.filter((claim) => claim.observed === null);
    const html = staticVerdict({ ...model, verdict: { ...model.verdict, claims } });
    expect(html).toContain("no evidence");
    expect(html).not.toContain("<data>0 ms</data>");
  });

  it.each(hostileTexts)("hostile text cannot leave its place: $name", ({ text }) => {
    const html = renderReport(fixtureModel({ text, claims: 10, records: 10 }), assets);
    expect(html.match(/<script/gi)).toHaveLength(2);
    expect(html.match(/<\/script/gi)).toHaveLength(2);
    expect(html.match(/<style/gi)).toHaveLength(1);
    expect(/<(img|iframe|svg\s+onload|a\s+href="j)/i.exec(html)).toBeNull();
    expect(/(?!\n)[\p{Cc}\p{Cf}]/u.exec(html)).toBeNull();
    expect(embedded(html).indexOf("<")).toBe(-1);
    expect(() => JSON.parse(embedded(html))).not.toThrow();
  });

  it("the policy names exactly the script and style of the page", () => {
    const html = renderReport(fixtureModel(), {
      script: 'x("</script><!--")',
      style: "a{content:'</style>'}",
    });
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
    const hash = (text: string) => createHash("sha256").update(text).digest("base64");
    expect(policy).toBe(
      `default-src 'none'; script-src 'sha256-${hash(script)}'; style-src 'sha256-${hash(style)}'; ` +
        "img-src data:; base-uri 'none'; form-action 'none'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'",
    );
  });

  it("the page names no other resource", () => {
    const html = renderReport(fixtureModel(), assets);
    expect(html).not.toMatch(/\s(src|srcset|action|poster)=/);
    expect(html.match(/<link[^>]*>/g)).toEqual(['<link rel="icon" href="data:,">']);
  });

  it("the reporter is bound to its file", () => {
    const reporter = htmlReporter(assets);
    expect(reporter).toMatchObject({ id: "html", file: "report.html" });
    expect(reporter.render(fixtureModel())).toBe(renderReport(fixtureModel(), assets));
  });
});
