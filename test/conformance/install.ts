import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const installMs = 110_000;
const scriptMs = 60_000;
const outputBytesMax = 4 * 1024 * 1024;

/** A folder with somebody else's packages, outside of the repository; or why there is none. */
export type Installed = { readonly dir: string } | { readonly missing: string };

/**
 * Installs the exact versions of `source`/package.json once per content, without install scripts,
 * and copies the folder's scripts beside them. Offline or failing: `missing` says why.
 */
export async function install(source: string): Promise<Installed> {
  const manifest = readFileSync(join(source, "package.json"));
  const digest = createHash("sha256").update(manifest).digest("hex").slice(0, 16);
  const dir = join(tmpdir(), "loadline-conformance", digest);
  const done = join(dir, "installed");
  try {
    mkdirSync(dir, { recursive: true });
    cpSync(source, dir, { recursive: true });
    if (!existsSync(done)) {
      const flags = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
      await run("npm", flags, { cwd: dir, timeout: installMs });
      writeFileSync(done, "");
    }
    return { dir };
  } catch (cause) {
    const missing = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "failed";
    process.stderr.write(`NOT TESTED: ${source} (${missing})\n`);
    return { missing };
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
