import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signed } from "../../packages/validator/src/stack/wire/sigv4.ts";
import { endChild, eventually, freePort, spawnHeld } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { claimsOf, reportOf } from "./stack-claims.ts";

const parts = await requireParts(["minio"], { rows: ["R1-03", "R1-16", "R1-26"] });
const clock = systemClock();
const keys = {
  accessKey: randomBytes(8).toString("hex"),
  secretKey: randomBytes(16).toString("hex"),
  region: "us-east-1",
};
const references = { accessKey: "${env:A}", secretKey: "${env:S}" };
const secrets = { A: keys.accessKey, S: keys.secretKey };

interface Server {
  readonly home: string;
  readonly port: number;
  readonly disks: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function startServer({ home, port, disks, env }: Server): Promise<ChildProcess> {
  const console = await freePort();
  const at = ["--address", `127.0.0.1:${port}`, "--console-address", `127.0.0.1:${console}`];
  return spawnHeld(parts.found("minio").path, ["server", ...disks, ...at], {
    env: {
      HOME: home,
      MINIO_ROOT_USER: keys.accessKey,
      MINIO_ROOT_PASSWORD: keys.secretKey,
      MINIO_UPDATE: "off",
      ...env,
    },
    stdio: "ignore",
  });
}

const isThere = (): boolean => true;
const isAway = (): boolean => false;
const isOk = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

describe.skipIf(parts.missing)("policies and versions of a real MinIO", () => {
  const dir = mkdtempSync(join(tmpdir(), "loadline-stack-minio-"));
  let child: ChildProcess;
  let url = "";

  async function ask(method: string, path: string, body = ""): Promise<string> {
    const made = signed(
      { method, url: `${url}${path}`, body: Buffer.from(body) },
      keys,
      Date.now(),
    );
    const { host: _host, ...headers } = made.headers ?? {};
    const more = body === "" ? {} : { body };
    const response = await fetch(`${url}${path}`, { method, headers, ...more });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    child = await startServer({ home: dir, port, disks: [join(dir, "data")] });
    const answers = (): Promise<boolean> => ask("GET", "/").then(isThere, isAway);
    await eventually(clock, answers, 60_000);
    await ask("PUT", "/data");
    const enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await ask("PUT", "/data?versioning=", enabled);
  }, 90_000);

  afterAll(async () => {
    await endChild(child);
    removeFolder(dir);
  });

  function validate(): Promise<Record<string, string>> {
    const own = { versioning: true, policy: "private" };
    const files = { kind: "minio", url, bucket: "data", ...references, ...own };
    return claimsOf(files, { secrets, timeoutMs: 30_000 });
  }

  it("are all in order, and nothing of the run is left in the bucket [R1-03]", async () => {
    const said = await validate();
    const open = Object.keys(said).filter((id) => !said[id]?.startsWith("passed"));
    expect(open, JSON.stringify(said)).toEqual(["cluster"]);
    expect(said["versions"]).toContain("came back equal");
    expect(await ask("GET", "/data?versions=")).not.toContain("<VersionId>");
  }, 60_000);

  it("a single one has no write quorum: not applicable where its owner says so, with the reason that was seen [R1-16]", async () => {
    const entry = {
      claim: "stack.only.cluster",
      feature: "write quorum",
      justification: "this store runs as one server with one disk",
      approvedBy: "the owner of the store",
    };
    const files = { kind: "minio", url, bucket: "data", ...references };
    const plan = { stack: { timeoutMs: 30_000, services: { only: files } } };
    const { verdict } = await reportOf(plan, secrets, JSON.stringify({ notApplicable: [entry] }));
    const claim = verdict.claims.find(({ id }) => id === entry.claim);
    expect(claim).toMatchObject({
      verdict: "not_tested",
      reason: "capability_missing",
      disposition: "not_applicable",
      sentence: expect.stringContaining("single node"),
    });
    expect(verdict.outcome).toBe("READY");
  }, 60_000);

  it("a policy that lets everybody read is told by both of its checks [R1-26]", async () => {
    const statement = {
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetObject"],
      Resource: ["arn:aws:s3:::data/*"],
    };
    await ask(
      "PUT",
      "/data?policy=",
      JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    );
    const said = await validate();
    expect(said["policy"]).toMatch(/^failed false: .*1 of them let everybody in/);
    expect(said["private"]).toMatch(/^failed false: /);
  }, 60_000);
});

describe.skipIf(parts.missing)("four servers of a real MinIO, a disk each", () => {
  it("have write quorum, which is gone with two of them [R1-16]", async () => {
    const dir = mkdtempSync(join(tmpdir(), "loadline-minio-cluster-"));
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const urls = ports.map((port) => `http://127.0.0.1:${port}`);
    const disks = urls.map((at, n) => `${at}${join(dir, `disk${n}`)}`);
    const nodes = await Promise.all(
      ports.map((port) => {
        const env = {
          // All disks are folders of one file system here.
          MINIO_CI_CD: "1",
          // In a container it waits for ever until its own name is none of loopback.
          _MINIO_SERVER_LOCAL: `127.0.0.1:${port}`,
        };
        return startServer({ home: dir, port, disks, env });
      }),
    );
    try {
      const [first = ""] = urls;
      const isReady = (): Promise<boolean> => isOk(`${first}/minio/health/cluster`);
      await eventually(clock, isReady, 60_000);
      const files = { kind: "minio", url: first, bucket: "data", nodes: 4, ...references };
      const look = () => claimsOf(files, { secrets, timeoutMs: 20_000 });
      const whole = await look();
      expect(whole["live"]).toMatch(/^passed/);
      expect(whole["cluster"]).toMatch(/^passed: .* answered 200, write quorum 3\./);
      await Promise.all(nodes.slice(2).map((node) => endChild(node)));
      await eventually(clock, async () => !(await isReady()), 30_000);
      const half = await look();
      expect(half["live"]).toMatch(/^passed/);
      expect(half["cluster"]).toMatch(/^failed false: .* answered 503/);
    } finally {
      await Promise.all(nodes.map((node) => endChild(node)));
      removeFolder(dir);
    }
  }, 150_000);
});
