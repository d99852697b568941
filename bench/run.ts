/**
 * Runs the benchmarks one after another: `npm run bench` for all, `npm run bench -- gateway` for one.
 * Each prints ratios measured inside its own run; absolute times are not comparable between machines.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`${here}${entry.name}/run.ts`))
  .map((entry) => entry.name)
  .toSorted();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(
    `no benchmark named ${unknown.join(", ")}; there are: ${names.join(", ")}\n`,
  );
  process.exitCode = 64;
} else {
  for (const name of asked.length > 0 ? asked : names) {
    const code = await new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, [`${here}${name}/run.ts`], { stdio: "inherit" });
      child.once("error", reject);
      child.once("exit", (status) => resolve(status ?? 1));
    });
    if (code !== 0) process.exitCode = 1;
  }
}
