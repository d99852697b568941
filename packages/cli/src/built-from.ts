import { readFileSync } from "node:fs";
import { codeOf } from "@loadline/kit/errors";

const commitPattern = /^[0-9a-f]{40}$/;
/** In the published package the commit lies beside the code, in the repository git knows it. */
const packed = new URL("./COMMIT", import.meta.url);
const repository = new URL("../../../.git/", import.meta.url);

/** Commit this code was built or checked out from; undefined when nothing says. */
export function builtFrom(places = { packed, repository }): string | undefined {
  return commitIn(places.packed) ?? headOf(places.repository);
}

/** What a run says of the build that makes it; nothing where nothing says. */
export function buildNamed(): { readonly buildDigest?: string } {
  const buildDigest = builtFrom();
  return buildDigest === undefined ? {} : { buildDigest };
}

/** Follows HEAD to the commit of its branch, which is a file of its own or a line among others. */
function headOf(git: URL): string | undefined {
  const head = textOf(new URL("HEAD", git));
  const branch = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1];
  if (branch === undefined || branch.includes("..")) return asCommit(head);
  const line = textOf(new URL("packed-refs", git))
    .split("\n")
    .find((one) => one.endsWith(` ${branch}`));
  return commitIn(new URL(branch, git)) ?? asCommit(line?.split(" ")[0] ?? "");
}

function commitIn(file: URL): string | undefined {
  return asCommit(textOf(file));
}

function asCommit(text: string): string | undefined {
  return commitPattern.test(text) ? text : undefined;
}

/** Without the line's end; empty when there is no file that this process can read. */
function textOf(file: URL): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    if (codeOf(cause, "") === "") throw cause;
    return "";
  }
}
