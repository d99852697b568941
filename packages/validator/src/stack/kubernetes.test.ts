import { createServer as createHttps } from "node:https";
import { createServer, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { freePort } from "../../../testkit/src/free-port.ts";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import { makeCertificate } from "./stubs/certificate.ts";
import { makeFolder } from "./stubs/folder.ts";
import { startKubernetesTwin } from "./stubs/kubernetes.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("kubernetes", startKubernetesTwin);

const live = "cluster version login served dry_run ready deployed restarts endpoints events".split(
  " ",
);

/** A stack of these manifests alone, by file name. */
async function ofManifests(
  files: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<StackResult> {
  await using folder = await makeFolder(files);
  const it = { kind: "kubernetes", manifests: [folder.path], ...more };
  return await runStackPlan({ timeoutMs: 10_000, services: { it } });
}

describe("live objects", () => {
  it("without a declared cluster are not tested by name, and the manifests count alone", async () => {
    const more = { url: "local:" };
    const { words, sentences, exitCode } = await againstTwin(startKubernetesTwin, [], more);
    expect(words["it.cluster"]).toBe("not_tested capability_missing");
    expect(sentences["it.cluster"]).toContain("No cluster is declared");
    expect(words["it.ready"]).toBe("not_tested baseline_broken");
    expect(words["it.replicas"]).toBe("passed");
    expect(exitCode).toBe(0);
  });

  it("of a declared cluster that does not answer are not tested, and the outcome is not proven", async () => {
    const more = { url: `http://127.0.0.1:${await freePort()}` };
    const result = await againstTwin(startKubernetesTwin, [], more);
    expect(result.words["it.cluster"]).toBe("not_tested capability_missing");
    expect(result.sentences["it.cluster"]).toMatch(/No cluster answers: .* \(ECONNREFUSED\)/);
    expect(having(result, "passed").filter((id) => live.includes(id.slice(3)))).toEqual([]);
    expect(result.exitCode).not.toBe(0);
  });

  it("of one that is silent for ever are not tested within the check's time", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket));
    const url = `http://127.0.0.1:${await listenOnLoopback(silent)}`;
    const clock = systemClock();
    const beganMs = clock.monotonicMs();
    const it = { kind: "kubernetes", url };
    const result = await runStackPlan({ timeoutMs: 200, services: { it } });
    expect(clock.monotonicMs() - beganMs).toBeLessThan(5_000);
    expect(result.words["it.cluster"]).toBe("not_tested capability_missing");
    expect(having(result, "passed")).toEqual([]);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it("behind a server of another kind fail, and the kind is named", async () => {
    const ssh = createServer((socket) =>
      socket.on("error", () => socket.destroy()).end("SSH-2.0-x"),
    );
    const url = `http://127.0.0.1:${await listenOnLoopback(ssh)}`;
    const it = { kind: "kubernetes", url };
    const result = await runStackPlan({ timeoutMs: 10_000, services: { it } });
    expect(having(result, "failed")).toEqual(["it.cluster"]);
    expect(result.sentences["it.cluster"]).toContain("an SSH server");
    ssh.close();
  });

  it("a wrong token fails the login by name, and what needs it is not tested", async () => {
    await using twin = await startKubernetesTwin([]);
    const services = { it: twin.service };
    const result = await runStackPlan({ timeoutMs: 10_000, services }, { KUBE_TOKEN: "another" });
    expect(having(result, "failed")).toEqual(["it.login"]);
    expect(result.sentences["it.login"]).toContain("answered 401: Unauthorized");
    expect(result.words["it.ready"]).toBe("not_tested baseline_broken");
  });

  it("a workload of the manifests that nobody applied is not ready", async () => {
    const rules = [
      { when: "GET /apis/apps/v1/namespaces/default/deployments?limit=100", reply: '{"items":[]}' },
    ];
    const { sentences, words } = await againstTwin(startKubernetesTwin, rules);
    expect(words["it.ready"]).toBe("failed false");
    expect(sentences["it.ready"]).toContain("Deployment/default/web is not in the cluster");
  });

  it("a list that the cluster's version lacks is an error of the check", async () => {
    const rules = [{ when: "GET /api/v1/namespaces/default/events", status: 404, reply: "{}" }];
    const { words } = await againstTwin(startKubernetesTwin, rules);
    expect(words["it.events"]).toBe("error probe_contract");
  });

  it("are asked over TLS that the declared authority vouches for, and no other", async () => {
    const nowMs = systemClock().wallMs();
    const pem = makeCertificate("twin", nowMs, nowMs + 86_400_000);
    const stranger = makeCertificate("other", nowMs, nowMs + 86_400_000);
    const server = createHttps(pem, (_request, response) => {
      response.end('{"gitVersion":"v1.31.2"}');
    });
    const url = `https://127.0.0.1:${await listenOnLoopback(server)}`;
    const ask = (ca: string) =>
      runStackPlan(
        { timeoutMs: 10_000, services: { it: { kind: "kubernetes", url, ca: "${env:CA}" } } },
        { CA: ca },
      );
    expect((await ask(pem.cert)).words["it.cluster"]).toBe("passed");
    const other = await ask(stranger.cert);
    expect(other.words["it.cluster"]).toBe("failed false");
    expect(other.sentences["it.cluster"]).toMatch(/CERT|SIGNATURE/);
    server.closeAllConnections();
    server.close();
  });
});

const pod = (more: string): string => `apiVersion: v1
kind: Pod
metadata: { name: one }
spec:
  containers:
    - name: app
      image: a:1
${more}`;

describe("manifests", () => {
  it("that are a template are named as one, with file and line", async () => {
    const text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n";
    const { sentences, words } = await ofManifests({ "a.yaml": text });
    expect(words["it.manifests"]).toBe("failed false");
    expect(sentences["it.manifests"]).toMatch(/a\.yaml:\d+ \(document 1\).*helm template/);
    expect(words["it.probes"]).toBe("not_tested baseline_broken");
  });

  it("of no path fail, and of a folder without any are not tested", async () => {
    const gone = await ofManifests({}, { manifests: ["/nowhere/at/all"] });
    expect(gone.words["it.manifests"]).toBe("failed false");
    expect(gone.sentences["it.manifests"]).toContain("/nowhere/at/all cannot be read (ENOENT)");
    const empty = await ofManifests({ "readme.txt": "none", "b.txt": "" });
    expect(empty.words["it.manifests"]).toBe("not_tested capability_missing");
  });

  it("that unfold without end are refused in bounded time", async () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (let at = 1; at < 9; at++) {
      const [name, before] = [String.fromCodePoint(97 + at), String.fromCodePoint(96 + at)];
      lines.push(
        `${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(", ")}]`,
      );
    }
    const { words, sentences } = await ofManifests({ "bomb.yaml": `${lines.join("\n")}\n` });
    expect(words["it.manifests"]).toBe("failed false");
    expect(sentences["it.manifests"]).toContain("bomb.yaml:1 (document 1): YAML cannot be read");
  });

  it("that hold an object twice, or one without a name, are told where", async () => {
    const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
    const text = [map("a"), map("a"), "apiVersion: v1\nkind: Secret\n"].join("---\n");
    const { evidence } = await ofManifests({ "a.yaml": text });
    expect(evidence).toMatch(/a\.yaml:5 \(document 2\): ConfigMap\/a stands at .*a\.yaml:1/);
    expect(evidence).toMatch(/a\.yaml:9 \(document 3\): the Secret has no metadata\.name/);
  });

  it("each fault is a finding of its own, at its line", async () => {
    const text = pod(
      "      securityContext: { privileged: true, capabilities: { add: [SYS_ADMIN] } }\n",
    );
    const { evidence, words } = await ofManifests({ "pod.yaml": text });
    expect(words["it.escalation"]).toBe("failed false");
    const found = evidence
      .split("\n")
      .filter((line) => line.includes('"kind":"finding"') && line.includes("escalation"));
    expect(found).toHaveLength(3);
    expect(found.every((line) => /pod\.yaml:8 \(document 1\)/.test(line))).toBe(true);
    expect(new Set(found.map((line) => /"fingerprint":"([^"]+)"/.exec(line)?.[1])).size).toBe(3);
  });

  it("without a workload that stays leave its checks not tested, never passed", async () => {
    const { words } = await ofManifests({ "pod.yaml": pod("") });
    expect(words["it.probes"]).toBe("not_tested capability_missing");
    expect(words["it.replicas"]).toBe("not_tested capability_missing");
    expect(words["it.non_root"]).toBe("failed false");
  });

  it("the value of a secret never reaches the evidence", async () => {
    const value = "hunter2-of-the-manifests";
    const text = pod(
      `      env: [{ name: DB_PASSWORD, value: ${value} }, { name: MAX_TOKENS, value: "9" }]\n`,
    );
    const { evidence, words } = await ofManifests({ "pod.yaml": text });
    expect(words["it.secrets"]).toBe("failed false");
    expect(evidence).toContain("in its variable DB_PASSWORD");
    expect(evidence).not.toContain("MAX_TOKENS");
    expect(evidence).not.toContain(value);
  });

  it("the authority that every namespace has need not be in them, another map is to", async () => {
    const mounts = (name: string) =>
      `${pod("")}  volumes: [{ name: v, projected: { sources: [{ configMap: { name: ${name} } }] } }]\n`;
    const own = await ofManifests({ "pod.yaml": mounts("kube-root-ca.crt") });
    expect(own.words["it.references"]).toBe("passed");
    const other = await ofManifests({ "pod.yaml": mounts("root-ca") });
    expect(other.sentences["it.references"]).toContain("ConfigMap/root-ca, which is not there");
  });

  it("a budget that lets nobody be moved is no budget, and a declared single needs none", async () => {
    const stuck = [{ when: "edit maxUnavailable: 1", reply: "minAvailable: 3" }];
    const { sentences, words } = await againstTwin(startKubernetesTwin, stuck);
    expect(words["it.replicas"]).toBe("failed false");
    expect(sentences["it.replicas"]).toContain("lets none of 3 pods be moved");
    const single = [{ when: "edit replicas: 3", reply: "replicas: 1" }];
    const more = { singles: ["web"], url: "local:" };
    expect((await againstTwin(startKubernetesTwin, single, more)).words["it.replicas"]).toBe(
      "passed",
    );
  });
});
