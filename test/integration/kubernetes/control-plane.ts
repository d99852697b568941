import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { parseJson } from "@loadline/kit/json";
import { endChild, eventually, freePort, spawnHeld } from "../../../packages/testkit/src/index.ts";
import { removeFolder } from "../../../packages/testkit/src/remove-folder.ts";

const upMs = 90_000;
/** For one request; the server itself ends after a minute. */
const askMs = 60_000;

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** An API server and its etcd on loopback. Neither controllers nor kubelets: who tests says what they would say. */
export interface ControlPlane extends AsyncDisposable {
  readonly url: string;
  /** The authority of its certificate, PEM. */
  readonly ca: string;
  /** The administrator's. */
  readonly token: string;
  /** As the administrator; PATCH is a merge patch. */
  ask(method: string, path: string, body?: object): Promise<Answer>;
}

interface Door {
  readonly port: number;
  readonly token: string;
  readonly ca: string;
}

function ask(door: Door, method: string, path: string, body?: object): Promise<Answer> {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = { authorization: `Bearer ${door.token}`, "content-type": type };
  const { port, ca } = door;
  const o = { host: "127.0.0.1", port, path, method, headers, ca, agent: false, timeout: askMs };
  return new Promise((resolve, reject) => {
    const asked = request(o, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      response.on("end", () => {
        const json = parseJson(Buffer.concat(chunks).toString("utf8"));
        resolve({ status: response.statusCode ?? 0, json });
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`${method} ${path} timed out`)));
    asked.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function etcdArgs(dir: string, client: number, peer: number): string[] {
  const [own, others] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return [
    `--data-dir=${join(dir, "etcd")}`,
    `--listen-client-urls=${own}`,
    `--advertise-client-urls=${own}`,
    `--listen-peer-urls=${others}`,
    `--initial-advertise-peer-urls=${others}`,
    `--initial-cluster=default=${others}`,
    "--unsafe-no-fsync",
    "--log-level=error",
  ];
}

const serverArgs = (dir: string, etcd: number, port: number): string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  "--bind-address=127.0.0.1",
  "--advertise-address=127.0.0.1",
  `--secure-port=${port}`,
  `--cert-dir=${join(dir, "certificates")}`,
  "--service-cluster-ip-range=10.96.0.0/16",
  "--endpoint-reconciler-type=none",
  "--authorization-mode=RBAC",
  `--token-auth-file=${join(dir, "tokens.csv")}`,
  "--service-account-issuer=https://kubernetes.default.svc",
  `--service-account-key-file=${join(dir, "accounts.key")}`,
  `--service-account-signing-key-file=${join(dir, "accounts.key")}`,
];

async function stopped(children: readonly ChildProcess[]): Promise<void> {
  // What was started last leans on what was started before it.
  for (const child of children.toReversed()) await endChild(child);
}

/** Starts both programs of the folder of `apiserver`; ready when its own checks say so. */
export async function startControlPlane(apiserver: string): Promise<ControlPlane> {
  const dir = mkdtempSync(join(tmpdir(), "loadline-kubernetes-"));
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): void => {
    children.push(spawnHeld(join(dirname(apiserver), program), args, { stdio: "ignore" }));
  };
  const dispose = async (): Promise<void> => {
    await stopped(children);
    removeFolder(dir);
  };
  try {
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const token = randomBytes(16).toString("hex");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(join(dir, "accounts.key"), key, { mode: 0o600 });
    writeFileSync(join(dir, "tokens.csv"), `${token},admin,admin,system:masters\n`, {
      mode: 0o600,
    });
    start("etcd", etcdArgs(dir, client, peer));
    start("kube-apiserver", serverArgs(dir, client, port));
    const file = join(dir, "certificates", "apiserver.crt");
    const authority = (): string => readFileSync(file, "utf8");
    const isUp = (): Promise<boolean> =>
      Promise.resolve()
        .then(() => ask({ port, token, ca: authority() }, "GET", "/readyz"))
        .then(
          ({ status }) => status === 200,
          () => false,
        );
    await eventually(systemClock(), isUp, upMs);
    const door = { port, token, ca: authority() };
    return {
      url: `https://127.0.0.1:${port}`,
      ca: door.ca,
      token,
      ask: (method, path, body) => ask(door, method, path, body),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
