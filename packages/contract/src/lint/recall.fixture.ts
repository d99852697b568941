/** One way to say something, right or wrong; `random` is seeded. */
export interface Phrase {
  readonly name: string;
  /** Rules of which one must speak when it is wrong. */
  readonly rules: readonly string[];
  write(random: Draw, isBroken: boolean): string;
}

/** Whole numbers from `least` to `most`, both included. */
export type Draw = (least: number, most: number) => number;

const table = (...rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
};

/** A percentage and an interval with it inside, or beyond its upper end. */
function percentIn(random: Draw, isBroken: boolean): { value: string; low: string; high: string } {
  const low = random(700, 900);
  const high = low + random(20, 60);
  const value = isBroken ? high + random(5, 30) : random(low + 2, high - 2);
  const shown = (tenths: number): string => (tenths / 10).toFixed(1);
  return { value: shown(value), low: shown(low), high: shown(high) };
}

const interval: readonly Phrase[] = (
  [
    ["brackets", (p) => `Success rate: ${p.value} % (95 % CI ${p.low}-${p.high} %)`],
    [
      "sentence",
      (p) => `The pass rate was ${p.value} %, 95 % confidence interval ${p.low} % to ${p.high} %.`,
    ],
    [
      "square",
      (p) =>
        `Availability was ${p.value} % with a 95 % confidence interval of [${p.low} %, ${p.high} %].`,
    ],
    ["list", (p) => `- Recovery rate: ${p.value} %\n- Confidence interval: ${p.low}-${p.high} %`],
    [
      "column",
      (p) =>
        table(
          ["Metric", "Value", "95 % CI"],
          ["Success rate", `${p.value} %`, `${p.low} % - ${p.high} %`],
        ),
    ],
    [
      "ends",
      (p) =>
        table(
          ["Metric", "Estimate", "Lower", "Upper"],
          ["Success rate", `${p.value} %`, `${p.low} %`, `${p.high} %`],
        ),
    ],
    [
      "turned",
      (p) =>
        table(
          ["Metric", "Success rate"],
          ["Estimate", `${p.value} %`],
          ["Lower bound", `${p.low} %`],
          ["Upper bound", `${p.high} %`],
        ),
    ],
    [
      "named first",
      (p) =>
        `The 95 % confidence interval of the success rate (${p.value} %) is ${p.low} % to ${p.high} %.`,
    ],
    [
      "low and high",
      (p) =>
        table(
          ["Metric", "Result", "CI low", "CI high"],
          ["Success", `${p.value} %`, `${p.low} %`, `${p.high} %`],
        ),
    ],
    [
      "html",
      (p) =>
        `<table><tr><th>Metric</th><th>Value</th><th>95 % CI</th></tr><tr><td>Success rate</td><td>${p.value} %</td><td>${p.low} - ${p.high} %</td></tr></table>`,
    ],
  ] as readonly (readonly [string, (p: ReturnType<typeof percentIn>) => string])[]
).map(([name, say]) => ({
  name: `interval, ${name}`,
  rules: ["interval"],
  write: (random, isBroken) => `${say(percentIn(random, isBroken))}\n`,
}));

/** Three scores and their mean, or one at least twelve off. */
function scores(
  random: Draw,
  isBroken: boolean,
): { parts: [number, number, number]; mean: string } {
  const parts: [number, number, number] = [random(40, 60), random(55, 75), random(60, 80)];
  const mean = (parts[0] + parts[1] + parts[2]) / 3 + (isBroken ? random(12, 18) : 0);
  return { parts, mean: mean.toFixed(1) };
}

