/** Which build a target is: asked of it, written into evidence and verdict, compared with before. */
import { createHash, createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectTcp, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { type RunPlan, verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import type { Exchange } from "../probes/client.ts";
import type { StubRule } from "../probes/probe.ts";
import { markdownReporter } from "../reporters/markdown.ts";
import { runValidation } from "../run/run-validation.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { makeCertificate } from "../stack/stubs/certificate.ts";
import { certificateKey } from "./certificate-key.ts";
import { factsIn, tellsBuild } from "./facts.ts";

const exchangeOf = (body: string, headers: Record<string, string> = {}): Exchange => ({
  request: { method: "GET", path: "/health" },
  url: "",
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  body: Buffer.from(body),
  bodyBytes: body.length,
  fault: null,
  durationMs: 1,
});

describe("what an answer tells", () => {
  it("is read under the usual names, at the top and one object down", () => {
    const text = JSON.stringify({
      status: "ok",
      version: "1.4.2",
      build: { git_sha: "abc", image_digest: "sha256:0f" },
      info: { configDigest: "c0ffee" },
    });
    expect(factsIn(exchangeOf(text, { server: "uvicorn" }))).toEqual({
      version: "1.4.2",
      commit: "abc",
      image: "sha256:0f",
      configuration: "c0ffee",
      server: "uvicorn",
    });
  });

  it.each(["", "ok", "[]", "null", '{"version":7}', '{"version":"","commit":null}', '{"build":1}'])(
    "%j tells nothing",
    (text) => {
      expect(factsIn(exchangeOf(text))).toEqual({});
    },
  );

  it("a text too long to name a build is none, and the record keeps its size", () => {
    const long = "x".repeat(100_000);
    const text = JSON.stringify({ version: long, build: { version: "1.4.2" }, commit: long });
    expect(factsIn(exchangeOf(text, { server: long }))).toEqual({ version: "1.4.2" });
  });

  it("the name of a server software is no build", () => {
    expect(tellsBuild({ server: "nginx" })).toBe(false);
    expect(tellsBuild({ commit: "a" })).toBe(true);
    expect(tellsBuild({ version: "1" })).toBe(true);
  });
});

describe("the key of a certificate", () => {
  const clock = systemClock();
  const signal = new AbortController().signal;

  async function keyAt(port: number, timeoutMs = 5_000): Promise<string | null> {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    return certificateKey(socket, { clock, timeoutMs, signal });
  }

  it("is the digest of the public key that the server shows", async () => {
    const pair = makeCertificate("localhost", Date.UTC(2026, 0, 1), Date.UTC(2049, 0, 1));
    const server = createServer(pair, (socket) => void socket.end());
    const port = await listenOnLoopback(server);
    const spki = createPublicKey(pair.key).export({ type: "spki", format: "der" });
    expect(await keyAt(port)).toBe(createHash("sha256").update(spki).digest("hex"));
    server.close();
  });

  it("is unknown where nobody speaks TLS, in bounded time", async () => {
    const silent = createTcp(() => undefined);
    const port = await listenOnLoopback(silent);
    expect(await keyAt(port, 50)).toBeNull();
    const plain = connectTcp({ host: "127.0.0.1", port });
    expect(await certificateKey(plain, { clock, timeoutMs: 50, signal })).toBeNull();
    silent.close();
  });
});

describe("a run", () => {
  let runsDir = "";
  beforeEach(() => void (runsDir = mkdtempSync(join(tmpdir(), "loadline-identity-"))));
  afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

  const image = `registry.example/api@sha256:${"0f".repeat(32)}`;

  function planOf(url: string, more: object = {}): RunPlan {
    const target = { url, name: "api", auth: "bearer", apiKeyEnv: "K", ...more };
    const file = { target, skip: ["load"], load: { durationSeconds: 1 } };
    const made = parsePlanFile(JSON.stringify(file));
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
    return made.plan;
  }

  const run = (plan: RunPlan) =>
    runValidation(plan, {
      clock: systemClock(),
      random: seededRandom(Math.floor(performance.now() * 1_000)),
      runsDir,
      toolVersion: "0.1.0",
      apiKey: stubKey,
      reporters: [markdownReporter],
      onProgress: () => undefined,
      signal: new AbortController().signal,
      loadEngine: "inline",
    });

  const healthy = (json: object, path = "/healthz"): StubRule[] => [
    { when: { path }, status: 200, json },
    ...cleanRules,
  ];

  it("writes what the target tells and what the plan declares, each as what it is", async () => {
    await using stub = await startStub(healthy({ status: "ok", version: "1.4.2", commit: "abc" }));
    const { verdict, runDir } = await run(planOf(stub.baseUrl, { image }));
    const rows = verdict.identity?.map((one) => `${one.target} ${one.fact} ${one.provenance}`);
    expect(rows).toEqual(["api version measured", "api commit measured", "api image declared"]);
    const report = readFileSync(join(runDir, "report.md"), "utf8");
    expect(report).toContain("- api: commit abc, measured");
    expect(report).toContain("declared");
    const checked = await verifyBundle(await readBundle(runDir), { digest: sha256 });
    expect(checked.steps.filter(({ ok }) => ok === false)).toEqual([]);
  }, 60_000);

  it("asks /health and /version where the health route tells no build", async () => {
    for (const path of ["/health", "/version"]) {
      await using stub = await startStub(healthy({ version: path }, path));
      const { verdict } = await run(planOf(stub.baseUrl));
      expect(verdict.identity).toMatchObject([{ fact: "version", value: path }]);
    }
  }, 60_000);

  it("says what the run before asked another build of, and nothing of one like it", async () => {
    const commits = ["abc", "abc", "def"];
    const limits: string[][] = [];
    let first = "";
    const rules = healthy({ version: "1" });
    for (const commit of commits) {
      rules[0] = { when: { path: "/healthz" }, status: 200, json: { version: "1", commit } };
      await using stub = await startStub(rules);
      const plan = planOf("http://127.0.0.1:9/v1");
      const moved = { ...plan, stages: planOf(stub.baseUrl).stages };
      const { verdict } = await run(moved);
      first ||= verdict.run;
      limits.push(verdict.limits.filter((limit) => limit.includes("is the build")));
    }
    expect(limits.map((some) => some.length)).toEqual([0, 0, 1]);
    expect(limits[2]?.[0]).toMatch(
      /^That api is the build the run \S+ asked: its commit was abc, is def\.$/,
    );
  }, 90_000);

  it("a target that tells nothing is no fault, and one that stops telling is said", async () => {
    const plan = planOf("http://127.0.0.1:9/v1");
    await using open = await startStub(healthy({ commit: "abc" }));
    await run({ ...plan, stages: planOf(open.baseUrl).stages });
    await using shut = await startStub(cleanRules);
    const { verdict } = await run({ ...plan, stages: planOf(shut.baseUrl).stages });
    expect("identity" in verdict).toBe(false);
    expect(verdict.limits.join("\n")).toContain("its commit was abc, is not told.");
    expect(verdict.claims.filter(({ verdict: word }) => word === "error")).toEqual([]);
  }, 60_000);
});
