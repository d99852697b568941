import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../architecture/tree.ts";

const run = promisify(execFile);
const compileMs = 100_000;
const outputBytesMax = 1024 * 1024;

/** A value and the name of the type it must have. */
export interface Typed {
  readonly type: string;
  readonly value: unknown;
}

/**
 * Compiles the values as literals of their types, which a package publishes for its own API: a
 * missing, wrong or unknown member is an error. Resolves to the compiler's errors.
 */
export async function typeErrors(
  dir: string,
  importLine: string,
  values: readonly Typed[],
): Promise<string[]> {
  const lines = values.map(
    ({ type, value }, i) => `export const value${i}: ${type} = ${JSON.stringify(value)};`,
  );
  const file = join(dir, "values.ts");
  writeFileSync(file, `${importLine}\n${lines.join("\n")}\n`);
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
  const tsc = join(repositoryRoot, "node_modules/typescript/bin/tsc");
  const types = ["--target", "es2024", "--types", "", "--ignoreConfig"];
  try {
    await run(process.execPath, [tsc, ...flags, ...types, file], {
      cwd: dir,
      timeout: compileMs,
      maxBuffer: outputBytesMax,
    });
    return [];
  } catch (cause) {
    const output = cause instanceof Error && "stdout" in cause ? String(cause.stdout) : "";
    if (output === "") throw cause;
    return output.split("\n").filter((line) => line.includes("error TS"));
  }
}