const mean: readonly Phrase[] = (
  [
    [
      "row",
      ({ parts: [a, b, c], mean: m }) =>
        table(
          ["Area", "Score"],
          ["Security", `${a}`],
          ["Speed", `${b}`],
          ["Operations", `${c}`],
          ["Average", m],
        ),
    ],
    [
      "rating",
      ({ parts: [a, b, c], mean: m }) =>
        `**Overall: ${m}/100**\n\n${table(["Dimension", "Rating"], ["Security", `${a}/100`], ["Speed", `${b}/100`], ["Operations", `${c}/100`])}`,
    ],
    [
      "headline",
      ({ parts: [a, b, c], mean: m }) =>
        `Overall score: ${m} %\n\n${table(["Area", "Score"], ["Security", `${a} %`], ["Speed", `${b} %`], ["Operations", `${c} %`])}`,
    ],
    [
      "list",
      ({ parts: [a, b, c], mean: m }) =>
        `## Scores\n\n- Security: ${a}/100\n- Speed: ${b}/100\n- Operations: ${c}/100\n- Average: ${m}/100`,
    ],
    [
      "readiness",
      ({ parts: [a, b, c], mean: m }) =>
        `Overall readiness: ${m} %\n\n- Security: ${a} %\n- Speed: ${b} %\n- Operations: ${c} %`,
    ],
    [
      "columns",
      ({ parts: [a, b, c], mean: m }) =>
        table(
          ["", "Security", "Speed", "Operations", "Average"],
          ["Score", `${a}`, `${b}`, `${c}`, m],
        ),
    ],
    [
      "sentence",
      ({ parts: [a, b, c], mean: m }) =>
        `Security scored ${a}, speed ${b} and operations ${c}, for an average of ${m}.`,
    ],
    [
      "tenths",
      ({ parts: [a, b, c], mean: m }) =>
        `${table(["Area", "Score"], ["Security", `${a / 10}/10`], ["Speed", `${b / 10}/10`], ["Operations", `${c / 10}/10`])}\n\nAverage score: ${(Number(m) / 10).toFixed(2)}/10`,
    ],
    [
      "html",
      ({ parts: [a, b, c], mean: m }) =>
        `<table><tr><th>Category</th><th>Score</th></tr><tr><td>Security</td><td>${a} %</td></tr><tr><td>Speed</td><td>${b} %</td></tr><tr><td>Operations</td><td>${c} %</td></tr><tr><td>Overall</td><td>${m} %</td></tr></table>`,
    ],
  ] as readonly (readonly [string, (p: ReturnType<typeof scores>) => string])[]
).map(([name, say]) => ({
  name: `mean, ${name}`,
  rules: ["mean", "range"],
  write: (random, isBroken) => `${say(scores(random, isBroken))}\n`,
}));

const unit: readonly Phrase[] = (
  [
    [
      "latency again",
      (n, wrong) =>
        `${table(["Metric", "Measured"], ["p95 latency", `${n} ms`])}\n\nThe p95 latency was ${n} ${wrong ? "s" : "ms"} over the whole day.`,
    ],
    [
      "percentile row",
      (n, wrong) =>
        `Summary: p99 latency ${n} ms.\n\n${table(["Percentile", "Latency"], ["p50", `${n / 2} ms`], ["p99", `${n} ${wrong ? "s" : "ms"}`])}`,
    ],
    [
      "median",
      (n, wrong) =>
        `Median latency: ${n} ms\n\nWe measured a median latency of ${n} ${wrong ? "s" : "ms"}.`,
    ],
    [
      "throughput",
      (n, wrong) =>
        `Throughput: ${n} req/s\n\nThe gateway sustained ${n} req/${wrong ? "min" : "s"} all day.`,
    ],
    [
      "memory",
      (n, wrong) =>
        `${table(["Metric", "Measured"], ["Memory", `${n} MB`])}\n\nMemory peaked at ${n} ${wrong ? "GB" : "MB"}.`,
    ],
    [
      "recovery",
      (n, wrong) =>
        `Recovery time: ${n} s\n\n## Drill\n\nRecovery took ${n} ${wrong ? "min" : "s"}.`,
    ],
    [
      "fraction",
      (n, wrong) =>
        table(
          ["Metric", "Value"],
          ["Error rate", `${n / 100} %`],
          [
            "Success rate",
            wrong ? `${(1 - n / 10_000).toFixed(4)} %` : `${(100 - n / 100).toFixed(2)} %`,
          ],
        ),
    ],
    [
      "rate of a count",
      (n, wrong) =>
        `In all ${n * 600} requests were sent in 10 minutes, ${wrong ? n * 60 : n} requests/s.`,
    ],
    [
      "rate of a row",
      (n, wrong) =>
        table(
          ["Phase", "Requests", "Duration", "Throughput"],
          ["load", `${n * 60}`, "1 min", `${wrong ? n * 60 : n} req/s`],
        ),
    ],
  ] as readonly (readonly [string, (n: number, wrong: boolean) => string])[]
).map(([name, say]) => ({
  name: `unit, ${name}`,
  rules: ["unit"],
  write: (random, isBroken) => `${say(random(11, 97), isBroken)}\n`,
}));

const dayOf = (days: number): string =>
  new Date(Date.UTC(2026, 5, 1) - days * 86_400_000).toISOString().slice(0, 10);
