import { type TreeRule, isScript, isTest, linesMatching, sources } from "../tree.ts";

const serverLinesMax = 200;
const rootEntriesMax = 24;

/** Everything the root may hold; a new entry is a decision. */
const rootAllowed = new Set(
  [
    ".ci .github .gitignore .npmrc .oxfmtrc.json .oxlintrc.json AGENTS.md ARCHITECTURE.md CONTRIBUTING.md",
    "LICENSE README.md SECURITY.md bench changes deploy docs examples knip.json package-lock.json",
    "package.json packages scripts test tsconfig.json vitest.config.ts",
  ].flatMap((line) => line.split(" ")),
);

/** The rules name what they forbid. */
const isRuleText = (path: string): boolean => path.startsWith("test/architecture/rules/");

const bannedNames = /^(utils?|helpers?|common|managers?|misc)$|^new-|(^|-)v2$/;

const serverLines: TreeRule = {
  id: "server-lines",
  summary: `server.ts is wiring, under ${serverLinesMax} lines`,
  check: (tree) =>
    sources(tree)
      .filter((path) => path.endsWith("/server.ts"))
      .filter((path) => tree.read(path).split("\n").length > serverLinesMax)
      .map((path) => ({ path, message: `over ${serverLinesMax} lines: move a feature out` })),
};

const rootEntries: TreeRule = {
  id: "root-entries",
  summary: `the root holds at most ${rootEntriesMax} known entries`,
  check: (tree) => [
    ...tree.rootEntries
      .filter((name) => !rootAllowed.has(name) && !/\.(log|tgz)$/.test(name))
      .map((path) => ({ path, message: "not in the list of root entries" })),
    ...(tree.rootEntries.length > rootEntriesMax
      ? [
          {
            path: ".",
            message: `${tree.rootEntries.length} root entries, ${rootEntriesMax} allowed`,
          },
        ]
      : []),
  ],
};

const names: TreeRule = {
  id: "banned-names",
  summary: "no file or folder is called utils, helpers, common, manager, misc, new-* or *-v2",
  check: (tree) =>
    tree.paths
      .filter((path) =>
        path.split("/").some((part) => bannedNames.test(part.replace(/(\.(test|sim))?\.\w+$/, ""))),
      )
      .map((path) => ({ path, message: "say what it holds" })),
};

const kitFolders: TreeRule = {
  id: "kit-index",
  summary: "every folder of kit has an index.ts and a test",
  check: (tree) => {
    const inKit = tree.paths.filter((path) => /^packages\/kit\/src\/[^/]+\//.test(path));
    const nouns = new Set(inKit.map((path) => path.split("/")[3] ?? ""));
    return [...nouns].flatMap((noun) => {
      const path = `packages/kit/src/${noun}`;
      const mine = inKit.filter((file) => file.startsWith(`${path}/`));
      return [
        ...(mine.includes(`${path}/index.ts`) ? [] : [{ path, message: "no index.ts" }]),
        ...(mine.some((file) => isTest(file)) ? [] : [{ path, message: "no test beside it" }]),
      ];
    });
  },
};

const moduleState: TreeRule = {
  id: "module-state",
  summary: "no mutable state at the top of a module",
  check: (tree) =>
    linesMatching(
      tree,
      sources(tree),
      /^(?:export )?let /,
      () => "keep the state in what a factory returns",
    ),
};

const ambientDate: TreeRule = {
  id: "ambient-date",
  summary: "new Date() without a value reads the machine's clock",
  check: (tree) =>
    linesMatching(
      tree,
      sources(tree),
      /\bnew Date\(\)/,
      () => "take a Clock (@loadline/kit/clock)",
    ),
};

/** Where a value of unknown shape has just been checked field by field and becomes its type. */
const parsedBoundaries = new Set([
  "packages/contract/src/evidence/chain.ts",
  "packages/contract/src/evidence/manifest.ts",
  "packages/contract/src/evidence/read-record.ts",
  "packages/contract/src/report-build.ts",
  "packages/validator/src/evidence/redact.ts",
]);

const doubleAssertion: TreeRule = {
  id: "double-assertion",
  summary: "no `as unknown as` outside the places that parse",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter((path) => isScript(path) && !isTest(path) && !parsedBoundaries.has(path)),
      /\bas unknown as\b/,
      () => "parse the value, or fix the type",
    ),
};

const shouting: TreeRule = {
  id: "shouting-constant",
  summary: "constants are camelCase",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter(isScript),
      /^\s*(?:export )?const ([A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{4,})\b\s*[:=]/,
      (match) => `rename ${match[1] ?? ""}`,
    ),
};

const starExports: TreeRule = {
  id: "star-exports",
  summary: "no barrel: `export *` only in the index of a package, or of its browser half",
  check: (tree) =>
    linesMatching(
      tree,
      sources(tree).filter((path) => !/^packages\/[^/]+\/src\/(index|browser)\.ts$/.test(path)),
      /^export \*/,
      () => "name what is exported",
    ),
};

const openEnds: TreeRule = {
  id: "open-ends",
  summary: "a TODO names the issue or decision it belongs to",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter((path) => isScript(path) && !isRuleText(path)),
      /(?:\/\/|\*).*\b(TODO|FIXME|XXX|HACK)\b(?!.*(#\d+|docs\/decisions\/\d{4}))/,
      (match) => `${match[1] ?? ""} without an issue or decision`,
    ),
};

const disableReason: TreeRule = {
  id: "disable-reason",
  summary: "a disabled lint rule names itself and its reason, for one line",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter((path) => isScript(path) && !isRuleText(path)),
      /\b(?:oxlint|eslint)-disable(\S*)(.*)$/,
      (match) =>
        match[1] === "-next-line" && /^ [\w@/-]+(, [\w@/-]+)* -- \S+/.test(match[2] ?? "")
          ? undefined
          : "write: oxlint-disable-next-line <rule> -- <reason>",
    ),
};

export const shapeRules: readonly TreeRule[] = [
  serverLines,
  rootEntries,
  names,
  kitFolders,
  moduleState,
  ambientDate,
  doubleAssertion,
  shouting,
  starExports,
  openEnds,
  disableReason,
];
