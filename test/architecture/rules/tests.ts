import { checklistParts } from "@loadline/contract";
import { type TreeRule, isTest, linesMatching } from "../tree.ts";

const testFile = (path: string): boolean => /\.test\.tsx?$/.test(path);
const slow = /^test\/(integration|e2e|conformance)\//;

const titlePattern =
  /^\s*(?:it|test|describe)(?:\.(?:each|for|concurrent|skipIf|runIf)\b[^"'`]*)?\(\s*(["'`])(.*?)\1/;
const emptyWords = /\b(should|works?|properly|correctly|handles?|tests?)\b/i;

const titles: TreeRule = {
  id: "test-titles",
  summary: "a title states the guarantee",
  check: (tree) =>
    linesMatching(tree, tree.paths.filter(testFile), titlePattern, (match) => {
      const empty = emptyWords.exec(match[2] ?? "");
      return empty === null ? undefined : `"${empty[0]}" states no guarantee`;
    }),
};

const sleeps: TreeRule = {
  id: "no-sleeps",
  summary: "a unit test advances its clock or awaits an event",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter((path) => isTest(path) && !slow.test(path) && testFile(path)),
      /node:timers|systemClock\(\)\.sleep|\bAtomics\.wait\(|\bawait sleep\(/,
      () => "use TestClock, an event, or eventually() in integration tests",
    ),
};

const checklistIds: TreeRule = {
  id: "checklist-ids",
  summary: "a bound checklist id exists",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter((path) => /^packages\/.*\.tsx?$/.test(path) || testFile(path)),
      /\b(R\d)-(\d{2,3})\b/,
      (match) => {
        const last = checklistParts[match[1] ?? ""] ?? 0;
        const row = Number(match[2]);
        return row >= 1 && row <= last ? undefined : `no row ${match[1] ?? ""}-${match[2] ?? ""}`;
      },
    ),
};

export const testRules: readonly TreeRule[] = [titles, sleeps, checklistIds];
