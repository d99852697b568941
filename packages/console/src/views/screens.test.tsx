import { buildScorecard, type Claim, formatFigure, formatInterval } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { claimOf, viewOf, withClaims } from "../../test/view.ts";
import { ClaimView } from "./claim/claim-view.tsx";
import { RunView } from "./run/run-view.tsx";
import { Waivers } from "./run/waivers.tsx";
import { ScorecardView } from "./scorecard/scorecard-view.tsx";
import { Seen } from "./verdict/seen.tsx";
import { VerdictView } from "./verdict/verdict-view.tsx";

const model = fixtureModel();
const { verdict } = model;

describe("verdict view", () => {
  const required = verdict.claims.filter((claim) => claim.required);
  const stopping = required.filter((claim) => claim.verdict !== "passed");

  it("the counts are those of the verdict document, each beside its own word", () => {
    using page = openPage();
    const root = page.show(<VerdictView {...viewOf(model)} />);
    const { counts } = verdict;
    expect(textsOf(root, ".count")).toEqual([
      `${counts.passed} passed`,
      `${counts.failed} failed`,
      `${counts.inconclusive} inconclusive`,
      `${counts.not_tested} not_tested`,
      `${counts.error} error`,
      "0 waived",
      `decided ${counts.decided} of ${counts.required} required`,
    ]);
  });

  it("what stops comes worst first, eight rows and the count of the rest until asked for", () => {
    using page = openPage();
    const root = page.show(<VerdictView {...viewOf(model)} />);
    const rest = stopping.length - 8;
    expect(textsOf(root, ".stoppers .verdict-word")).toHaveLength(8);
    const buttons = [...root.querySelectorAll(".stoppers button")];
    expect(buttons.map((button) => button.textContent)).toContain(`show ${rest} more`);
    page.click(buttons.at(-1) ?? null);
    const words = textsOf(root, ".stoppers .verdict-word");
    expect(words).toHaveLength(stopping.length);
    const order = ["failed", "error", "inconclusive", "not_tested"];
    expect(words).toEqual(words.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)));
  });

  it("nothing proven, nothing open and no limit are said in words", () => {
    using page = openPage();
    const bare = withClaims([claimOf("passed")]);
    const open = { ...bare, verdict: { ...bare.verdict, limits: [] } };
    const text = page.show(<VerdictView {...viewOf(open)} />).textContent ?? "";
    expect(text).toContain("Nothing: every required claim is passed or validly waived.");
    expect(text).toContain("Nothing is open.");
    expect(text).toContain("No limits were recorded.");
  });

  it("a plan that asks for more than its claims stops READY where every claim is passed", () => {
    using page = openPage();
    const bare = withClaims([claimOf("passed")]);
    const unmet = ["use first production: 3 of 4 claims decided", "gate a is failed: 1 of 2"];
    const root = page.show(
      <VerdictView {...viewOf({ ...bare, verdict: { ...bare.verdict, unmet } })} />,
    );
    expect(one(root, ".stoppers h2").textContent).toBe("Stops READY 2");
    expect(textsOf(root, ".stop-demand .stop-why")).toEqual(unmet);
    expect(one(root, ".stop-demand a").getAttribute("href")).toBe("#/scorecard");
    expect(one(root, ".stoppers").textContent).not.toContain("Nothing:");
  });

  it("untested claims and parts are counted with their reasons, on the way to all of them", () => {
    using page = openPage();
    const root = page.show(<VerdictView {...viewOf(model)} />);
    const claims = verdict.claims.filter((claim) => claim.verdict === "not_tested");
    const parts = claims.flatMap((claim) => claim.parts);
    const link = one(root, 'a[href="#/not-tested"]');
    expect(link.textContent).toBe(`${claims.length} claims, ${parts.length} parts`);
    const of = (reason: string) => parts.filter((part) => part.reason === reason).length;
    const text = link.parentElement?.textContent;
    expect(text).toContain(`${of("tool_missing")} tool_missing`);
    expect(text).toContain(`${of("skipped")} skipped`);
  });

  it("on paper no row is left out", () => {
    using page = openPage();
    const root = page.show(<VerdictView {...viewOf(model, {}, { printing: true })} />);
    expect(textsOf(root, ".stoppers .stop")).toHaveLength(stopping.length);
    expect(textsOf(root, ".proven .stop")).toHaveLength(required.length - stopping.length);
    expect(textsOf(root, ".proofs dt")).toHaveLength(stopping.length);
    expect(textsOf(root, ".plain-list li")).toEqual(verdict.limits);
    expect(textsOf(root, "a, button").filter((text) => text.endsWith(" more"))).toEqual([]);
  });

  it("a claim without a sample reads no evidence, whatever else it carries", () => {
    using page = openPage();
    const passed = claimOf("passed");
    for (const claim of [claimOf("not_tested"), claimOf("error"), { ...passed, n: 0 }]) {
      expect(page.show(<Seen claim={claim} />).textContent).toBe("- no evidence -");
    }
    expect(page.show(<Seen claim={passed} />).querySelector("svg")).not.toBeNull();
  });
});

