/** Report models for tests: made from a seed, no run needed. */
import type {
  ClaimVerdict,
  EvidenceRecord,
  Figure,
  LoadSeries,
  PartVerdict,
  ReportModel,
  Verdict,
  VerdictCounts,
  VerdictDocument,
} from "@loadline/contract";

/** What varies between fixtures. */
export interface FixtureOptions {
  /** Equal seeds give equal models. */
  readonly seed?: number;
  /** Put into every free text of the model. */
  readonly text?: string;
  readonly records?: number;
  readonly claims?: number;
  readonly slices?: number;
}

type Draw = () => number;

/** Numbers in 0..1 from a seed (mulberry32). */
function drawsOf(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const kinds: readonly (readonly [Verdict, PartVerdict["reason"] | undefined])[] = [
  ["passed", undefined],
  ["passed", undefined],
  ["inconclusive", "interval"],
  ["passed", undefined],
  ["not_tested", "tool_missing"],
  ["failed", "limit"],
  ["not_tested", "skipped"],
  ["error", "crashed"],
];

const figure = (value: number | null, unit: string, refs: readonly number[] = []): Figure => ({
  value,
  unit,
  n: 312,
  provenance: "measured",
  refs,
  ...(unit === "ms" ? { resolution: 1 } : {}),
});

interface ClaimSeed {
  readonly index: number;
  readonly draw: Draw;
  readonly text: string;
}

function partOf({ index, draw, text }: ClaimSeed, part: string): PartVerdict {
  const [verdict, reason] = kinds[index % kinds.length] ?? ["passed", undefined];
  const untested = verdict === "not_tested" || verdict === "error";
  const n = untested ? 0 : 100 + Math.floor(draw() * 900);
  const observed = 400 + draw() * 1500;
  return {
    part: `${part}${text}`,
    verdict,
    ...(reason ? { reason } : {}),
    sentence: untested
      ? `Nothing was observed.${text}`
      : `Bound against the limit of two s.${text}`,
    n,
    bad: verdict === "failed" ? 21 : 0,
    undefined: 0,
    observed: untested ? null : figure(observed, "ms", [index + 2]),
    limit: { value: 2000, unit: "ms", provenance: "declared", refs: [] },
    interval: untested
      ? null
      : { lower: null, upper: observed * (1.1 + draw() * 0.5), confidence: 0.95, unit: "ms" },
    badBy: verdict === "failed" ? { [`timeout${text}`]: 20, error: 1 } : {},
    evidence: untested ? [] : [index + 2],
  };
}

const areas = ["chat", "stream", "embeddings", "probe.openai", "drill", "auth", "limits", "models"];

function claimOf(seed: ClaimSeed): ClaimVerdict {
  const { index, text } = seed;
  const part = partOf(seed, index % 3 === 0 ? "route=chat" : "all");
  const area = areas[index % areas.length] ?? "chat";
  const { part: _name, undefined: _undefined, badBy: _badBy, ...own } = part;
  return {
    ...own,
    id: `${area}.c${index}${text}`,
    category: "Performance & Capacity",
    statement: `p99 response time of /v1/${area} < 2 s in this window${text}`,
    kind: "quantile",
    required: index % 7 !== 6,
    confidence: 0.95,
    parts: index % 3 === 0 ? [part, partOf(seed, "route=backup")] : [part],
    toProve: part.verdict === "passed" ? "" : `161 more requests, none over (4 s at 50/s)${text}`,
    reproduce: ["loadline", "load", "plan.yaml", "--only", `${area}.c${index}${text}`],
  };
}

function countsOf(claims: readonly ClaimVerdict[]): VerdictCounts {
  const required = claims.filter((claim) => claim.required);
  const of = (verdict: Verdict): number => required.filter((c) => c.verdict === verdict).length;
  return {
    passed: of("passed"),
    failed: of("failed"),
    inconclusive: of("inconclusive"),
    not_tested: of("not_tested"),
    error: of("error"),
    waived: 0,
    not_applicable: 0,
    required: required.length,
    decided: of("passed") + of("failed"),
  };
}

const hex = (draw: Draw): string =>
  Array.from({ length: 64 }, () => Math.floor(draw() * 16).toString(16)).join("");

function recordsOf(count: number, draw: Draw, text: string): readonly EvidenceRecord[] {
  let prev = hex(draw);
  return Array.from({ length: count }, (_, index) => {
    const hash = hex(draw);
    const record: EvidenceRecord = {
      v: 1,
      seq: index + 1,
      run: "20260412T101500Z-7f3a",
      at: "2026-04-12T10:15:00.000Z",
      mono: index * 17.25,
      kind: index % 5 === 0 ? "load.slice" : "observation",
      by: { id: "probe.openai.chat", version: "0.1.0", digest: "ab".repeat(32) },
      claims: [`chat.c${index % 8}${text}`],
      target: `127.0.0.1:8080${text}`,
      provenance: "measured",
      data: { stream: "probe.chat", part: "all", ok: true, seen: `HTTP 200 in 84 ms${text}` },
      refs: [],
      proves: [`the route answered once${text}`],
      doesNotProve: ["that it always does"],
      prev,
      hash,
    };
    prev = hash;
    return record;
  });
}

function seriesOf(slices: number, draw: Draw, text: string): LoadSeries {
  const each = <T>(make: (index: number) => T): readonly T[] =>
    Array.from({ length: slices }, (_, index) => make(index));
  const gap = Math.floor(slices / 2);
  const p99 = each((index) => (index === gap ? null : 300 + draw() * 500));
  return {
    scenario: `chat${text}`,
    sliceMs: 1000,
    due: each(() => 50),
    ok: each((index) => (index === gap ? 0 : 48 + Math.floor(draw() * 3))),
    bad: each((index) => (index % 17 === 9 ? 2 : 0)),
    p99Ms: p99,
    maxMs: p99.map((value) => (value === null ? null : value * (1.1 + draw()))),
    inFlight: each(() => 2 + Math.floor(draw() * 9)),
    heat: each((index) => index).flatMap((index) =>
      [64, 91, 128, 181, 256, 362, 512, 724, 1024].flatMap((edge, bucket) => {
        const mode = Math.exp(-((bucket - 2) ** 2) / 2) + 0.4 * Math.exp(-((bucket - 6) ** 2));
        const count = Math.floor(20 * mode * (0.5 + draw()));
        return count === 0 || index === gap ? [] : [[index, edge, count] as const];
      }),
    ),
    percentiles: [
      [0.5, 84, 80],
      [0.9, 210, 190],
      [0.95, 330, 300],
      [0.99, 840, 700],
      [0.999, 1500, 1200],
      [1, 1900, 1600],
    ],
    ttft: [
      [0.5, 60],
      [0.99, 210],
    ],
    evidence: [2, 3, 4],
  };
}

const guardsOf = (text: string): ReportModel["verdict"]["guards"] => [
  {
    guard: "guard.load.pacer",
    holds: true,
    invalidates: "both",
    kinds: ["quantile", "proportion"],
    streams: ["*"],
    reason: "generator",
    seen: `start lag p99 0.4 ms, limit 5 ms${text}`,
    seq: 3,
  },
  {
    guard: "guard.load.cpu",
    holds: false,
    invalidates: "pass",
    kinds: ["quantile"],
    streams: ["load.chat"],
    reason: "generator",
    seen: `generator used 96 % of a core${text}`,
    seq: 4,
  },
];

const findingsOf = (text: string): ReportModel["findings"] => [
  {
    fingerprint: "f00d1e5",
    status: "open",
    owner: null,
    severity: "high",
    title: `Stream ends without [DONE]${text}`,
    impact: `Clients wait for their timeout.${text}`,
    remedy: `Send the closing event.${text}`,
    raw: `data: {"choices":[]}\n\n${text}`,
    reproduce: ["curl", "-N", "http://127.0.0.1:8080/v1/chat/completions", "-H", "$LOADLINE_KEY"],
    claims: [`chat.c0${text}`],
    evidence: [5, 6],
  },
];

function verdictOf(claims: readonly ClaimVerdict[], draw: Draw, text: string): VerdictDocument {
  const counts = countsOf(claims);
  const [outcome, exitCode] =
    counts.failed > 0 ? (["NOT_READY", 1] as const) : (["NOT_PROVEN", 2] as const);
  return {
    schema: "loadline-verdict/v1",
    run: "20260412T101500Z-7f3a",
    outcome,
    overall_status: outcome,
    slo_compliance: {},
    exitCode,
    sentence: `Do not sign: required claims are failed or undecided.${text}`,
    target: `gateway 127.0.0.1:8080${text}`,
    profile: `quick${text}`,
    planDigest: hex(draw),
    chainHead: hex(draw),
    foldVersion: "1",
    startedAt: "2026-04-12T10:15:00.000Z",
    endedAt: "2026-04-12T10:18:12.000Z",
    durationMs: 192_000,
    claims,
    counts,
    coverage: counts.required === 0 ? null : counts.decided / counts.required,
    guards: guardsOf(text),
    tools: [
      { id: "pg_dump", found: false, detail: `not on PATH${text}` },
      { id: "node", found: true, detail: `24.21.0${text}` },
    ],
    limits: [
      `30-day availability${text}`,
      "other hardware",
      "loss of power during a write",
      "behaviour beyond 50 requests/s",
    ],
  };
}

/** One whole report model. */
export function fixtureModel(options: FixtureOptions = {}): ReportModel {
  const { seed = 1, text = "", records = 120, claims = 41, slices = 60 } = options;
  const draw = drawsOf(seed);
  const made = Array.from({ length: claims }, (_, index) => claimOf({ index, draw, text }));
  return {
    schema: "loadline-report/v1",
    verdict: verdictOf(made, draw, text),
    plan: {
      claims: [],
      text: `profile: quick\ntarget: http://127.0.0.1:8080\n${text}`,
      digest: hex(draw),
    },
    load: [seriesOf(slices, draw, text)],
    records: recordsOf(records, draw, text),
    recordCount: records * 3,
    findings: findingsOf(text),
    earlier: [
      {
        run: "20260411T090000Z-91c0",
        outcome: "NOT_PROVEN",
        at: "2026-04-11T09:00:00.000Z",
        planDigest: hex(draw),
      },
    ],
    commands: {
      reproduce: ["loadline", "validate", "--plan", "plan.yaml"],
      verify: ["loadline", "verify", ".loadline/runs/20260412T101500Z-7f3a"],
    },
    origin: "unsigned: consistent, origin unknown",
  };
}
