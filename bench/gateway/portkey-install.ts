/** Portkey's gateway, installed once outside of the repository. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const portkeyVersion = "1.15.2";

const manifest = {
  name: "bench-portkey",
  private: true,
  dependencies: { "@portkey-ai/gateway": portkeyVersion },
  overrides: { hono: "4.9.7", "@hono/node-server": "1.13.8" },
};
const timeoutMs = 180_000;

/** The script that starts it and the folder to start it in, or why there is none. */
export function installPortkey(): { script: string; folder: string } | string {
  const folder = join(tmpdir(), `loadline-bench-portkey-${portkeyVersion}`);
  const script = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (existsSync(script)) return { script, folder };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const npm = join(dirname(process.execPath), "npm");
  const flags = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  try {
    execFileSync(existsSync(npm) ? npm : "npm", flags, {
      cwd: folder,
      stdio: "ignore",
      timeout: timeoutMs,
    });
  } catch (cause) {
    return `it could not be installed (${cause instanceof Error ? cause.message : String(cause)})`;
  }
  return existsSync(script) ? { script, folder } : "the package has no start script";
}
