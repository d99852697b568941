import { type Claim, formatFigure } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { claimOf, viewOf, withClaims } from "../../test/view.ts";
import type { ClaimSort } from "../model/claim-rows.ts";
import { markShapes } from "../model/mark-shapes.ts";
import { ClaimsView } from "./claims/claims-view.tsx";
import { EvidenceView } from "./evidence/evidence-view.tsx";
import { FindingsView } from "./findings/findings-view.tsx";
import { NotTestedView } from "./not-tested/not-tested-view.tsx";

const model = fixtureModel();
const promise: Claim = {
  id: "",
  statement: "It holds",
  kind: "predicate",
  of: "",
  parts: ["all"],
  confidence: 0.95,
  required: true,
  category: "Testing & Quality",
  rationale: "A promise to users.",
};
const { claims } = model.verdict;
const untested = claims.flatMap((claim) =>
  claim.parts
    .filter((part) => part.verdict === "not_tested")
    .map((part) => ({ id: claim.id, part: part.part, reason: part.reason ?? "" })),
);

describe("claims view", () => {
  const rowsOf = (query: string): readonly string[] => {
    using page = openPage();
    return textsOf(page.show(<ClaimsView {...viewOf(model, { query })} />), ".claim-row a.id");
  };

  it("every claim stands once, in the order of the plan", () => {
    expect(rowsOf("")).toEqual(claims.map((claim) => claim.id));
  });

  it.each(["passed", "failed", "inconclusive", "not_tested", "error"] as const)(
    "verdict:%s takes exactly its claims, in the same order",
    (verdict) => {
      const own = claims.filter((claim) => claim.verdict === verdict).map((claim) => claim.id);
      expect(own.length).toBeGreaterThan(0);
      expect(rowsOf(`verdict:${verdict}`)).toEqual(own);
      expect(rowsOf(`-verdict:${verdict}`)).toHaveLength(claims.length - own.length);
    },
  );

  it("required, reason and stage narrow the list, and words look into statements and parts", () => {
    const optional = claims.filter((claim) => !claim.required).map((claim) => claim.id);
    expect(rowsOf("required:no")).toEqual(optional);
    expect(rowsOf("reason:crashed")).toEqual(
      claims.filter((claim) => claim.reason === "crashed").map((claim) => claim.id),
    );
    expect(rowsOf("stage:auth").every((id) => id.startsWith("auth."))).toBe(true);
    expect(rowsOf("route=backup")).toHaveLength(14);
  });

  it("a stage is that of the stream which decides a claim, not the first word of its id", () => {
    const [first, second] = claims;
    if (first === undefined || second === undefined) throw new Error("the fixture has claims");
    const of = (id: string, stream: string) => ({ ...promise, id, of: stream });
    const plan = { ...model.plan, claims: [of(first.id, "load.chat"), of(second.id, "probe.x")] };
    using page = openPage();
    const found = (query: string) =>
      textsOf(
        page.show(<ClaimsView {...viewOf({ ...model, plan }, { query })} />),
        ".claim-row a.id",
      );
    expect(found("stage:load")).toEqual([first.id]);
    expect(found("stage:probe").slice(0, 1)).toEqual([second.id]);
  });

  it("an order asked for holds, and equal rows stay in the plan's", () => {
    using page = openPage();
    const idsBy = (sort: ClaimSort) =>
      textsOf(page.show(<ClaimsView {...viewOf(model, { sort })} />), ".claim-row a.id");
    const byId = new Map(claims.map((claim) => [claim.id, claim]));
    expect(idsBy("id")).toEqual(claims.map(({ id }) => id).toSorted());
    const counts = idsBy("samples").map((id) => byId.get(id)?.n ?? 0);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    const worst = idsBy("worst").map((id) => byId.get(id));
    const failed = claims.filter(({ verdict, required }) => verdict === "failed" && required);
    expect(worst.slice(0, failed.length)).toEqual(failed);
    expect(worst.at(-1)?.required).toBe(false);
  });

  it("the grid of claim by part counts what was looked at, and leads to each part", () => {
    using page = openPage();
    const root = page.show(<ClaimsView {...viewOf(model)} />);
    const parts = claims.flatMap((claim) => claim.parts);
    const seen = parts.filter(({ verdict }) => verdict !== "not_tested");
    expect(one(root, ".coverage summary").textContent).toBe(
      `coverage: ${seen.length} of ${parts.length} parts were looked at`,
    );
    expect(textsOf(root, ".coverage-part .verdict-word")).toEqual(
      parts.map((part) => part.verdict),
    );
    expect(one(root, ".coverage-part a").getAttribute("href")).toBe(
      `#/claims/${claims[0]?.id}/route%3Dchat`,
    );
  });

  it("a filter that takes nothing says so and how to undo it", () => {
    using page = openPage();
    const root = page.show(<ClaimsView {...viewOf(model, { query: "nothing-like-it" })} />);
    expect(one(root, ".notice").textContent).toBe("No claim matches this filter; Esc clears it.");
    expect(one(root, ".filter .muted").textContent).toBe(`0 of ${claims.length}`);
  });

  it("a row shows the model's verdict, figure, count and need, with the mark of its verdict", () => {
    using page = openPage();
    const root = page.show(<ClaimsView {...viewOf(model)} />);
    const rows = [...root.querySelectorAll(".claim-row")];
    for (const [index, claim] of claims.entries()) {
      const row = rows[index] ?? root;
      expect(one(row, ".verdict-word").textContent).toBe(claim.verdict);
      expect(row.querySelectorAll(`.mark-${claim.verdict}`)).toHaveLength(1);
      expect(one(row, "svg.mark").children).toHaveLength(markShapes[claim.verdict].length);
      expect(one(row, ".claim-observed").textContent).toBe(
        claim.observed === null ? "not measured" : formatFigure(claim.observed),
      );
      expect(one(row, ".claim-n").textContent).toBe(`n ${claim.n}`);
      expect(one(row, ".claim-need").textContent).toBe(claim.required ? "required" : "optional");
    }
  });
});

