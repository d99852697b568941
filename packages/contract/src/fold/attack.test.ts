/** Attempts to make a run READY that is not: by what is left out, added, changed, moved, accepted. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeClaim, sha256, startRun, type TestRun } from "../../test/support.ts";
import type { Claim } from "../claim.ts";
import type { EvidenceRecord } from "../evidence/record.ts";
import { fold } from "../fold.ts";
import { planDigest } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { decides } from "./evidence-kinds.ts";

type Draft = Parameters<TestRun["add"]>[0];

/** One claim of every kind, each on a stream of its own name. */
const claims: readonly Claim[] = [
  makeClaim({ id: "up", kind: "predicate" }),
  makeClaim({ id: "sides", kind: "predicate", parts: ["a", "b"] }),
  makeClaim({ id: "success", kind: "proportion", target: 0.9 }),
  makeClaim({ id: "p90", kind: "quantile", target: 0.9, limit: 100, unit: "ms" }),
  makeClaim({ id: "trials", kind: "trials", target: 0.5 }),
  makeClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" }),
  makeClaim({ id: "routes", kind: "coverage", items: ["x", "y"] }),
  makeClaim({ id: "mean", kind: "mean", limit: 10, unit: "ms" }),
  makeClaim({ id: "slower", kind: "comparison", limit: 0.1 }),
].map((claim) => ({ ...claim, of: claim.id }));

const of = (id: string, kind: Draft["kind"], data: object, part = "all"): Draft => ({
  kind,
  claims: [id],
  data: { stream: id, part, ...data },
});
const tally = { n: 29, bad: 0, undefined: 0, slices: [[29, 0]], sliceMs: 1_000 };
const series = Array.from({ length: 60 }, (_, at) => [1, 5 + ((at * 7) % 5) / 10]);
const blocks = Array.from({ length: 100 }, (_, at) => [
  100 + ((at * 7) % 5),
  100 + ((at * 3) % 5),
  100 + ((at * 11) % 5),
]);
const partsOf = new Map(claims.map(({ id, parts }) => [id, parts]));

/** Kinds that draw thousands of samples for each fold are attacked record by record, not at random. */
const quick = claims.filter(({ kind }) => kind !== "mean" && kind !== "comparison");

/** The least evidence that proves all of them, so that no record of it can be spared. */
const whole: readonly Draft[] = [
  of("up", "observation", { ok: true, seen: "" }),
  of("sides", "observation", { ok: true, seen: "" }, "a"),
  of("sides", "observation", { ok: true, seen: "" }, "b"),
  of("success", "sample.tally", tally),
  of("p90", "sample.tally", { ...tally, limitMs: 100 }),
  ...Array.from({ length: 5 }, () => of("trials", "observation", { ok: true, seen: "" })),
  of("rto", "value", { lower: 1, upper: 2, resolution: 0.1 }),
  of("routes", "item", { item: "x", observed: true }),
  of("routes", "item", { item: "y", observed: true }),
  of("mean", "sample.means", { unit: "ms", slices: series }),
  of("slower", "sample.blocks", { unit: "ms", blocks }),
  ...claims.flatMap(({ id, parts }) => parts.map((part) => of(id, "sample.closed", {}, part))),
  { kind: "run.closed", data: { reason: "done" } },
];
const quickIds = new Set(quick.map(({ id }) => id));
const least = whole.filter((draft) => draft.claims?.every((id) => quickIds.has(id)) ?? true);

function play(
  drafts: readonly Draft[],
  name = "run-1",
  promised: readonly Claim[] = quick,
): TestRun {
  const run = startRun(promised, name);
  for (const draft of drafts) run.add(draft);
  return run;
}

const outcomeOf = (drafts: readonly Draft[], promised: readonly Claim[] = quick): string =>
  play(drafts, "run-1", promised).fold().outcome;

function foldAs(run: TestRun, records: readonly EvidenceRecord[]): VerdictDocument {
  const digest = planDigest(run.plan, sha256);
  return fold(run.plan, records, { chainHead: "", planDigest: digest, now: "" });
}

