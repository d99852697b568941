import type { Disposition, Verdict } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { claimVerdict, verdictOf } from "../../test/verdict-fixture.ts";
import { verdictCard } from "./card.ts";
import { createPaint } from "./colour.ts";

const figure = { unit: "ms", provenance: "measured", refs: [] } as const;
const claims = [
  claimVerdict("chat.ok", "passed", { required: true }),
  claimVerdict("drill.postgres", "not_tested", {
    n: 0,
    reason: "tool_missing",
    toProve: "install pg_dump 17",
  }),
  claimVerdict("chat.p99", "inconclusive", {
    reason: "interval",
    limit: { ...figure, value: 2000 },
    interval: { lower: null, upper: 2310, confidence: 0.95, unit: "ms" },
    toProve: "161 more requests, none over",
  }),
];
const o = {
  columns: 80,
  paint: createPaint(false),
  runDir: ".loadline/runs/20261121T101812Z-ab12",
  report: "report.html",
  again: ["loadline", "up", "--once"],
};

describe("verdict card", () => {
  it("claims of one metric are told apart by the end of their ids, however narrow the card is", () => {
    const [claim] = claims;
    if (claim === undefined) throw new TypeError("no claim");
    const ids = ["p99", "p50"].flatMap((of) =>
      ["rag.ingest", "rag.query"].map((step) => `mix.${step}.response_time.${of}`),
    );
    for (const columns of [40, 80]) {
      const text = verdictCard(verdictOf(ids.map((id) => ({ ...claim, id }))), { ...o, columns });
      const shown = text.split("\n").flatMap((line) => /mix\.\S+/.exec(line)?.[0] ?? []);
      expect(new Set(shown).size).toBe(4);
      for (const id of shown) expect(id).toMatch(/^mix\.rag\.[iq].*\.p(99|50)$/);
    }
  });

  it("at 80 columns it reads as a table, worst claim first", () => {
    expect(verdictCard(verdictOf(claims), o)).toMatchInlineSnapshot(`
      "NOT_PROVEN  exit 2  required 3: 1 passed, 0 failed, 1 inconclusive, 1
                  not_tested, 0 error; 0 waived
      ? inconclusive  chat.p99           2 s   <= 2.31 s  n 312  interval
      o not_tested    drill.postgres     -     -  n 0  tool_missing
      + passed        chat.ok            -     0 of 312 bad  n 312
      to prove    drill.postgres: install pg_dump 17
                  chat.p99: 161 more requests, none over
      not proven  30-day availability; 2 more
      again       loadline up --once
      verify      loadline verify .loadline/runs/20261121T101812Z-ab12
      report      .loadline/runs/20261121T101812Z-ab12/report.html
      "
    `);
  });

  it("at 40 columns rows become label lines and paths are cut in the middle", () => {
    expect(verdictCard(verdictOf(claims), { ...o, columns: 40 })).toMatchInlineSnapshot(`
      "NOT_PROVEN  exit 2  required 3: 1
                  passed, 0 failed, 1
                  inconclusive, 1 not_tested,
                  0 error; 0 waived
      ? inconclusive chat.p99
        2 s  <= 2.31 s
        n 312  interval
      o not_tested drill.postgres
        n 0  tool_missing
      + passed chat.ok
        -  0 of 312 bad
        n 312
      to prove    drill.postgres: install pg..
                  chat.p99: 161 more request..
      not proven  30-day availability; 2 more
      again       loadline up --once
      verify      loadline verify .lo..2Z-ab12
      report      .loadlin..Z-ab12/report.html
      "
    `);
  });

  it("300 claims stay within 24 lines, and within the terminal from 40 to 80 columns", () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      claimVerdict(`a.rather.long.claim.name.${index}`, "failed", {
        reason: "limit",
        toProve: "a sentence that is longer than the line it is printed on, and then some more",
        limit: { ...figure, value: 1 },
        observed: { ...figure, value: 123_456_789 },
      }),
    );
    for (const columns of [40, 50, 59, 60, 80, 200]) {
      const lines = verdictCard(verdictOf(many), { ...o, columns })
        .trimEnd()
        .split("\n");
      expect(lines.length).toBeLessThanOrEqual(24);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.min(80, columns));
    }
  });

  it("a long command stands whole in as many lines as it takes, and the card stays within 24", () => {
    const many = Array.from({ length: 30 }, (_, index) => claimVerdict(`claim.${index}`, "failed"));
    const again = ["loadline", "validate", "--target", "http://127.0.0.1:8080"].concat(
      Array.from({ length: 6 }, (_, index) => `--name-${index}=value-of-the-option`),
    );
    for (const columns of [40, 80]) {
      const text = verdictCard(verdictOf(many), { ...o, columns, again });
      expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(24);
      const from = text.slice(text.indexOf("again"), text.indexOf("verify"));
      expect(
        from
          .replaceAll(/ \\\n +/g, " ")
          .replace(/^again +/, "")
          .trimEnd(),
      ).toBe(again.join(" "));
      expect(from).not.toContain("..");
    }
  });

  it("the command that verifies stands whole where two lines hold it, and ids up to 24 characters do", () => {
    const runDir = "/srv/validation/of/the/platform/runs/20261121T101812Z-ab12";
    const long = [claimVerdict("load.stream.ttft_p95", "passed")];
    const text = verdictCard(verdictOf(long), { ...o, runDir });
    expect(text).toContain(`verify      loadline verify \\\n            ${runDir}\n`);
    expect(text).toContain("+ passed        load.stream.ttft_p95 -  ");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("without colour the card is ASCII, with hostile claim names inert", () => {
    const hostile = claimVerdict("x\u001b[2J\u009b31m\u202ey", "failed", {
      toProve: "\u001b]8;;http://evil\u0007link",
    });
    const text = verdictCard(verdictOf([hostile], { limits: ["\u001b[31mred"] }), o);
    expect(text).toMatch(/^[\n -~]*$/);
    expect(text).toContain("red");
  });

  it("colour lies on marks and words alone: without its codes the text is the same", () => {
    const plain = verdictCard(verdictOf(claims), o);
    const painted = verdictCard(verdictOf(claims), { ...o, paint: createPaint(true) });
    expect(painted).toContain("\u001b[33mNOT_PROVEN\u001b[0m");
    expect(painted).toContain("\u001b[33m? inconclusive\u001b[0m");
    expect(painted.replace(/\u001b\[[\d;]+m/g, "")).toBe(plain);
  });

  it("each verdict and disposition has a mark and a colour of its own, and failed is bold", () => {
    const escape = "\u001b[";
    const startOf = (verdict: Verdict, disposition?: Disposition): string => {
      const over = disposition === undefined ? {} : { disposition };
      const card = verdictOf([claimVerdict("a.b", verdict, over)]);
      const text = verdictCard(card, { ...o, paint: createPaint(true) });
      return text.split("\n").find((line) => line.includes("a.b ")) ?? "";
    };
    expect(startOf("passed")).toContain(`${escape}32m+ passed${escape}0m `);
    expect(startOf("failed")).toContain(`${escape}1;31mx failed${escape}0m `);
    expect(startOf("inconclusive")).toContain(`${escape}33m? inconclusive${escape}0m `);
    expect(startOf("not_tested")).toMatch(/^o not_tested {4}/);
    expect(startOf("error")).toContain(`${escape}35m! error${escape}0m `);
    expect(startOf("failed", "waived")).toContain(`${escape}36m~ failed${escape}0m `);
    expect(startOf("not_tested", "not_applicable")).toContain(
      `${escape}36m- not_tested${escape}0m `,
    );
  });

  it("a plan that asks for more than its claims says so where every claim is passed", () => {
    const unmet = [
      "gate a is not_tested: no claim",
      "gate b is failed: 3 of 4",
      "gate c is failed",
    ];
    const text = verdictCard(verdictOf([claimVerdict("a.b", "passed")], { unmet }), o);
    expect(text).toContain("plan asks   gate a is not_tested: no claim\n");
    expect(text).toContain(
      "            gate b is failed: 3 of 4\n            1 more in the report\n",
    );
    expect(text).not.toContain("gate c");
    expect(verdictCard(verdictOf([claimVerdict("a.b", "passed")]), o)).not.toContain("plan asks");
  });

  it("what keeps a run whose claims are all passed or accepted from READY is said, and only then", () => {
    const sentence = "Do not sign: 4 claims are waived, at most 3 may be.";
    const waived = claimVerdict("a.b", "not_tested", { required: true, disposition: "waived" });
    const open = claimVerdict("a.c", "not_tested", { required: true });
    const cardOf = (all: readonly (typeof open)[], outcome: "READY" | "NOT_PROVEN"): string =>
      verdictCard(verdictOf(all, { outcome, sentence }), o);
    expect(cardOf([waived], "NOT_PROVEN")).toContain(`stops       ${sentence}\n`);
    expect(cardOf([waived, open], "NOT_PROVEN")).not.toContain("stops");
    expect(cardOf([waived], "READY")).not.toContain("stops");
  });

  it("the reason of a claim stands whole beside a long name, an interval and a short limit", () => {
    const claim = claimVerdict("load.stream.ttft_p95", "inconclusive", {
      reason: "generator",
      limit: { ...figure, value: 1500 },
      interval: { lower: 0.209, upper: 0.274, confidence: 0.95, unit: "ratio" },
      n: 500,
    });
    expect(verdictCard(verdictOf([claim]), o)).toContain("20.9 %..27.4 %  n 500  generator\n");
  });

  it("an interrupted run names the exit code that the shell sees", () => {
    const interrupted = verdictCard(verdictOf(claims), { ...o, isInterrupted: true });
    expect(interrupted).toMatch(/^NOT_PROVEN {2}exit 130, interrupted {2}required 3/);
  });

  it("a percentile over windows says how many were bad in the worst, not that nothing was measured", () => {
    const parts = [0, 3, 1].map((bad, at) => ({
      part: `w${at}`,
      verdict: "passed" as const,
      sentence: "",
      n: 600,
      bad,
      undefined: 0,
      observed: null,
      limit: null,
      interval: null,
      badBy: {},
      evidence: [],
    }));
    const windows = claimVerdict("chat.p99", "passed", {
      n: 600,
      limit: { ...figure, value: 2000 },
      observed: { ...figure, value: null },
      interval: { lower: null, upper: null, confidence: 0.95, unit: "ms" },
      parts,
    });
    const text = verdictCard(verdictOf([windows]), o);
    expect(text).toContain("2 s   3 of 600 bad, the worst of 3");
    expect(text).not.toContain("not measured");
  });

  it("a predicate says what it saw, never a rate of one observation", () => {
    const held = { ...figure, unit: "ratio", value: 1, n: 1 };
    const predicate = { kind: "predicate", n: 1, bad: 0, observed: held } as const;
    const rows = [
      claimVerdict("openai.models", "passed", { ...predicate, sentence: "a list of 2 models" }),
      claimVerdict("openai.auth", "failed", {
        ...predicate,
        bad: 1,
        observed: { ...held, value: 0 },
        sentence: "wanted HTTP 401,\u001b[2J got 200",
        reason: "false",
      }),
    ];
    const text = verdictCard(verdictOf(rows), o);
    expect(text).toContain("+ passed        openai.models      a list of 2 models\n");
    expect(text).toContain("x failed        openai.auth        wanted HTTP 401, got 200\n");
    const narrow = verdictCard(verdictOf(rows), { ...o, columns: 40 });
    expect(narrow).toContain("x failed openai.auth\n  wanted HTTP 401, got 200\n+");
    expect(text).not.toContain("100 %");
    expect(text).toMatch(/^[\n -~]*$/);
  });

  it("the reason of an unreachable target is read whole, and what is needed is said once for all", () => {
    const failed = ["http.alive", "openai.models", "openai.chat"].map((id) =>
      claimVerdict(id, "failed", {
        kind: "predicate",
        n: 1,
        sentence: "GET / gave connect: ECONNREFUSED, nothing listens there",
        toProve: "a corrected target, then a new run",
      }),
    );
    const other = claimVerdict("load.p99", "not_tested", { n: 0, toProve: "299 requests" });
    const card = verdictCard(verdictOf([...failed, other]), o);
    const narrow = verdictCard(verdictOf([...failed, other]), { ...o, columns: 40 });
    expect(card).toContain("http.alive         GET / gave connect: ECONNREFUSED, nothing l..");
    expect(card).toContain(
      "to prove    http.alive and 2 more: a corrected target, then a new run\n" +
        "            load.p99: 299 requests\n",
    );
    expect(narrow).toContain(
      "x failed http.alive\n  GET / gave connect: ECONNREFUSED,\n  nothing listens there\n",
    );
  });

  it("of passed claims those decided by samples come before those that held", () => {
    const names = [
      claimVerdict("b.predicate", "passed", { kind: "predicate", n: 1 }),
      claimVerdict("a.optional", "passed", { required: false }),
      claimVerdict("c.p99", "passed"),
    ];
    const text = verdictCard(verdictOf(names), o);
    const places = ["c.p99", "b.predicate", "a.optional"].map((id) => text.indexOf(id));
    expect(places.every((at) => at > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    // What failed first in the plan is more often the cause of what failed after it.
    const failed = names.map((claim) => ({ ...claim, verdict: "failed" as const }));
    const order = verdictCard(verdictOf(failed), o);
    expect(order.indexOf("b.predicate")).toBeLessThan(order.indexOf("c.p99"));
  });

  it("a waived claim keeps its verdict and shows the waiver's mark", () => {
    const waived = claimVerdict("chat.p99", "failed", { disposition: "waived" });
    expect(verdictCard(verdictOf([waived]), o)).toContain("~ failed");
  });
});