const spelled = (days: number): string => {
  const [year = "", month = "", day = ""] = dayOf(days).split("-");
  const names =
    "January February March April May June July August September October November December".split(
      " ",
    );
  return `${names[Number(month) - 1]} ${Number(day)}, ${year}`;
};
const drills = (name: string, when: string): string =>
  table(["Drill", "Result", name], ["Restore", "PASS", when], ["Failover", "PASS", dayOf(2)]);

const date: readonly Phrase[] = (
  [
    ["column", (age) => `Date: ${dayOf(0)}\n\n${drills("Run on", dayOf(age))}`],
    [
      "generated",
      (age) =>
        `Report generated on ${dayOf(0)}\n\nThe chaos drills were run on ${dayOf(age)} and passed.`,
    ],
    ["heading", (age) => `# Readiness report, ${spelled(0)}\n\n${drills("Date", dayOf(age))}`],
    [
      "pair",
      (age) => `Report date: ${dayOf(0)}\nLast tested: ${dayOf(age)}\nTests passed: 40 of 40`,
    ],
    [
      "sentence",
      (age) =>
        `Generated: ${dayOf(0)}\n\nThe load test was executed on ${dayOf(age)} and all 40 of 40 checks passed.`,
    ],
    [
      "item",
      (age) => `**Report date:** ${spelled(0)}\n\n- Backup drill passed on ${spelled(age)}.`,
    ],
    [
      "missing",
      (age, wrong) => `Date: ${dayOf(0)}\n\n${drills("Run on", wrong ? "" : dayOf(age))}`,
    ],
    ["unknown", (age, wrong) => drills("Tested on", wrong ? "n/a" : dayOf(age))],
    [
      "turned period",
      (age, wrong) =>
        `Date: ${dayOf(0)}\nTest period: ${wrong ? dayOf(3) : dayOf(age + 4)} to ${wrong ? dayOf(9) : dayOf(3)}\nTests passed: 40 of 40`,
    ],
    [
      "after the report",
      (age, wrong) => `Date: ${dayOf(0)}\n\n${drills("Run on", dayOf(wrong ? -age : age))}`,
    ],
  ] as readonly (readonly [string, (age: number, wrong: boolean) => string])[]
).map(([name, say]) => ({
  name: `date, ${name}`,
  rules: ["stale"],
  write: (random, isBroken) => `${say(isBroken ? random(40, 300) : random(1, 20), isBroken)}\n`,
}));

/** A share of n that some whole number gives, or one between two of them. */
function shareOf(random: Draw, isBroken: boolean): { n: number; percent: string } {
  const n = random(40, 400);
  const k = random(Math.ceil(n / 2), n - 2);
  const exact = (100 * (k + (isBroken ? 0.5 : 0))) / n;
  return { n, percent: exact.toFixed(2) };
}

const precision: readonly Phrase[] = (
  [
    ["of", ({ n, percent }) => `${percent} % of ${n} requests succeeded.`],
    ["count first", ({ n, percent }) => `Of ${n} runs, ${percent} % passed.`],
    [
      "over",
      ({ n, percent }) =>
        `The gateway answered well: a success rate of ${percent} % over ${n} requests.`,
    ],
    [
      "column",
      ({ n, percent }) =>
        table(
          ["Route", "Requests", "Success rate"],
          ["chat", `${n}`, `${percent} %`],
          ["embed", "400", "99.75 %"],
        ),
    ],
    [
      "errors",
      ({ n, percent }) =>
        table(
          ["Route", "Samples", "Error rate"],
          ["chat", `${n}`, `${percent} %`],
          ["embed", "400", "0.25 %"],
        ),
    ],
    ["list", ({ n, percent }) => `- Requests: ${n}\n- Success rate: ${percent} %`],
  ] as readonly (readonly [string, (p: ReturnType<typeof shareOf>) => string])[]
).map(([name, say]) => ({
  name: `precision, ${name}`,
  rules: ["precision"],
  write: (random, isBroken) => `${say(shareOf(random, isBroken))}\n`,
}));

/** A percentile in whole ticks of the clock that is named, or between two of them. */
const ticks: Phrase = {
  name: "precision, clock",
  rules: ["precision"],
  write(random, isBroken) {
    const value = `${random(5, 90)}${isBroken ? `.${random(12, 88)}` : ""} ms`;
    const rows = table(["Percentile", "Latency"], ["p50", value], ["p95", "120 ms"]);
    return `The timer resolution was 1 ms.\n\n${rows}\n`;
  },
};

/** Every phrase of the kinds that people slip in most, beside counts that do not add up. */
export const phrases: readonly Phrase[] = [
  ...interval,
  ...mean,
  ...unit,
  ...date,
  ...precision,
  ticks,
];
