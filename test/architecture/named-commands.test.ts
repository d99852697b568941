import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commonOptions } from "../../packages/cli/src/args.ts";
import { verbs } from "../../packages/cli/src/verbs/table.ts";
import { errorEntries } from "../../scripts/reference/errors.ts";
import { readTree, repositoryRoot } from "./tree.ts";

/** Texts that show code: spans, fenced blocks and indented lines. */
function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/^```.*\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
  const rest = text.replace(/^```.*\n[\s\S]*?^```/gm, "");
  const spans = [...rest.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  const indented = [...rest.matchAll(/^(?: {4}|#   )((?:.*\\\n)*.*)$/gm)].map(
    ([, code = ""]) => code,
  );
  return [...fenced, ...spans, ...indented];
}

/** Commands of ours in a piece of code; one that goes on in the next line is one. */
function commandsOf(code: string): string[] {
  const lines = code.replace(/\\\n\s*/g, " ").split("\n");
  return lines.flatMap((line) => {
    const [, command] = /(?:^|[\s(])loadline ([a-z].*)$/.exec(line) ?? [];
    return command === undefined ? [] : [command.split(/ (?:[|>&#]|2>)/)[0] ?? ""];
  });
}

/** What is wrong with a command as it is written; null when it could be typed so. */
function faultOf(command: string): string | null {
  const [name = "", ...words] = command.trim().split(/\s+/);
  const verb = verbs.find((one) => one.name === name.replace(/[.,;:]$/, ""));
  if (verb === undefined) return `no verb ${name}`;
  const known = [...verb.options, ...commonOptions].map((option) => `--${option.name}`);
  const flags = words.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0]);
  const strange = flags.find((flag) => !known.includes(flag ?? ""));
  if (strange !== undefined) return `${name} has no ${strange}`;
  const [first] = words;
  const { oneOf } = verb.positional;
  if (oneOf === undefined || first === undefined || !/^[a-z-]+$/.test(first)) return null;
  return first.startsWith("-") || oneOf.includes(first) ? null : `${name} has no ${first}`;
}

const faultsIn = (texts: readonly string[]): string[] =>
  texts
    .flatMap(codeOf)
    .flatMap(commandsOf)
    .flatMap((command) => faultOf(command) ?? []);

describe("a command that is named", () => {
  it("in a remedy is one that can be typed", async () => {
    const remedies = (await errorEntries(repositoryRoot)).map(({ remedy }) => remedy);
    expect(remedies.flatMap(codeOf).flatMap(commandsOf).length).toBeGreaterThan(20);
    expect(faultsIn(remedies)).toEqual([]);
  });

  it("in a page or an example is one that can be typed", () => {
    const tree = readTree(repositoryRoot);
    const pages = tree.paths.filter(
      (path) => /\.(md|yaml)$/.test(path) && /^(README|SECURITY|docs\/|examples\/)/.test(path),
    );
    const texts = pages
      .filter((path) => !path.startsWith("docs/decisions/"))
      .map((path) => readFileSync(join(repositoryRoot, path), "utf8"));
    expect(texts.length).toBeGreaterThan(10);
    expect(faultsIn(texts)).toEqual([]);
  });

  it.each([
    ["Run `loadline demo seed`.", "no verb demo"],
    ["`loadline keys make`", "keys has no make"],
    ["```\nnpx loadline validate --traget http://127.0.0.1:1\n```\n", "validate has no --traget"],
    ["    loadline verify RUN \\\n      --kyes a.pem\n", "verify has no --kyes"],
  ])("that cannot is found: %j", (text, fault) => {
    expect(faultsIn([text])).toEqual([fault]);
  });
});