/** In another order and with every record more than once. */
function mixed(records: readonly EvidenceRecord[], salt: number): EvidenceRecord[] {
  return [...records, ...records, ...records]
    .map((record, at) => ({ record, key: (at * 7_919 + salt * 31) % 211 }))
    .sort((a, b) => a.key - b.key)
    .map(({ record }) => record);
}

const isEvidence = ({ kind }: Draft): boolean => kind !== "sample.closed" && kind !== "run.closed";
const anyClaim = fc.constantFrom(...quick);
const place = fc.nat(least.length - 1);

/** Changes of one record after which it no longer proves what it proved. */
const harms: Readonly<Record<string, (draft: Draft) => Draft | null>> = {
  left_out: () => null,
  no_record_of_its_kind: (draft) => ({ ...draft, kind: "note" }),
  of_another_stream: (draft) => ({ ...draft, data: { ...draft.data, stream: "elsewhere" } }),
  of_another_part: (draft) => ({ ...draft, data: { ...draft.data, part: "elsewhere" } }),
  of_no_claim: (draft) => (isEvidence(draft) ? { ...draft, claims: [] } : null),
  only_declared: (draft) => (isEvidence(draft) ? { ...draft, provenance: "declared" } : null),
  only_derived: (draft) => (isEvidence(draft) ? { ...draft, provenance: "derived" } : null),
  imported: (draft) =>
    isEvidence(draft)
      ? { ...draft, provenance: "imported", data: { ...draft.data, importedFrom: "k6" } }
      : null,
  without_data: (draft) => ({ ...draft, data: {} }),
};

/** The run's own end has no part and no stream, so some changes leave it as it is. */
function applies(name: string, draft: Draft): boolean {
  return draft.kind !== "run.closed" || !name.startsWith("of_");
}

test("the least evidence is READY, so every attack below begins at a pass", () => {
  const document = play(whole, "run-1", claims).fold();
  expect(document.claims.map(({ id, verdict, sentence }) => [id, verdict, sentence])).toEqual(
    document.claims.map(({ id, sentence }) => [id, "passed", sentence]),
  );
  expect([document.outcome, outcomeOf(least)]).toEqual(["READY", "READY"]);
});

describe("what is missing", () => {
  test("no record of the least evidence can be spared", () => {
    for (const at of whole.keys()) {
      const without = whole.filter((_, index) => index !== at);
      const named = JSON.stringify(whole[at]).slice(0, 120);
      expect(outcomeOf(without, claims), named).toBe("NOT_PROVEN");
    }
  });

  test("of any choice of records only the whole is READY", () => {
    const keep = fc.array(fc.boolean(), { minLength: least.length, maxLength: least.length });
    fc.assert(
      fc.property(keep, (kept) => {
        const some = least.filter((_, at) => kept[at] === true);
        expect(outcomeOf(some) === "READY").toBe(some.length === least.length);
      }),
      { numRuns: 150 },
    );
  });

  test("a log cut after any record is not READY", () => {
    for (let count = 0; count < least.length; count++) {
      expect(outcomeOf(least.slice(0, count)), `${count} records`).toBe("NOT_PROVEN");
    }
  });
});

