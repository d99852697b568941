import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { partsEnvironment } from "../../packages/testkit/src/parts/index.ts";

const run = promisify(execFile);
const installMs = 110_000;
const scriptMs = 100_000;
const outputBytesMax = 4 * 1024 * 1024;

/** A folder with somebody else's packages, outside of the repository; or why there is none. */
export type Installed = { readonly dir: string } | { readonly missing: string };

/**
 * Installs the exact versions of `source`/package.json among the parts, once per content of the
 * folder, without install scripts, beside a copy of its scripts. Offline or failing: `missing` says why.
 */
export async function install(source: string): Promise<Installed> {
  const home = join(partsEnvironment(process.env).partsDir, "conformance");
  const dir = join(home, digestOf(source));
  try {
    if (existsSync(dir)) return { dir };
    mkdirSync(home, { recursive: true });
    // Suites that want the same folder run side by side: it is there whole, or not at all.
    const draft = mkdtempSync(join(home, "draft-"));
    try {
      cpSync(source, draft, { recursive: true });
      const flags = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
      await run("npm", flags, { cwd: draft, timeout: installMs });
      place(draft, dir);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    return { dir };
  } catch (cause) {
    const missing = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "failed";
    process.stderr.write(`NOT TESTED: ${source} (${missing})\n`);
    return { missing };
  }
}

/** Every file of the folder by its name and content. */
function digestOf(source: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(source).toSorted())
    hash.update(`${name}\n`).update(readFileSync(join(source, name)));
  return hash.digest("hex").slice(0, 16);
}

/** Puts a whole folder in its place, unless another suite was there first. */
function place(draft: string, dir: string): void {
  try {
    renameSync(draft, dir);
  } catch (cause) {
    if (!existsSync(dir)) throw cause;
  }
}

/** Runs `script` of an installed folder and resolves to the JSON of its last line. */
export async function runScript(
  dir: string,
  script: string,
  o: { url: string; key: string; model: string },
): Promise<unknown> {
  const { stdout } = await run(process.execPath, [script, o.url, o.key, o.model], {
    cwd: dir,
    timeout: scriptMs,
    maxBuffer: outputBytesMax,
  });
  const value: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
  return value;
}
