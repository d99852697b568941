import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import type { Hit, KubeObject, Path } from "../wire/manifests.ts";
import {
  carries,
  containersOf,
  objectHit,
  selects,
  textsIn,
  type Workload,
} from "../wire/pod-specs.ts";
import { referencesOf } from "../wire/kube-references.ts";
import { type KubernetesProbe, type KubeView, manifestCheck } from "./kubernetes-check.ts";

const ofKind = (objects: readonly KubeObject[], ...kinds: readonly string[]): KubeObject[] =>
  objects.filter(({ kind }) => kinds.includes(kind));

function serviceHits(service: KubeObject, workloads: readonly Workload[]): Hit[] {
  const wanted = textsIn(service.value, "spec.selector");
  // Without a selector its endpoints are written by somebody else.
  if (Object.keys(wanted).length === 0) return [];
  const picked = workloads.filter(
    ({ object, labels }) => object.namespace === service.namespace && carries(labels, wanted),
  );
  const path: Path = ["spec", "selector"];
  if (picked.length === 0) {
    const said = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
    return [objectHit(service, path, `selects ${said.join(",")}, which no workload's pods carry`)];
  }
  const ports = containersOf(picked).flatMap((one) => recordsIn(one.value, "ports"));
  const names = ports.map((port) => textIn(port, "name"));
  return recordsIn(service.value, "spec.ports").flatMap((port, at) => {
    const target = port["targetPort"];
    if (typeof target !== "string" || /^\d+$/.test(target) || names.includes(target)) return [];
    const says = `leads to the port ${target}, which no container has`;
    return [objectHit(service, ["spec", "ports", at, "targetPort"], says)];
  });
}

function workloadHits({ object, labels }: Workload): Hit[] {
  const selector = valueIn(object.value, "spec.selector");
  if (selector === undefined || ["Job", "CronJob", "Pod"].includes(object.kind)) return [];
  if (selects(selector, labels)) return [];
  return [objectHit(object, ["spec", "selector"], "does not select its own pods")];
}

function budgetHits(budget: KubeObject, workloads: readonly Workload[]): Hit[] {
  const selector = valueIn(budget.value, "spec.selector");
  const isMet = workloads.some(
    ({ object, labels }) => object.namespace === budget.namespace && selects(selector, labels),
  );
  return isMet ? [] : [objectHit(budget, ["spec", "selector"], "selects no workload's pods")];
}

const selectors = manifestCheck({
  check: "selectors",
  summary: "selectors pick what is there",
  severity: "high",
  statement:
    "every selector of a Service, workload or disruption budget picks pods of the manifests",
  rationale: "A Service that selects nothing answers nobody, and says so to nobody.",
  of: "objects that select pods",
  word: "selector",
  saboteur: [{ when: "edit selector: { app: web }", reply: "selector: { app: wbe }" }],
  look({ objects, workloads }) {
    const services = ofKind(objects, "Service");
    const budgets = ofKind(objects, "PodDisruptionBudget");
    const own = workloads.filter(({ object }) => object.kind !== "Pod");
    return {
      count: services.length + budgets.length + own.length,
      hits: [
        ...services.flatMap((one) => serviceHits(one, workloads)),
        ...budgets.flatMap((one) => budgetHits(one, workloads)),
        ...own.flatMap(workloadHits),
      ],
    };
  },
});

/** The cluster puts this one into every namespace. */
const everywhere: readonly string[] = ["ConfigMap/kube-root-ca.crt"];

const references = manifestCheck({
  check: "references",
  summary: "what is referred to is there",
  severity: "high",
  statement:
    "every ConfigMap, Secret, claim, account, Service and key that is referred to is in the manifests or declared as external",
  rationale: "A pod that refers to what is not there never starts.",
  of: "objects",
  word: "configMap|secret|claimName|serviceAccountName",
  saboteur: [{ when: "edit name: web-settings, key: mode", reply: "name: web-setting, key: mode" }],
  look({ objects, context }) {
    const external = [...everywhere, ...context.service.external];
    const hits = objects.flatMap((object) =>
      referencesOf(object).flatMap(({ kind, name, key, path, isOptional }) => {
        if (isOptional || external.includes(`${kind}/${name}`)) return [];
        const found = objects.find(
          (one) => one.kind === kind && one.name === name && one.namespace === object.namespace,
        );
        if (found === undefined) {
          return [objectHit(object, path, `refers to ${kind}/${name}, which is not there`)];
        }
        const maps = ["data", "stringData", "binaryData"];
        const keys = maps.flatMap((map) => Object.keys(textsIn(found.value, map)));
        if (key === "" || keys.includes(key)) return [];
        return [objectHit(object, path, `refers to ${key} of ${kind}/${name}, which has none`)];
      }),
    );
    return { count: objects.length, hits };
  },
});

/** Least replicas of a workload: those of what scales it, else its own. */
function leastReplicas({ object }: Workload, objects: readonly KubeObject[]): number {
  const scaler = ofKind(objects, "HorizontalPodAutoscaler").find(
    ({ value, namespace }) =>
      namespace === object.namespace &&
      textIn(value, "spec.scaleTargetRef.kind") === object.kind &&
      textIn(value, "spec.scaleTargetRef.name") === object.name,
  );
  const said = valueIn((scaler ?? object).value, scaler ? "spec.minReplicas" : "spec.replicas");
  return typeof said === "number" ? said : 1;
}

/** Whether a budget lets nobody ever be moved. */
function isStuck(budget: KubeObject, replicas: number): boolean {
  const most = textIn(budget.value, "spec.maxUnavailable");
  const least = textIn(budget.value, "spec.minAvailable");
  if (most !== "") return Number.parseInt(most, 10) === 0;
  return least.endsWith("%") ? least === "100%" : Number(least) >= replicas;
}

function replicaHits(workload: Workload, { objects, context }: KubeView): Hit[] {
  const { object, labels } = workload;
  const { singles, replicasMin } = context.service;
  if (singles.includes(object.name)) return [];
  const replicas = leastReplicas(workload, objects);
  if (replicas < replicasMin) {
    const says = `runs ${replicas} times, and ${replicasMin} are asked for`;
    return [objectHit(object, ["spec", "replicas"], says)];
  }
  const budget = ofKind(objects, "PodDisruptionBudget").find(
    ({ value, namespace }) =>
      namespace === object.namespace && selects(valueIn(value, "spec.selector"), labels),
  );
  if (budget === undefined) return [objectHit(object, ["spec"], "has no PodDisruptionBudget")];
  if (!isStuck(budget, replicas)) return [];
  return [objectHit(budget, ["spec"], `lets none of ${replicas} pods be moved`)];
}

const replicas = manifestCheck({
  check: "replicas",
  summary: "more than one, and a disruption budget",
  severity: "high",
  statement: ({ replicasMin }) =>
    `every Deployment and StatefulSet runs at least ${replicasMin} times under a disruption budget that lets one be moved`,
  rationale: "A node that is drained takes with it what runs there once.",
  of: "Deployments and StatefulSets",
  word: "replicas|PodDisruptionBudget",
  saboteur: [{ when: "edit replicas: 3", reply: "replicas: 1" }],
  look(view) {
    const own = view.workloads.filter(({ object }) =>
      ["Deployment", "StatefulSet"].includes(object.kind),
    );
    return { count: own.length, hits: own.flatMap((one) => replicaHits(one, view)) };
  },
});

/** Checks of what leads from one object to another. */
export const linkProbes: readonly KubernetesProbe[] = [selectors, references, replicas];
