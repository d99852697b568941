import fc from "fast-check";
import { expect, it } from "vitest";
import { lintReport, reportBytesMax } from "./lint.ts";
import { lintRules } from "./rules/table.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const lint = (text: string) => lintReport("report", encode(text));

const words = [
  "|",
  "---",
  "\t",
  "  ",
  "\n",
  "# ",
  "- [x] ",
  "<table>",
  "<td>",
  "</",
  "12",
  "1,2",
  "3.4.5",
  "%",
  "ms",
  "Total",
  "passed",
  "18/20",
  "{",
  "}",
  "[",
  '"',
  ":",
  "**",
  "~~",
  "`",
  "&lt;",
  "\u2705",
  "\u00c3\u00a9",
  "\u2502",
  "p99",
  "PASS",
  "\\|",
  "to",
  "-",
  "from",
  "...",
];

it("no text of a report's own pieces crashes the reader, and each finding has both sides", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 200 }), (parts) => {
      const result = lint(parts.join(" "));
      for (const finding of result.findings) {
        expect(finding.quotes.length).toBeGreaterThanOrEqual(2);
        for (const quote of finding.quotes)
          expect(quote.line).toBeLessThanOrEqual(result.coverage.lines);
      }
    }),
    { numRuns: 300, seed: 21 },
  );
});

it("no bytes crash the reader", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect([0, 1, 2]).toContain(lintReport("bytes", bytes).exit);
    }),
    { numRuns: 300, seed: 22 },
  );
});

it("a text cut anywhere is still read", () => {
  for (const rule of lintRules) {
    const { text } = rule.saboteur;
    for (let at = 0; at < text.length; at += 7)
      expect([0, 1, 2]).toContain(lint(text.slice(0, at)).exit);
  }
});

it.each([
  ["zero bytes", "a\u0000b", "LL_LINT_BINARY"],
  ["more than 5 MiB", "x".repeat(reportBytesMax + 1), "LL_LINT_SIZE"],
])("%s are refused by name and never clean", (_, text, code) => {
  const result = lint(text);
  expect(result.exit).toBe(2);
  expect(result.problem?.code).toBe(code);
});

it("a report with nothing to compare is not clean", () => {
  expect(lint("Everything went well.\n").exit).toBe(2);
  expect(lint("").exit).toBe(2);
});

const units = [
  "|",
  "a |",
  "| 1 ",
  " ",
  "\t",
  "- ",
  "#",
  "*",
  "_",
  "`",
  "~~",
  "<",
  "<td>",
  "<!--",
  "[",
  "](",
  "{",
  "1,",
  "1.",
  "9",
  ": ",
  "a  b\n",
  "\u00c3",
  "x_",
  "&",
  "| a | b |\n",
  "p99 ",
  "from ",
  "- a: 1, passed 2\n",
  "<table><tr><td>",
];

it.each(units)("time grows no faster than the text: %j repeated", (unit) => {
  // Four times the text: linear is 4, quadratic 16; the floor keeps the clock's noise out. Time that
  // others had the CPU is not counted; what else a busy machine adds is in some rounds alone.
  const small = Math.min(...[1, 2, 3].map(() => cpuMs(unit, 60_000)));
  const allowedMs = 10 * Math.max(small, 25);
  let large = cpuMs(unit, 240_000);
  for (let round = 1; round < 4 && large >= allowedMs; round++)
    large = Math.min(large, cpuMs(unit, 240_000));
  expect(large).toBeLessThan(allowedMs);
});

/** What this thread needs for it. */
function cpuMs(unit: string, characters: number): number {
  const bytes = encode(unit.repeat(Math.ceil(characters / unit.length)));
  const began = process.threadCpuUsage();
  lintReport("repeated", bytes);
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1000;
}
