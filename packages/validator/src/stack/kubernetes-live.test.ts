import { describe, expect, it } from "vitest";
import { having } from "./stack.fixture.ts";
import { startKubernetesTwin } from "./stubs/kubernetes.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const json = (value: unknown): string => JSON.stringify(value);
const inDefault = "/namespaces/default/";

describe("what nobody may ask or nothing is there to look at", () => {
  it.each([
    ["restarts", `GET /api/v1${inDefault}pods`],
    ["events", `GET /api/v1${inDefault}events`],
    ["endpoints", `GET /apis/discovery.k8s.io/v1${inDefault}endpointslices`],
    ["ready", `GET /apis/apps/v1${inDefault}statefulsets`],
  ])("a token that may not list leaves %s not tested, in the cluster's words", async (id, when) => {
    const reply = json({ message: "it is forbidden to list here" });
    const result = await againstTwin(startKubernetesTwin, [{ when, status: 403, reply }]);
    expect(result.words[`it.${id}`]).toBe("not_tested capability_missing");
    expect(result.sentences[`it.${id}`]).toContain("it is forbidden to list here");
    expect(having(result, "failed")).toEqual([]);
    expect(result.exitCode).not.toBe(0);
  });

  it.each([
    ["restarts", `GET /api/v1${inDefault}pods`, "No pod is in default"],
    ["endpoints", `GET /api/v1${inDefault}services`, "No Service with a selector is in default"],
  ])("an empty list leaves %s not tested, and passes nothing", async (id, when, said) => {
    const { words, sentences } = await againstTwin(startKubernetesTwin, [
      { when, reply: '{"items":[]}' },
    ]);
    expect(words[`it.${id}`]).toBe("not_tested capability_missing");
    expect(sentences[`it.${id}`]).toContain(said);
  });

  it("a namespace nobody made fails the login, and its empty lists are not asked", async () => {
    const rules = [{ when: "GET /api/v1/namespaces/default ", status: 404, reply: "{}" }];
    const result = await againstTwin(startKubernetesTwin, rules);
    expect(having(result, "failed")).toEqual(["it.login"]);
    expect(result.sentences["it.login"]).toContain("The namespace default is not in the cluster");
    expect(result.words["it.events"]).toBe("not_tested baseline_broken");
  });

  it("who may not see the namespace itself may list in it all the same", async () => {
    const rules = [{ when: "GET /api/v1/namespaces/default ", status: 403, reply: "{}" }];
    expect((await againstTwin(startKubernetesTwin, rules)).exitCode).toBe(0);
  });
});

