import { execFile } from "node:child_process";
import type { StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { ToolMissing, WireFault } from "./fault.ts";
import { recordsIn } from "./shape.ts";

export type ContainerContext = StackContext<ServiceOf<"container">>;

const outputBytesMax = 4 * 1024 * 1024;

/** What the engine writes. @throws ToolMissing without an engine, WireFault with its words. */
export function runEngine(context: ContainerContext, words: readonly string[]): Promise<string> {
  const { engine, container } = context.service;
  return new Promise((resolve, reject) => {
    const { signal } = context;
    const o = { maxBuffer: outputBytesMax, encoding: "utf8", signal } as const;
    const child = execFile(engine, [...words], o, (error, stdout, stderr) => {
      if (!signal.aborted) signal.removeEventListener("abort", end);
      if (error !== null && "code" in error && error.code === "ENOENT") {
        reject(new ToolMissing(`${engine} is not on this machine.`));
      } else if (error !== null && /cannot connect|is the docker daemon running/i.test(stderr)) {
        reject(
          new ToolMissing(`${engine} has no daemon here: ${context.excerpt(stderr.trim(), 200)}`),
        );
      } else if (error !== null) {
        const why = stderr.trim() || error.message;
        const code = context.signal.aborted ? "timeout" : "protocol";
        const what = words[0] === "inspect" ? "does not tell of" : `refused ${words[0] ?? ""} of`;
        reject(new WireFault(code, `${engine} ${what} ${container}`, why));
      } else {
        resolve(stdout);
      }
    });
    // The signal asks it to end; one that does not listen would outlive the check, and the run wait.
    const end = (): void => void child.kill("SIGKILL");
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** What the engine tells of the container. @throws ToolMissing without an engine, WireFault. */
export const inspectContainer = (context: ContainerContext): Promise<unknown> =>
  inspect(context, "container", context.service.container);

/** What the engine tells of an image, by its name or id. @throws as `inspectContainer` */
export const inspectImage = (context: ContainerContext, image: string): Promise<unknown> =>
  inspect(context, "image", image);

async function inspect(context: ContainerContext, type: string, name: string): Promise<unknown> {
  const { engine } = context.service;
  const stdout = await runEngine(context, ["inspect", "--type", type, name]);
  try {
    const [first] = recordsIn(JSON.parse(stdout), "");
    return first;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { unreadable: `${engine} wrote no JSON` };
  }
}
