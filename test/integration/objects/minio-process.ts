import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { signedHeaders } from "../../../packages/gateway/src/objects/s3/sign.ts";
import { endChild, eventually, freePort, spawnHeld } from "../../../packages/testkit/src/index.ts";
import { removeFolder } from "../../../packages/testkit/src/remove-folder.ts";

/** A MinIO of our own on loopback with one bucket. */
export interface RunningMinio extends AsyncDisposable {
  readonly port: number;
  readonly bucket: string;
  /** References to files that hold its keys. */
  readonly accessKey: string;
  readonly secretKey: string;
  freeze(): void;
  thaw(): void;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const startMs = 60_000;
const probeMs = 2000;
const bucket = "files";
const region = "us-east-1";

/** Starts `path` (a minio) and makes its bucket. */
export async function startMinio(path: string, clock: Clock): Promise<RunningMinio> {
  const dir = mkdtempSync(join(tmpdir(), "ll-minio-"));
  const [port, console] = [await freePort(), await freePort()];
  const host = `127.0.0.1:${port}`;
  const accessKey = randomBytes(8).toString("hex");
  const secretKey = randomBytes(16).toString("hex");
  const at = ["--address", host, "--console-address", `127.0.0.1:${console}`];
  const run = (): ChildProcess =>
    spawnHeld(path, ["server", join(dir, "data"), ...at], {
      env: {
        HOME: dir,
        MINIO_ROOT_USER: accessKey,
        MINIO_ROOT_PASSWORD: secretKey,
        MINIO_UPDATE: "off",
      },
      stdio: "ignore",
    });
  const send = async (method: string, target: string): Promise<boolean> => {
    const r = { method, host, path: target, query: [], headers: {}, body: Buffer.alloc(0) };
    const list = signedHeaders(r, { accessKey, secretKey, region }, clock.wallMs());
    const headers = pairs(list).filter(([name]) => name !== "host");
    const signal = AbortSignal.timeout(probeMs);
    return fetch(`http://${host}${target}`, { method, headers, signal }).then(
      (answer) => answer.ok,
      () => false,
    );
  };
  let child = run();
  const end = (): Promise<void> => endChild(child);
  const isThere = (): Promise<boolean> => send("GET", `/${bucket}`);
  await eventually(clock, async () => (await isThere()) || send("PUT", `/${bucket}`), startMs);
  return {
    port,
    bucket,
    accessKey: referenceTo(join(dir, "access"), accessKey),
    secretKey: referenceTo(join(dir, "secret"), secretKey),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill: end,
    async restart() {
      await end();
      child = run();
      await eventually(clock, isThere, startMs);
    },
    async [Symbol.asyncDispose]() {
      await end();
      removeFolder(dir);
    },
  };
}

function referenceTo(path: string, secret: string): string {
  writeFileSync(path, secret, { mode: 0o600 });
  return `\${file:${path}}`;
}

function pairs(list: readonly string[]): [string, string][] {
  return list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] ?? ""]] : []));
}