describe("what is changed", () => {
  test.each([
    ["quick", quick],
    ["drawn", claims.filter((claim) => !quick.includes(claim))],
  ])("each change of each record alone is never READY: claims that are %s", (_, promised) => {
    const ids = new Set(promised.map(({ id }) => id));
    const all = whole.filter((draft) => draft.claims?.every((id) => ids.has(id)) ?? true);
    expect(outcomeOf(all, promised)).toBe("READY");
    for (const [at, draft] of all.entries()) {
      for (const [name, harm] of Object.entries(harms)) {
        if (!applies(name, draft)) continue;
        const changed = harm(draft);
        const drafts = [...all.slice(0, at), ...(changed ? [changed] : []), ...all.slice(at + 1)];
        expect(outcomeOf(drafts, promised), `${name} ${draft.kind}`).toBe("NOT_PROVEN");
      }
    }
  });

  test("any change of any record, or several, is never READY in any order or number of copies", () => {
    const change = fc.record({ at: place, name: fc.constantFrom(...Object.keys(harms)) });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.nat(10_000), (list, salt) => {
        const drafts: (Draft | null)[] = [...least];
        for (const { at, name } of list) {
          const draft = drafts[at];
          const harm = harms[name];
          if (draft && harm && applies(name, draft)) drafts[at] = harm(draft);
        }
        fc.pre(drafts.some((draft, at) => draft !== least[at]));
        const run = play(drafts.filter((draft) => draft !== null));
        expect(run.fold().outcome).not.toBe("READY");
        expect(foldAs(run, mixed(run.records, salt)).outcome).not.toBe("READY");
      }),
      { numRuns: 150 },
    );
  });

  test("evidence of another run proves nothing in this one, wherever it stands", () => {
    fc.assert(
      fc.property(fc.subarray([...least.keys()], { minLength: 1 }), fc.nat(), (gone, salt) => {
        const missing = new Set(gone);
        const run = play(least.filter((_, at) => !missing.has(at)));
        const other = play(least, "run-0");
        const records = mixed([...run.records, ...other.records.slice(1)], salt);
        expect(foldAs(run, records).outcome).not.toBe("READY");
      }),
      { numRuns: 100 },
    );
  });
});

const evidenceOf: readonly Draft[] = [
  of("", "observation", { ok: true, seen: "" }),
  of("", "sample.tally", { ...tally, limitMs: 100 }),
  of("", "value", { lower: 1, upper: 2, resolution: 0.1 }),
  of("", "item", { item: "x", observed: true }),
  of("", "sample.means", { unit: "ms", slices: series }),
  of("", "sample.blocks", { unit: "ms", blocks }),
];

/** A record that says something against a claim, or that nobody can place. */
const hostile: fc.Arbitrary<Draft> = anyClaim.chain(({ id, kind, parts }) => {
  const part = fc.constantFrom(undefined, ...parts, "elsewhere", null, 7);
  const reason = fc.constantFrom("crashed", "skipped", "passed", undefined, 0);
  const note = (name: "skip" | "check.error"): fc.Arbitrary<Draft> =>
    fc.record({ part, reason }).map((given) => {
      const said = Object.entries(given).filter(([, value]) => value !== undefined);
      return { kind: name, claims: [id], data: Object.fromEntries(said) };
    });
  const foreign = evidenceOf
    .filter((one) => !decides(kind, one.kind))
    .map((one) => ({ ...one, claims: [id], data: { ...one.data, stream: id, part: parts[0] } }));
  const astray = evidenceOf.map((one) => ({
    ...one,
    claims: [id],
    data: { ...one.data, stream: id, part: "elsewhere" },
  }));
  return fc.oneof(note("skip"), note("check.error"), fc.constantFrom(...foreign, ...astray));
});

const breach = (over: object): Draft => ({
  kind: "guard",
  data: {
    guard: "g",
    holds: false,
    invalidates: "both",
    kinds: claims.map(({ kind }) => kind),
    streams: ["*"],
    reason: "noise",
    seen: "",
    ...over,
  },
});