describe("claim view", () => {
  const failed = claimOf("failed");
  const open = (page: ReturnType<typeof openPage>, claim = failed, part: string | null = null) => {
    const shown = withClaims([claim]);
    return page.show(<ClaimView {...viewOf(shown, { id: claim.id, part })} id={claim.id} />);
  };
  const factsOf = (root: Element): Readonly<Record<string, string>> => {
    const names = textsOf(root, ".facts dt");
    const values = textsOf(root, ".facts dd");
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  };

  it("the facts are the figures of the model", () => {
    using page = openPage();
    expect(factsOf(open(page))).toEqual({
      observed: failed.observed === null ? "" : formatFigure(failed.observed),
      bound: failed.interval === null ? "" : formatInterval(failed.interval),
      limit: "2 s\u25c7",
      "bad of n": `21 of ${failed.n}`,
      confidence: "95 %",
    });
  });

  it("what was not tested has no figure: each reads not measured, nothing reads zero but n", () => {
    using page = openPage();
    const root = open(page, claimOf("not_tested"));
    expect(factsOf(root)).toMatchObject({
      observed: "not measured",
      bound: "not measured",
      "bad of n": "0 of 0",
    });
    expect(root.textContent).toContain("No record supports this.");
    expect(root.querySelectorAll(".mark-passed")).toHaveLength(0);
  });

  it("a predicate shows whether it held, and no bound", () => {
    using page = openPage();
    const root = open(page, { ...claimOf("passed"), kind: "predicate", n: 8, bad: 2 });
    expect(factsOf(root)).toEqual({ observed: "held 6 of 8", "bad of n": "2 of 8" });
    expect(root.querySelectorAll("svg.interval")).toHaveLength(0);
  });

  it("each part carries its verdict, counts and causes; the part of the address is marked", () => {
    using page = openPage();
    const [part] = failed.parts;
    if (part === undefined) throw new Error("the claim has a part");
    const parts = [part, { ...part, part: "route=x", verdict: "passed" as const, undefined: 4 }];
    const root = open(page, { ...failed, parts }, "route=x");
    expect(textsOf(root, ".part .verdict-word")).toEqual(["failed", "passed"]);
    expect(textsOf(root, ".part")[0]).toContain(`n ${part.n}, bad 21: timeout 20, error 1`);
    expect(textsOf(root, ".part")[1]).toContain("not measurable 4");
    expect(textsOf(root, ".part-chosen a.id")).toEqual(["route=x"]);
  });

  it("one without a command of its own is run again by the command of the run", () => {
    using page = openPage();
    const own = { ...claimOf("passed"), reproduce: [] };
    const shown = withClaims([own]);
    const root = page.show(<ClaimView {...viewOf(shown, { id: own.id })} id={own.id} />);
    expect(textsOf(root, ".command code").at(-1)).toBe(`$ ${shown.commands.reproduce.join(" ")}`);
  });

  it("an unknown part and an unknown claim are said, the nearest claim is linked", () => {
    using page = openPage();
    expect(one(open(page, failed, "route=y"), ".notice").textContent).toBe(
      "This claim has no part route=y; all its parts follow.",
    );
    const root = page.show(<ClaimView {...viewOf(model)} id="chat.c00" />);
    expect(one(root, ".notice").textContent).toBe(
      "This report has no claim chat.c00. The nearest is chat.c0.",
    );
    const none = page.show(<ClaimView {...viewOf(withClaims([]))} id="x" />);
    expect(one(none, ".notice").textContent?.trim()).toBe("This report has no claim x.");
  });

  it("only guards of its kind and stream stand beside a claim, a broken one says so", () => {
    using page = openPage();
    expect(textsOf(open(page), ".guard b")).toEqual(["holds"]);
    const { guards } = verdict;
    const all = guards.map((guard) => ({ ...guard, streams: ["*"] }));
    const shown = {
      ...withClaims([failed]),
      verdict: { ...verdict, claims: [failed], guards: all },
    };
    const root = page.show(<ClaimView {...viewOf(shown)} id={failed.id} />);
    expect(textsOf(root, ".guard b")).toEqual(["holds", "broken"]);
    expect(open(page, { ...failed, kind: "predicate" }).textContent).toContain(
      "No guard watches this claim.",
    );
  });

  describe("with its plan", () => {
    const planned: Claim = {
      ...failed,
      of: "load.chat",
      target: 0.99,
      parts: ["all"],
      rationale: "Users wait for it.",
      limit: 2000,
    };
    const sized = { ...failed, n: 312, bad: 1 };
    const show = (page: ReturnType<typeof openPage>, claim = sized, more: Partial<Claim> = {}) => {
      const plan = { ...model.plan, claims: [{ ...planned, ...more }] };
      const shown = { ...withClaims([claim]), plan };
      return page.show(<ClaimView {...viewOf(shown, { id: claim.id })} id={claim.id} />);
    };

    it("says how many bad ones n forgives and what one more would take", () => {
      using page = openPage();
      expect(factsOf(show(page))["passes at"]).toBe("0 bad; 1 bad needs n 473");
      expect(factsOf(show(page, { ...sized, n: 100 }))["passes at"]).toBe(
        "no count of so few; 0 bad needs n 299",
      );
      for (const more of [
        { mode: "sequential" as const },
        { over: 1000 },
        { kind: "mean" as const },
      ]) {
        expect(factsOf(show(page, sized, more))["passes at"]).toBeUndefined();
      }
    });

    it("names the ranks of what was seen and of its bound", () => {
      using page = openPage();
      const facts = factsOf(show(page));
      expect(facts["observed"]).toMatch(/ rank 309 of 312$/);
      expect(facts["bound"]).toMatch(/ rank 312 of 312$/);
      expect(factsOf(open(page))["observed"]).not.toContain("rank");
    });

    it("leads to the charts of its own scenario, and to none of another", () => {
      using page = openPage();
      const of = (stream: string) =>
        [...show(page, sized, { of: stream }).querySelectorAll("a")]
          .map((link) => link.getAttribute("href"))
          .find((address) => address?.startsWith("#/load"));
      expect(of("load.chat")).toBe("#/load/chat");
      expect(of("load.chat.ttft")).toBe("#/load/chat");
      expect(of("load.chatter")).toBeUndefined();
      expect(of("probe.chat")).toBeUndefined();
    });

    it("says what its records prove and what not, each sentence once, under the kind of each", () => {
      using page = openPage();
      const root = show(page, { ...sized, evidence: [2, 3, 6] });
      expect(textsOf(root, ".scope dd")).toEqual([
        "the route answered once",
        "that it always does",
      ]);
      expect(textsOf(root, ".evidence-kind")).toEqual(["observation #2#3", "load.slice #6"]);
    });
  });

  it("its link is copied as it stands in the address bar", async () => {
    using page = openPage({ hash: "#/claims/a" });
    page.click(one(open(page), ".claim-head button"));
    await Promise.resolve();
    expect(page.copied).toEqual(["report.html#/claims/a"]);
  });

  it("forty records are linked and the rest is counted", () => {
    using page = openPage();
    const evidence = Array.from({ length: 1244 }, (_, index) => index + 1);
    const root = open(page, { ...failed, evidence });
    expect(textsOf(root, ".evidence-links a")).toHaveLength(40);
    expect(textsOf(root, ".evidence-links .muted").at(-1)).toBe("and 1,204 more");
  });
});

