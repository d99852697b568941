import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository, or a fixture that imitates it, as data: paths with `/`, relative to `root`. */
export interface Tree {
  readonly root: string;
  /** Every file below the root, without what the tools produce. */
  readonly paths: readonly string[];
  /** Names of the root's own entries, files and folders. */
  readonly rootEntries: readonly string[];
  read(path: string): string;
}

/** One broken rule at one place; the message says what to do instead. */
export interface Finding {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

/** A rule over the text of the tree. `id` is also the name of its folder of planted violations. */
export interface TreeRule {
  readonly id: string;
  readonly summary: string;
  check(tree: Tree): Finding[];
}

const produced = new Set(["node_modules", ".git", "dist", "coverage", ".loadline", "tmp"]);

export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));
export const violationsRoot = fileURLToPath(new URL("./fixtures/violations/", import.meta.url));

/** Reads the names now and the texts on demand; `fixtures` folders of the repository are left out. */
export function readTree(root: string, o: { withFixtures?: boolean } = {}): Tree {
  const texts = new Map<string, string>();
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (produced.has(entry.name)) return [];
      if (entry.name === "fixtures" && o.withFixtures !== true) return [];
      const full = join(folder, entry.name);
      return entry.isDirectory() ? walk(full) : [relative(root, full).split(sep).join("/")];
    });
  return {
    root,
    paths: walk(root).sort((a, b) => a.localeCompare(b)),
    rootEntries: readdirSync(root).filter((name) => !produced.has(name)),
    read(path) {
      const known = texts.get(path);
      if (known !== undefined) return known;
      const text = readFileSync(join(root, path), "utf8");
      texts.set(path, text);
      return text;
    },
  };
}

export const isTest = (path: string): boolean =>
  /\.test\.tsx?$/.test(path) || path.startsWith("test/") || /^packages\/[^/]+\/test\//.test(path);

export const isScript = (path: string): boolean => /\.(ts|tsx|mts|mjs)$/.test(path);

/** Source of the packages without their tests. */
export function sources(tree: Tree): string[] {
  return tree.paths.filter(
    (path) => /^packages\/[^/]+\/src\//.test(path) && isScript(path) && !isTest(path),
  );
}

/** One finding per line that `pattern` matches, unless `message` answers undefined. */
export function linesMatching(
  tree: Tree,
  paths: readonly string[],
  pattern: RegExp,
  message: (match: RegExpMatchArray) => string | undefined,
): Finding[] {
  return paths.flatMap((path) =>
    tree
      .read(path)
      .split("\n")
      .flatMap((text, index) => {
        const match = text.match(pattern);
        const said = match === null ? undefined : message(match);
        return said === undefined ? [] : [{ path, line: index + 1, message: said }];
      }),
  );
}

export const show = (finding: Finding): string =>
  `${finding.path}${finding.line === undefined ? "" : `:${finding.line}`} ${finding.message}`;
