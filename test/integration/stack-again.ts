/** What the commands say that findings print, and plans made of the parts of another. */
import { spawn } from "node:child_process";
import { isRecord } from "@loadline/kit/json";

const commandMsMax = 20_000;

/** What a shell prints that the line was typed into: both streams, and its exit code at the end. */
function typed(line: string, env: NodeJS.ProcessEnv): Promise<string> {
  const limits = { timeout: commandMsMax, killSignal: "SIGKILL" } as const;
  const child = spawn("sh", ["-c", line], { env, stdio: ["ignore", "pipe", "pipe"], ...limits });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(`${text}\nexit ${code ?? "none"}`));
  });
}

/** The same of each line, one after another. */
export async function shownAgain(
  lines: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const shown: string[] = [];
  for (const line of lines) shown.push(await typed(line, env));
  return shown;
}

/** Those services of a plan's stack, by name, with what lies over each, and these edges alone. */
export function partOf(
  plan: object,
  names: Readonly<Record<string, object>>,
  edges: readonly object[] = [],
): object {
  const stack: unknown = Object.entries(plan).find(([key]) => key === "stack")?.[1];
  const services = isRecord(stack) ? stack["services"] : undefined;
  if (!isRecord(stack) || !isRecord(services)) throw new Error("the plan has no stack");
  const laid = Object.entries(names).map(([name, over]) => {
    const own = services[name];
    return [name, isRecord(own) ? { ...own, ...over } : over];
  });
  return { stack: { ...stack, services: Object.fromEntries(laid), edges } };
}