describe("scorecard view", () => {
  it("every row is the contract's, and a row without claims has no score", () => {
    using page = openPage();
    const card = buildScorecard(verdict);
    const root = page.show(<ScorecardView model={model} printing={false} />);
    const rows = [...card.categories, card.total, ...card.groups];
    expect(textsOf(root, "tbody th")).toEqual(rows.map((row) => row.name));
    for (const [index, row] of rows.entries()) {
      const cells = textsOf([...root.querySelectorAll("tbody tr")][index] ?? root, "td");
      if (row.score === null) expect(cells).toEqual(["no claims", "no claims", ""]);
      else {
        expect(cells[0]).toMatch(new RegExp(`^${row.decided} of ${row.required}, `));
        expect(cells[1]).toMatch(new RegExp(`^${row.passed} of ${row.required}, `));
        expect(cells[2]).toBe(String(row.waived));
      }
    }
    expect(rows.some((row) => row.score === null)).toBe(true);
    expect(textsOf(root, ".plain-list li b")).toEqual(card.uses.map((use) => use.use));
    expect(root.textContent).not.toContain("The plan asks for");
  });

  it("the plan's own use and gates stand beside it, each with what it came to", () => {
    using page = openPage();
    const [use] = buildScorecard(verdict).uses;
    const row = buildScorecard(verdict).total;
    const gate = { id: "mine", minScore: 1, minCoverage: 1 };
    const gates = [{ id: "mine", verdict: "not_tested" as const, sentence: "Open.", row, gate }];
    const asked = { ...model, verdict: { ...verdict, ...(use && { use }), gates } };
    const root = page.show(<ScorecardView {...viewOf(asked)} />);
    expect(root.textContent).toContain("The plan asks for");
    expect(textsOf(root, ".plain-list li b").slice(-2)).toEqual([use?.use, "mine"]);
    expect(root.textContent).toContain("not_tested mine Open.");
  });
});

