import { describe, expect, it } from "vitest";
import { makeFolder } from "../stubs/folder.ts";
import { referencesOf } from "./kube-references.ts";
import { removedIn } from "./kube-versions.ts";
import { readManifests } from "./manifests.ts";
import { containersOf, selects, workloadsOf } from "./pod-specs.ts";
import { quantityOf } from "./quantity.ts";

async function objectsOf(text: string) {
  await using folder = await makeFolder({ "a.yaml": text });
  return (await readManifests([folder.path], "default")).objects;
}

describe("quantities of Kubernetes", () => {
  it.each([
    ["250m", 0.25],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["128M", 128e6],
    [2, 2],
    ["1e3", 1_000],
  ])("%s is %d", (text, value) => {
    expect(quantityOf(text)).toBeCloseTo(value);
  });

  it.each(["", "lots", "12 Mi", "1KB", null, {}, "-1"])("%j is none", (text) => {
    expect(quantityOf(text)).toBeNull();
  });
});

describe("versions of the API", () => {
  it("are removed for a kind from its release on, and served before", () => {
    expect(removedIn("policy/v1beta1", "PodDisruptionBudget", "1.25.0")).toBe("1.25");
    expect(removedIn("policy/v1beta1", "PodDisruptionBudget", "1.24")).toBeNull();
    expect(removedIn("extensions/v1beta1", "Ingress", "1.20")).toBeNull();
    expect(removedIn("extensions/v1beta1", "Deployment", "1.20")).toBe("1.16");
    expect(removedIn("apps/v1", "Deployment", undefined)).toBeNull();
  });
});

describe("selectors", () => {
  const labels = { app: "web", tier: "front" };
  it("pick by every label and expression, and an empty one picks nothing", () => {
    expect(selects({ matchLabels: { app: "web" } }, labels)).toBe(true);
    expect(selects({ matchLabels: { app: "web", tier: "back" } }, labels)).toBe(false);
    expect(selects({}, labels)).toBe(false);
    const one = (operator: string, values: string[] = []) =>
      selects({ matchExpressions: [{ key: "tier", operator, values }] }, labels);
    expect([one("In", ["front"]), one("NotIn", ["front"]), one("Exists")]).toEqual([
      true,
      false,
      true,
    ]);
    expect([one("DoesNotExist"), one("Near", ["front"])]).toEqual([false, false]);
  });
});

describe("objects of manifests", () => {
  it("come out of lists, with their own lines and namespaces", async () => {
    const text = `kind: List
apiVersion: v1
items:
  - apiVersion: v1
    kind: Service
    metadata: { name: a, namespace: shop }
  - apiVersion: batch/v1
    kind: CronJob
    metadata: { name: b }
    spec: { jobTemplate: { spec: { template: { spec: {
      initContainers: [{ name: first }, { name: side, restartPolicy: Always }],
      containers: [{ name: main }] } } } } }
`;
    const objects = await objectsOf(text);
    expect(objects.map(({ kind, namespace }) => `${kind} ${namespace}`)).toEqual([
      "Service shop",
      "CronJob default",
    ]);
    expect(objects[1]?.place(["metadata", "name"])).toMatchObject({ line: 9, document: 1 });
    const containers = containersOf(workloadsOf(objects));
    expect(containers.map(({ name, isInit }) => [name, isInit])).toEqual([
      ["first", true],
      ["side", false],
      ["main", false],
    ]);
  });

  it("say what they refer to, but for what they make themselves", async () => {
    const text = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  template:
    spec:
      serviceAccountName: keeper
      imagePullSecrets: [{ name: pull }]
      containers:
        - name: db
          envFrom: [{ configMapRef: { name: env } }, { secretRef: { name: more, optional: true } }]
      volumes:
        - { name: a, persistentVolumeClaim: { claimName: data } }
        - { name: b, persistentVolumeClaim: { claimName: other } }
        - { name: c, projected: { sources: [{ secret: { name: part } }] } }
        - { name: d, secret: { secretName: whole } }
  volumeClaimTemplates: [{ metadata: { name: data } }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: way }
spec:
  tls: [{ secretName: cert }]
  rules: [{ http: { paths: [{ backend: { service: { name: web } } }] } }]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: scale }
spec: { scaleTargetRef: { kind: Deployment, name: web } }
`;
    const all = (await objectsOf(text)).flatMap(referencesOf);
    const said = all.map((one) => `${one.kind}/${one.name}${one.isOptional ? "?" : ""}`);
    expect(said.toSorted()).toEqual([
      "ConfigMap/env",
      "Deployment/web",
      "PersistentVolumeClaim/other",
      "Secret/cert",
      "Secret/more?",
      "Secret/part",
      "Secret/pull",
      "Secret/whole",
      "Service/db",
      "Service/web",
      "ServiceAccount/keeper",
    ]);
  });
});
