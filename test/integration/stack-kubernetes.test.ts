import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type ControlPlane, startControlPlane } from "./kubernetes/control-plane.ts";
import {
  change,
  makeNamespace,
  makePod,
  manifests,
  openShop,
  sayOfAddresses,
  sayOfDeployment,
  sayOfPod,
  tokenOf,
  warn,
} from "./kubernetes/shop.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["kube-apiserver"]);

type Said = Readonly<Record<string, string>>;

interface Asked {
  /** Default `writer`: the rights of the checks and of the dry run. */
  readonly account?: string;
  readonly token?: string;
  /** Default the shop's own. */
  readonly text?: string;
}

const having = (said: Said, word: string): string[] =>
  Object.keys(said)
    .filter((id) => said[id]?.startsWith(word) === true)
    .toSorted();

const notPassed = (said: Said): string[] =>
  Object.entries(said).flatMap(([id, word]) =>
    word.startsWith("passed") ? [] : [`${id} ${word}`],
  );

describe.skipIf(parts.missing)("the checks of a real Kubernetes", () => {
  const dir = mkdtempSync(join(tmpdir(), "loadline-manifests-"));
  const planes: ControlPlane[] = [];
  const own = (): ControlPlane => {
    const [plane] = planes;
    if (plane === undefined) throw new Error("it was not started");
    return plane;
  };

  beforeAll(async () => {
    planes.push(await startControlPlane(parts.found("kube-apiserver").path));
    await openShop(own(), "calm");
  }, 240_000);
  afterAll(async () => {
    for (const plane of planes) await plane[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  async function check(space: string, o: Asked = {}): Promise<Said> {
    const folder = mkdtempSync(join(dir, "of-"));
    writeFileSync(join(folder, "shop.json"), o.text ?? manifests());
    const { url, ca } = own();
    const token = o.token ?? (await tokenOf(own(), space, o.account ?? "writer"));
    const service = {
      kind: "kubernetes",
      url,
      ca: "${env:CA}",
      token: "${env:TOKEN}",
      manifests: [folder],
      namespace: space,
      version: "1.36",
      dryRun: true,
    };
    return claimsOf(service, { secrets: { CA: ca, TOKEN: token }, timeoutMs: 30_000 });
  }

  it("all pass for a shop in order, asked with no right but to list and to patch", async () => {
    const said = await check("calm");
    expect(notPassed(said)).toEqual([]);
    expect(said["ready"]).toContain("1 workloads, 0 not so");
    expect(said["restarts"]).toContain("2 pods, 0 not so");
    expect(said["endpoints"]).toContain("1 Services, 0 not so");
    expect(said["dry_run"]).toContain("would take all 4 objects");
  }, 120_000);

  it("who may only list is told so of the dry run, which is not passed", async () => {
    const said = await check("calm", { account: "reader" });
    expect(notPassed(said)).toHaveLength(1);
    expect(said["dry_run"]).toMatch(/^not_tested capability_missing.*may not patch 4 of 4 objects/);
  }, 120_000);

  it("a stranger's token and a namespace nobody made fail the login, and nothing live passes", async () => {
    const stranger = await check("calm", { token: "a-token-of-nobody" });
    expect(having(stranger, "failed")).toEqual(["cluster"]);
    expect(stranger["cluster"]).toContain("The login was refused with 401");
    const typo = await check("clam", { token: own().token });
    expect(having(typo, "failed")).toEqual(["login"]);
    expect(typo["login"]).toContain("The namespace clam is not in the cluster");
    for (const id of ["served", "ready", "deployed", "restarts", "endpoints", "events"]) {
      expect(typo[id]).toMatch(/^not_tested baseline_broken/);
    }
  }, 120_000);

  it("a misspelt field and a wrong quantity are refused by the cluster, by object", async () => {
    const misspelt = await check("calm", { text: manifests().replace('"replicas"', '"replica"') });
    expect(having(misspelt, "failed")).toContain("dry_run");
    expect(misspelt["dry_run"]).toMatch(/Deployment\/web is refused with [45]\d\d: .*\breplica\b/);
    expect(misspelt["dry_run"]).toContain("shop.json:1");
    const quantity = await check("calm", { text: manifests().replace("128Mi", "128Mo") });
    expect(quantity["dry_run"]).toMatch(/^failed false.*Deployment\/web is refused with [45]\d\d/);
  }, 120_000);

  it("a version of the API that is gone is known from the cluster's own list", async () => {
    const text = manifests().replace("policy/v1", "policy/v1beta1");
    const old = await check("calm", { text });
    expect(having(old, "failed")).toEqual(["api_versions", "served"]);
    expect(old["served"]).toContain("is of policy/v1beta1, which the cluster does not serve");
    expect(old["dry_run"]).toMatch(/^not_tested baseline_broken/);
  }, 120_000);

  it("a rollout whose pods the cluster refuses is not ready, though the old ones serve", async () => {
    await openShop(own(), "hung");
    const eager = { securityContext: { allowPrivilegeEscalation: true } };
    await change(own(), "hung", eager);
    const before = await check("hung");
    expect(before["ready"]).toContain("Deployment/hung/web has not seen its newest change");
    const { status, json } = await makePod(own(), "hung", "web-c", eager);
    expect(status).toBe(403);
    const message = JSON.stringify(json);
    expect(message).toContain("violates PodSecurity");
    const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message };
    const conditions = [failure, { type: "Available", status: "True" }];
    await sayOfDeployment(own(), "hung", { updatedReplicas: null, conditions });
    await warn(own(), "hung", { name: "refused", reason: "FailedCreate", secondsAgo: 1 });
    const said = await check("hung");
    expect(having(said, "failed")).toEqual(["events", "ready"]);
    expect(said["ready"]).toContain("Deployment/hung/web has 0 of 2 of its newest version");
    expect(said["ready"]).toMatch(/cannot make its pods: FailedCreate: .*violates PodSecurity/);
    expect(said["events"]).toContain("FailedCreate of Pod/web-a");
  }, 120_000);

  it("a rollout that waits for its first pod is told as the old image, the new pod and the count", async () => {
    await openShop(own(), "slow");
    const text = manifests().replace("web:1.4.2", "web:1.5.0");
    expect(having(await check("slow", { text }), "failed")).toEqual(["deployed"]);
    const newer = { image: "registry.example/web:1.5.0" };
    await change(own(), "slow", newer);
    expect((await makePod(own(), "slow", "web-c", newer)).status).toBe(201);
    await sayOfDeployment(own(), "slow", { replicas: 3, updatedReplicas: 1 });
    const said = await check("slow", { text });
    expect(having(said, "failed")).toEqual(["deployed", "ready", "restarts"]);
    expect(said["ready"]).toContain("has 1 of 2 of its newest version");
    expect(said["deployed"]).toMatch(/pod web-a container app runs \S+:1\.4\.2, not \S+:1\.5\.0/);
    expect(said["deployed"]).not.toContain("web-c");
    expect(said["restarts"]).toContain("web-c is Pending");
  }, 120_000);

  it("a container that is killed for memory, and a Service without a ready pod, are told by name", async () => {
    await openShop(own(), "ill");
    const lastState = { terminated: { exitCode: 137, reason: "OOMKilled" } };
    const state = { waiting: { reason: "CrashLoopBackOff" } };
    const container = { restartCount: 9, ready: false, state, lastState };
    await sayOfPod(own(), { space: "ill", name: "web-a" }, { isReady: false, container });
    await sayOfDeployment(own(), "ill", { readyReplicas: 1, availableReplicas: 1 });
    await sayOfAddresses(own(), "ill", [false, true]);
    const one = await check("ill");
    expect(having(one, "failed")).toEqual(["ready", "restarts"]);
    expect(one["ready"]).toContain("Deployment/ill/web has 1 of 2 ready");
    expect(one["restarts"]).toContain("web-a container app restarted 9 times OOMKilled");
    expect(one["restarts"]).toContain("waits: CrashLoopBackOff");
    await sayOfAddresses(own(), "ill", [false, false]);
    const none = await check("ill");
    expect(having(none, "failed")).toEqual(["endpoints", "ready", "restarts"]);
    expect(none["endpoints"]).toContain("Service/ill/web leads to 2 pods, none of them ready");
  }, 120_000);

  it("a fresh warning behind a page of old ones is found, and the old ones do not count", async () => {
    await makeNamespace(own(), "noisy");
    for (let index = 0; index < 110; index++) {
      const name = `a-${String(index).padStart(3, "0")}`;
      await warn(own(), "noisy", { name, reason: "BackOff", secondsAgo: 7_200 });
    }
    await warn(own(), "noisy", { name: "b", reason: "Unhealthy", secondsAgo: 1 });
    const said = await check("noisy");
    expect(said["events"]).toContain("1 warnings: 1 x Unhealthy of Pod/web-a: of this suite");
  }, 120_000);
});