describe("not tested view", () => {
  it("each untested part stands once, with its reason and what would fill it; no other part", () => {
    using page = openPage();
    const root = page.show(<NotTestedView {...viewOf(model)} />);
    expect(textsOf(root, ".untested a.id")).toEqual(
      untested.map(({ id, part }) => `${id} part ${part}`),
    );
    expect(textsOf(root, ".untested .reason")).toEqual(untested.map(({ reason }) => reason));
    expect(root.querySelectorAll(".untested .command")).toHaveLength(untested.length);
    expect(one(root, ".untested").textContent).toContain("Would prove it: 161 more requests");
  });

  it("not tested has its own mark and word, never those of passed", () => {
    using page = openPage();
    const root = page.show(<NotTestedView {...viewOf(model)} />);
    expect(new Set(textsOf(root, ".verdict-word"))).toEqual(new Set(["not_tested"]));
    expect(root.querySelectorAll(".mark-not_tested")).toHaveLength(untested.length);
    expect(root.querySelectorAll(".mark-passed, .mark-glyph")).toHaveLength(0);
    for (const circle of root.querySelectorAll("svg.mark circle")) {
      expect(circle.getAttribute("stroke-dasharray")).not.toBeNull();
    }
  });

  it("a filter on the reason takes its parts, one that takes none does not read as all tested", () => {
    using page = openPage();
    const of = (query: string) => page.show(<NotTestedView {...viewOf(model, { query })} />);
    const skipped = untested.filter(({ reason }) => reason === "skipped");
    expect(of("reason:skipped").querySelectorAll(".untested [data-row]")).toHaveLength(
      skipped.length,
    );
    expect(textsOf(of("reason:none-such"), ".notice")).toEqual([
      "No untested part matches this filter; Esc clears it.",
    ]);
  });

  it("nothing untested does not claim evidence for a part that crashed, or for an empty plan", () => {
    using page = openPage();
    const texts = (of: readonly (typeof claims)[number][]) =>
      textsOf(page.show(<NotTestedView {...viewOf(withClaims(of))} />), ".notice");
    expect(texts([claimOf("error"), claimOf("passed")])).toEqual([
      "No part of any claim was left untested.",
    ]);
    expect(texts([])).toEqual(["This run has no claim."]);
  });
});