describe("run view", () => {
  it("each fact of a target's build says where it is from", () => {
    using page = openPage();
    const one = { target: "eu", fact: "commit", value: "abc", seq: 1 } as const;
    const identity = [{ ...one, provenance: "measured" } as const];
    const root = page.show(
      <RunView {...viewOf({ ...model, verdict: { ...verdict, identity } })} />,
    );
    expect(root.textContent).toContain("eu: abc (measured)");
  });

  it("tools, guards and earlier runs say what was missing, broken or of another plan", () => {
    using page = openPage();
    const root = page.show(<RunView {...viewOf(model)} />);
    const text = root.textContent ?? "";
    expect(text).toContain("missing pg_dump not on PATH");
    expect(text).toContain("found node 24.21.0");
    expect(textsOf(root, ".guard-broken b")).toEqual(["broken"]);
    expect(textsOf(root, ".tag-after")).toEqual(["another plan digest"]);
    for (const digest of [verdict.planDigest, verdict.chainHead]) {
      expect(textsOf(root, ".digest")).toContain(digest);
    }
  });

  it("the plan stands whole, in pieces that are never cut", () => {
    using page = openPage();
    const text = `${"profile: quick\n".repeat(1200)}end`;
    const root = page.show(<RunView {...viewOf({ ...model, plan: { ...model.plan, text } })} />);
    expect(textsOf(root, ".plan-text pre").join("")).toBe(text);
    expect(textsOf(root, ".plan-text .muted")).toEqual([]);
  });

  it("a waiver names its owner, approver and end; one without effect says why", () => {
    using page = openPage();
    const waivers = {
      applied: [
        {
          claim: "chat.c0",
          disposition: "waived" as const,
          owner: "team gateway",
          approvedBy: "risk board",
          reason: "known upstream fault",
          expires: "2026-05-01",
        },
      ],
      ignored: [
        {
          claim: "auth.c5",
          disposition: "waived" as const,
          why: "expired" as const,
          sentence: "It ended before the run.",
        },
      ],
      nextExpiry: "2026-05-01",
    };
    const root = page.show(<Waivers verdict={{ ...verdict, waivers }} />);
    expect(textsOf(root, "li")).toEqual([
      "waived chat.c0 known upstream fault owner team gateway, approved by risk board, until 2026-05-01",
      "ignored auth.c5 expired It ended before the run.",
    ]);
    const none = page.show(<Waivers verdict={verdict} />);
    expect(textsOf(none, ".notice")).toEqual(["The plan has no waiver."]);
  });
});
