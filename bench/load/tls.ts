import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { once } from "node:events";
import { systemClock } from "@loadline/kit/clock";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { endThread } from "@loadline/kit/threads";

const run = promisify(execFile);
const endMs = 1000;

export interface TlsServer extends AsyncDisposable {
  readonly url: string;
}

/** A server with a certificate of its own, in a thread; null where no certificate can be made. */
export async function startTlsServer(): Promise<TlsServer | null> {
  using folder = makeScratchFolder("loadline-tls-");
  const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
  const terms = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const names = ["-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  const made = await run("openssl", [...terms.split(" "), ...names]).catch(() => null);
  if (made === null) return null;
  const workerData = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  const worker = new Worker(new URL("./tls-thread.ts", import.meta.url), { workerData });
  const [port] = (await once(worker, "message")) as [unknown];
  const ask = (): void => worker.postMessage("end");
  return {
    url: `https://127.0.0.1:${String(port)}`,
    [Symbol.asyncDispose]: async () =>
      void (await endThread(worker, { clock: systemClock(), withinMs: endMs, ask })),
  };
}
