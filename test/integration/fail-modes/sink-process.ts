import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { endChild, eventually, freePort, spawnHeld } from "../../../packages/testkit/src/index.ts";
import type { Dependency } from "./modes.ts";

/** A sink of POSTs in a process of its own. */
export interface SinkProcess extends Dependency, AsyncDisposable {
  readonly port: number;
  /** POSTs that it has taken since it was started last; 0 when it does not answer. */
  taken(): Promise<number>;
}

const main = join(import.meta.dirname, "sink-main.ts");
const startMs = 30_000;
const answerMs = 1000;

export async function startSinkProcess(clock: Clock): Promise<SinkProcess> {
  const port = await freePort();
  const run = (): ChildProcess => spawnHeld(process.execPath, [main, String(port)]);
  const ask = async (): Promise<number | undefined> => {
    const signal = AbortSignal.timeout(answerMs);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal }).catch(() => undefined);
    return answer && Number(await answer.text());
  };
  const isThere = async (): Promise<boolean> => (await ask()) !== undefined;
  let child = run();
  const kill = (): Promise<void> => endChild(child);
  await eventually(clock, isThere, startMs).catch(async (cause: unknown) => {
    await kill();
    throw cause;
  });
  return {
    port,
    taken: async () => (await ask()) ?? 0,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill,
    async restart() {
      await kill();
      child = run();
      await eventually(clock, isThere, startMs);
    },
    [Symbol.asyncDispose]: kill,
  };
}