describe("findings view", () => {
  const [finding] = model.findings;
  if (finding === undefined) throw new Error("the fixture has one finding");
  const many = {
    ...model,
    findings: (["low", "high", "critical"] as const).map((severity, index) => ({
      ...finding,
      severity,
      fingerprint: `f${index}`,
    })),
  };

  it("a finding says whether it is open and who answers for it, or that nobody is named", () => {
    using page = openPage();
    const shown = (more: object): string => {
      const other = { ...model, findings: [{ ...finding, ...more }] };
      return page.show(<FindingsView {...viewOf(other)} />).textContent ?? "";
    };
    expect(shown({})).toContain("statusopenownernobody is namedresolution");
    expect(shown({ status: "accepted", owner: "data team" })).toContain(
      "statusacceptedownerdata teamresolution",
    );
  });

  it("a finding shows what was seen, its remedy, its command and its records", () => {
    using page = openPage();
    const text = page.show(<FindingsView {...viewOf(model)} />).textContent ?? "";
    for (const part of [finding.title, finding.impact, finding.remedy, "f00d1e5", "#5#6"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("curl -N http://127.0.0.1:8080/v1/chat/completions");
    expect(one(page.root, "pre").textContent).toBe(finding.raw);
  });

  it("severity narrows the list; the finding of the address is open, on paper all are", () => {
    using page = openPage();
    const open = (place: object, printing = false) => {
      const root = page.show(<FindingsView {...viewOf(many, place, { printing })} />);
      return [...root.querySelectorAll("details")].map((row) => row.getAttribute("open") !== null);
    };
    expect(open({ query: "severity:high" })).toEqual([false]);
    expect(open({ id: "f1" })).toEqual([false, true, false]);
    expect(open({}, true)).toEqual([true, true, true]);
  });

  it("the one an address names is open on its page, of however many", () => {
    using page = openPage();
    const [first] = model.findings;
    if (first === undefined) throw new Error("the fixture has no finding");
    const findings = Array.from({ length: 1_204 }, (_, at) => ({
      ...first,
      fingerprint: `f${at}`,
    }));
    const of = { ...model, findings };
    const root = page.show(<FindingsView {...viewOf(of, { id: "f777" })} />);
    expect(root.querySelectorAll("details").length).toBeLessThanOrEqual(200);
    const open = [...root.querySelectorAll("details[open]")];
    expect(open.map((one) => one.textContent?.includes("f777"))).toEqual([true]);
    const printed = page.show(<FindingsView {...viewOf(of, {}, { printing: true })} />);
    expect(printed.querySelectorAll("details")).toHaveLength(500);
    expect(textsOf(printed, ".notice")).toEqual(["704 more rows are not printed."]);
  });

  it("an unknown finding, a filter without a match and no finding each say so", () => {
    using page = openPage();
    const notices = (of: typeof model, place: object, left = 0) => {
      const more = { left: { records: 0, findings: left, texts: 0 } };
      return textsOf(page.show(<FindingsView {...viewOf(of, place, more)} />), ".notice");
    };
    expect(notices(many, { id: "f9" })).toEqual(["This report has no finding f9. f0"]);
    expect(notices(many, { query: "severity:medium" })).toEqual([
      "No finding matches this filter; Esc clears it.",
    ]);
    expect(notices({ ...model, findings: [] }, {})).toEqual([
      "No stage of this run reported a finding.",
    ]);
    expect(notices(many, {}, 1204)).toEqual(["1,204 more findings are in the bundle only."]);
  });
});

describe("evidence view", () => {
  it("what is here and what is only in the bundle is counted", () => {
    using page = openPage();
    const left = { records: 240, findings: 0, texts: 3 };
    const [some] = model.records;
    if (some === undefined) throw new Error("the fixture has records");
    const first = { ...some, seq: 0 };
    const root = page.show(<EvidenceView {...viewOf(model, {}, { left })} />);
    expect(one(root, "p.muted").textContent).toMatch(/^120 of 360 records are here/);
    expect(one(root, "p.muted").textContent).toContain("3 long texts are cut here");
    expect(textsOf(root, ".record-row a.id")).toEqual(model.records.map(({ seq }) => `#${seq}`));
    // Record n is line n + 1 of the log; the fixture holds the records 1 to 120 of 360.
    expect(textsOf(root, "p.muted")[1]).toBe("Lines of it that are not here: 1, 122 to 360.");
    const whole = { ...model, recordCount: 121, records: [...model.records, first] };
    const others = page.show(<EvidenceView {...viewOf(whole)} />);
    expect(textsOf(others, "p.muted")).toHaveLength(1);
  });

  it("a record of the address is shown whole, with both ends of its chain", () => {
    using page = openPage();
    const record = model.records[6];
    const root = page.show(<EvidenceView {...viewOf(model, { id: "7" })} />);
    expect(textsOf(root, ".record .digest")).toEqual([record?.hash, record?.prev]);
    expect(one(root, ".record pre").textContent).toBe(JSON.stringify(record?.data, null, 2));
    expect(one(root, ".record").textContent).toContain("that it always does");
  });

  it("a record that is not here leads to one that is, and is never shown as an empty one", () => {
    using page = openPage();
    const root = page.show(<EvidenceView {...viewOf(model, { id: "1200" })} />);
    expect(one(root, ".notice").textContent).toMatch(/^Record 1200 is not in this report;.*#\d+$/);
    expect(model.records.map(({ seq }) => `#/evidence/${seq}`)).toContain(
      one(root, ".notice a").getAttribute("href"),
    );
    expect(root.querySelector(".record")).toBeNull();
  });

  it("kind and words narrow the list; no match and no record say so", () => {
    using page = openPage();
    const of = (query: string, from = model) =>
      page.show(<EvidenceView {...viewOf(from, { query })} />);
    expect(of("kind:load.slice").querySelectorAll(".record-row")).toHaveLength(24);
    expect(of("#17").querySelectorAll(".record-row")).toHaveLength(1);
    expect(textsOf(of("kind:none"), ".notice")).toEqual([
      "No record matches this filter; Esc clears it.",
    ]);
    expect(textsOf(of("", { ...model, records: [] }), ".notice")).toEqual([
      "No verdict or figure of this run cites a record.",
    ]);
  });
});