describe("what runs beside what is meant", () => {
  const pods = (image: string, more: object = {}) => ({
    when: `GET /api/v1${inDefault}pods`,
    reply: json({
      items: [
        {
          metadata: { name: "web-9", namespace: "default", labels: { app: "web" }, ...more },
          spec: { containers: [{ name: "app", image }] },
          status: { phase: "Running" },
        },
      ],
    }),
  });

  it("a pod of an older image is told by name, though its Deployment names the new one", async () => {
    const { words, sentences } = await againstTwin(startKubernetesTwin, [
      pods("registry.example/web:1.4.1"),
    ]);
    expect(words["it.deployed"]).toBe("failed false");
    expect(sentences["it.deployed"]).toContain(
      "pod web-9 container app runs registry.example/web:1.4.1, not registry.example/web:1.4.2",
    );
  });

  it("a pod on its way out, or of another label, runs no older image", async () => {
    const old = "registry.example/web:1.4.1";
    for (const more of [
      { deletionTimestamp: "2999-01-01T00:00:00Z" },
      { labels: { app: "other" } },
    ]) {
      const { words } = await againstTwin(startKubernetesTwin, [pods(old, more)]);
      expect(words["it.deployed"]).toBe("passed");
    }
  });

  /** An autoscaler of a Deployment of this name in the manifests. */
  const scaledBy = (name: string) => {
    const of = `{ apiVersion: apps/v1, kind: Deployment, name: ${name} }`;
    const lines = [
      "apiVersion: autoscaling/v2",
      "kind: HorizontalPodAutoscaler",
      "metadata: { name: web }",
      `spec: { scaleTargetRef: ${of}, minReplicas: 2, maxReplicas: 5 }`,
      "---",
      "apiVersion: policy/v1",
    ];
    return { when: "edit apiVersion: policy/v1", reply: lines.join("\n") };
  };

  it("a workload scaled below its manifest is told, one that something scales is not", async () => {
    const scaled = {
      when: `GET /apis/apps/v1${inDefault}deployments?limit=100`,
      reply: json({
        items: [
          {
            metadata: { name: "web", namespace: "default" },
            spec: {
              replicas: 0,
              template: {
                spec: { containers: [{ name: "app", image: "registry.example/web:1.4.2" }] },
              },
            },
            status: {},
          },
        ],
      }),
    };
    const down = await againstTwin(startKubernetesTwin, [scaled]);
    expect(having(down, "failed")).toEqual(["it.deployed"]);
    expect(down.sentences["it.deployed"]).toContain("Deployment/default/web is scaled to 0, not 3");
    for (const [name, word] of [
      ["web", "passed"],
      ["other", "failed false"],
    ] as const) {
      const { words } = await againstTwin(startKubernetesTwin, [scaled, scaledBy(name)]);
      expect(words["it.deployed"], name).toBe(word);
    }
  });

  it("a Service whose slices hold no address at all leads nowhere", async () => {
    const when = `GET /apis/discovery.k8s.io/v1${inDefault}endpointslices`;
    const { words, sentences } = await againstTwin(startKubernetesTwin, [
      { when, reply: '{"items":[]}' },
    ]);
    expect(words["it.endpoints"]).toBe("failed false");
    expect(sentences["it.endpoints"]).toContain("Service/default/web leads to 0 pods");
    expect(sentences["it.endpoints"]).not.toContain("kubernetes leads");
  });

  it("slices of a cluster before 1.21 are asked for under the name they had", async () => {
    const old = [
      { when: "GET /version ", reply: '{"gitVersion":"v1.20.15+k3s1"}' },
      { when: "GET /apis/discovery.k8s.io/v1/", status: 404, reply: "{}" },
    ];
    const { words } = await againstTwin(startKubernetesTwin, old, { version: "1.20" });
    expect(words["it.endpoints"]).toBe("passed");
  });

  it("an event that tells no time counts as one of now", async () => {
    const when = `GET /api/v1${inDefault}events`;
    const reply = json({ items: [{ type: "Warning", reason: "FailedMount" }] });
    const { words } = await againstTwin(startKubernetesTwin, [{ when, reply }]);
    expect(words["it.events"]).toBe("failed false");
  });
});

describe("a dry run", () => {
  const patch = "PATCH /apis/apps/v1/namespaces/default/deployments/web?dryRun=All";
  const forbidden = (message: string) => [{ when: patch, status: 403, reply: json({ message }) }];

  it("that the token may not make is not tested, with what to do", async () => {
    const words =
      'deployments.apps "web" is forbidden: User "u" cannot patch resource "deployments"';
    const result = await againstTwin(startKubernetesTwin, forbidden(words));
    expect(result.words["it.dry_run"]).toBe("not_tested capability_missing");
    expect(result.sentences["it.dry_run"]).toContain(
      "may not patch 1 of 4 objects (Deployment/web)",
    );
    expect(result.sentences["it.dry_run"]).toContain("dryRun: false");
  });

  it("that an admission refuses is a failure, with the same status", async () => {
    const words = 'pods "web" is forbidden: violates PodSecurity "restricted:latest"';
    const { words: said, evidence } = await againstTwin(startKubernetesTwin, forbidden(words));
    expect(said["it.dry_run"]).toBe("failed false");
    expect(evidence).toContain("--dry-run=server");
  });

  it.each([undefined, false])(
    "nobody asks for (dryRun: %s) is shown, counts for nothing and sends no PATCH",
    async (dryRun) => {
      const rules = [{ when: "PATCH /", status: 500, reply: "{}" }];
      const said = await againstTwin(startKubernetesTwin, rules, { dryRun });
      expect(said.words["it.dry_run"]).toBe("not_tested capability_missing");
      expect(said.sentences["it.dry_run"]).toContain("`dryRun: true` asks the cluster");
      expect(said.exitCode).toBe(0);
    },
  );

  it("asks for every field, keeps nothing and takes fields over from nobody in truth", async () => {
    const rules = [
      {
        when: `${patch}&fieldValidation=Strict&fieldManager=loadline&force=true`,
        status: 418,
        reply: "{}",
      },
    ];
    const { words, sentences } = await againstTwin(startKubernetesTwin, rules);
    expect(words["it.dry_run"]).toBe("failed false");
    expect(sentences["it.dry_run"]).toContain("Deployment/web is refused with 418");
  });
});
