// Starts the stack, validates it, and with --keep stays until Ctrl-C.
//
//   npx node examples/quant-stack/start.ts [--keep] [--ladder] [--break ID]
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { breakages } from "./breakages.ts";
import { ladder } from "./plan.ts";
import { startQuantStack } from "./stack.ts";

const main = new URL("../../packages/cli/src/main.ts", import.meta.url).pathname;
const args = process.argv.slice(2);
const wanted = args.includes("--break") ? args[args.indexOf("--break") + 1] : undefined;
const broken = breakages.find(({ id }) => id === wanted);
if (args.includes("--break") && broken === undefined) {
  console.error(`--break takes one of ${breakages.map(({ id }) => id).join(", ")}`);
  process.exit(64);
}
const stack = await startQuantStack();
for (const line of stack.missing) console.log(line);
const dir = mkdtempSync(join(tmpdir(), "quant-plan-"));
const plan = join(dir, "plan.yaml");
const whole = args.includes("--ladder") ? { ...stack.plan, load: { ladder } } : stack.plan;
writeFileSync(plan, `${JSON.stringify(whole, null, 2)}\n`);
if (broken !== undefined) {
  console.log(`broken: ${broken.title}; to turn red: ${broken.red.join(", ")}`);
  await broken.apply(stack);
}
const list = [main, "validate", "--plan", plan, "--state", join(dir, "state")];
const child = spawn(process.execPath, list, {
  env: { ...process.env, ...stack.secrets },
  stdio: "inherit",
});
const code = await new Promise<number>(
  (resolve) => void child.once("exit", (n) => resolve(n ?? 3)),
);
if (args.includes("--keep")) {
  console.log(`plan ${plan}; Ctrl-C stops the stack`);
  await new Promise<void>((resolve) => void process.once("SIGINT", () => resolve()));
}
await stack.stop();
process.exitCode = code;
