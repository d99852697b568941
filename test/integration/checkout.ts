import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../architecture/tree.ts";

/** Whether this tree is a repository that can be cloned. */
export const hasGit = existsSync(join(repositoryRoot, ".git"));

/** Links what is installed here; our own packages and their commands are those of `clone`. */
function linkModules(clone: string): void {
  const from = join(repositoryRoot, "node_modules");
  const to = join(clone, "node_modules");
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [here, there] = [join(from, entry.name), join(to, entry.name)];
    // Links lead to packages of the tree they lie in, and a bootstrap leaves its mark in its own.
    const isOwn = entry.isSymbolicLink() || [".bin", ".loadline", "@loadline"].includes(entry.name);
    if (isOwn) cpSync(here, there, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(here, there);
  }
}

/** Files of this tree that the last commit does not have like this; none in a clean one. */
function layOver(clone: string): void {
  const list = ["ls-files", "--modified", "--deleted", "--others", "--exclude-standard"];
  const o = { cwd: repositoryRoot, encoding: "utf8", maxBuffer: 16 * 1024 * 1024 } as const;
  for (const name of new Set(execFileSync("git", list, o).split("\n"))) {
    const from = join(repositoryRoot, name);
    if (name === "") continue;
    if (existsSync(from)) cpSync(from, join(clone, name), { recursive: true });
    else rmSync(join(clone, name), { force: true });
  }
}

/** This tree at another path, with the page of the report as it is built here. */
export function secondCheckout(): string {
  const clone = join(mkdtempSync(join(tmpdir(), "loadline-second-")), "elsewhere");
  execFileSync("git", ["clone", "-q", "--no-hardlinks", repositoryRoot, clone]);
  layOver(clone);
  linkModules(clone);
  const page = "packages/console/dist";
  if (existsSync(join(repositoryRoot, page))) {
    cpSync(join(repositoryRoot, page), join(clone, page), { recursive: true });
  }
  return clone;
}