describe("what is added", () => {
  test("a skip, a broken check, evidence of a wrong kind or part is never left aside", () => {
    fc.assert(
      fc.property(hostile, fc.nat(least.length), fc.nat(10_000), (draft, at, salt) => {
        const run = play([...least.slice(0, at), draft, ...least.slice(at)]);
        expect(run.fold().outcome, JSON.stringify(draft).slice(0, 200)).not.toBe("READY");
        expect(foldAs(run, mixed(run.records, salt)).outcome).not.toBe("READY");
      }),
      { numRuns: 200 },
    );
  });

  test("evidence that comes after its sample was closed is no more of it", () => {
    const late = fc.constantFrom(...least.filter(isEvidence));
    fc.assert(
      fc.property(late, (draft) => {
        expect(outcomeOf([...least.slice(0, -1), draft, ...least.slice(-1)])).toBe("NOT_PROVEN");
        expect(outcomeOf([...least, draft])).toBe("NOT_PROVEN");
      }),
      { numRuns: 40 },
    );
  });

  test("a breached guard, or one nobody can read, takes READY away wherever it stands", () => {
    const over = fc.constantFrom(
      {},
      { invalidates: "pass" },
      { kinds: ["bound"] },
      { streams: ["routes"] },
      { holds: "no" },
      { holds: true, invalidates: "never" },
      { holds: true, kinds: ["unheard-of"] },
      { streams: "*" },
      { waived: { owner: "ops", reason: "known", expires: "2026-04-11" } },
      { waived: { owner: "ops", reason: "", expires: "2026-12-31" } },
    );
    fc.assert(
      fc.property(over, fc.nat(least.length - 1), (given, at) => {
        const drafts = [...least.slice(0, at), breach(given), ...least.slice(at)];
        expect(outcomeOf(drafts), JSON.stringify(given)).toBe("NOT_PROVEN");
      }),
      { numRuns: 100 },
    );
  });

  test("the end counts once and last: a cancelled one, a second word or a later record is none", () => {
    const [open, end] = [least.slice(0, -1), least.slice(-1)];
    const cancelled: Draft = { kind: "run.closed", data: { reason: "cancelled" } };
    const note: Draft = { kind: "note", data: {} };
    for (const drafts of [
      [...open, cancelled],
      [...open, cancelled, ...end],
      [...open, ...end, ...end],
      [...open, ...end, note],
      [...end, ...open],
      [...open, { kind: "run.closed", data: {} } satisfies Draft],
    ]) {
      expect(outcomeOf(drafts)).toBe("NOT_PROVEN");
    }
  });
});

test("an attempt that reached nothing may be made again twice, and no observation hides a third", () => {
  const outcome = (...attempts: readonly unknown[]): string => {
    const tries = attempts.map((attempt): Draft => ({
      kind: "check.error",
      claims: ["up"],
      data: { part: "all", attempt },
    }));
    return outcomeOf([...tries, ...least]);
  };
  expect([outcome(1), outcome(1, 2)]).toEqual(["READY", "READY"]);
  for (const attempts of [[1, 1, 1], [1, 2, 2], [3], [0], ["1"], [undefined]]) {
    expect(outcome(...attempts), String(attempts)).toBe("NOT_PROVEN");
  }
  const after: Draft = { kind: "check.error", claims: ["up"], data: { part: "all", attempt: 1 } };
  expect(outcomeOf([...least.slice(0, -1), after, ...least.slice(-1)])).toBe("NOT_PROVEN");
});

test("imported results count by name and age alone: none of tomorrow, none without a day", () => {
  const claim = makeClaim({ id: "up", kind: "predicate", of: "up", accept: "imported" });
  const verdictAt = (measuredAt: unknown, importedFrom: unknown = "k6"): string => {
    const run = startRun([claim]);
    const data = { ok: true, seen: "", importedFrom, measuredAt };
    run.add({ ...of("up", "observation", data), provenance: "imported" });
    run.add(of("up", "sample.closed", {}));
    run.end();
    return `${run.fold().claims[0]?.verdict} ${run.fold().claims[0]?.reason ?? ""}`;
  };
  expect(verdictAt("2026-04-12T09:00:00.000Z")).toBe("passed ");
  expect(verdictAt("2026-04-12T10:16:00.000Z")).toBe("passed ");
  for (const stale of [
    "2026-04-10T00:00:00.000Z",
    "2026-04-12T11:00:00.000Z",
    "9999-01-01",
    "",
    7,
  ]) {
    expect(verdictAt(stale), String(stale)).toBe("not_tested stale");
  }
  expect(verdictAt("2026-04-12T09:00:00.000Z", "")).toBe("inconclusive foreign");
});

test("every claim of the plan has its verdict, whatever the log says", () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 6 }), (drafts) => {
      const document = play(drafts).fold();
      expect(document.claims.map(({ id }) => id)).toEqual(quick.map(({ id }) => id));
      for (const { id, parts } of document.claims) {
        expect(parts.map(({ part }) => part)).toEqual(partsOf.get(id));
      }
    }),
    { numRuns: 60 },
  );
});
