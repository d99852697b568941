import { spawn } from "node:child_process";
import { once } from "node:events";

export interface ToolEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs another tool in a folder and collects what it prints. */
export async function runTool(
  path: string,
  args: readonly string[],
  cwd: string,
): Promise<ToolEnd> {
  const child = spawn(path, [...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 100_000,
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => void (err += chunk.toString("utf8")));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}
