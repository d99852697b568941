import { NothingThere } from "../wire/fault.ts";
import {
  listIn,
  type LiveWorkload,
  liveWorkloads,
  type Meant,
  meantOf,
  workloadName,
} from "../wire/kube-live.ts";
import { workloadFaults } from "../wire/kube-health.ts";
import { podSpecOf, selects, standing, textsIn, type Workload } from "../wire/pod-specs.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import type { KubernetesProbe } from "./kubernetes-check.ts";
import { live, shared, told } from "./kubernetes-cluster.ts";

const deployments = "GET /apis/apps/v1/namespaces/default/deployments?limit=100";

const ready: KubernetesProbe = {
  ...shared,
  check: "ready",
  summary: "workloads are ready",
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement:
        "every workload of the manifests is in the cluster, and every live one is ready in its newest version",
      category: "Orchestration",
      rationale: "A rollout that hangs serves the old version, or nothing.",
    }),
  saboteur: [
    {
      when: deployments,
      reply:
        '{"items":[{"metadata":{"name":"web","namespace":"default","generation":4},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"spec":{"containers":[{"name":"app","image":"registry.example/web:1.4.2"}]}}},"status":{"observedGeneration":4,"replicas":4,"readyReplicas":3,"updatedReplicas":1}}]}',
    },
  ],
  async run(context) {
    const meant = await meantOf(context);
    const { all, curl } = await liveWorkloads(context, meant);
    const names = new Set(all.map(({ name }) => name));
    const gone = meant.workloads
      .filter(({ object }) => [...standing, "CronJob"].includes(object.kind))
      .map(({ object }) => workloadName(object))
      .filter((name) => !names.has(name))
      .map((name) => `${name} is not in the cluster`);
    if (all.length + gone.length === 0) {
      throw new NothingThere(`No workload is in ${meant.namespaces.join(", ")}.`);
    }
    const bad = all.flatMap(({ kind, name, value }) =>
      workloadFaults(kind, value).map((fault) => `${name} ${fault}`),
    );
    const found = { count: all.length, what: "workloads", bad: [...gone, ...bad] };
    return [told(context, { ...found, reproduce: curl })];
  },
};

/** Fewer than the manifests say, where nothing of theirs scales it. */
function scaledDown({ object }: Workload, found: LiveWorkload, meant: Meant): string[] {
  const said = valueIn(object.value, "spec.replicas");
  const has = valueIn(found.value, "spec.replicas");
  const isScaled = meant.objects.some(
    ({ kind, namespace, value }) =>
      kind === "HorizontalPodAutoscaler" &&
      namespace === object.namespace &&
      textIn(value, "spec.scaleTargetRef.kind") === object.kind &&
      textIn(value, "spec.scaleTargetRef.name") === object.name,
  );
  if (isScaled || typeof said !== "number" || typeof has !== "number" || has >= said) return [];
  return [`${found.name} is scaled to ${has}, not ${said}`];
}

const imagesOf = (spec: unknown): Map<string, string> =>
  new Map(
    ["initContainers", "containers"].flatMap((list) =>
      recordsIn(spec, list).map((one): [string, string] => [
        textIn(one, "name"),
        textIn(one, "image"),
      ]),
    ),
  );

/** Every meant container whose image is another one in `spec`. */
function imageFaults(meant: unknown, spec: unknown, who: string): string[] {
  const has = imagesOf(spec);
  return [...imagesOf(meant)]
    .filter(([name, image]) => has.get(name) !== image)
    .map(
      ([name, image]) =>
        `${who} container ${name} runs ${has.get(name) ?? "nothing"}, not ${image}`,
    );
}

/** Pods of a live workload that have not ended and are not on their way out. */
function podsOf(found: LiveWorkload, pods: readonly unknown[]): readonly unknown[] {
  const selector = valueIn(found.value, "spec.selector");
  const namespace = textIn(found.value, "metadata.namespace");
  return pods.filter(
    (pod) =>
      textIn(pod, "metadata.namespace") === namespace &&
      selects(selector, textsIn(pod, "metadata.labels")) &&
      !["Succeeded", "Failed"].includes(textIn(pod, "status.phase")) &&
      textIn(pod, "metadata.deletionTimestamp") === "",
  );
}

const deployed: KubernetesProbe = {
  ...shared,
  check: "deployed",
  summary: "what runs is what the manifests say",
  needs: ["login", "manifests"],
  severity: "high",
  claim: (service) =>
    service.manifests.length === 0
      ? null
      : live(service, {
          statement:
            "every container that runs has the image of the manifests, and none is scaled below them",
          category: "Deployment Automation",
          rationale: "Files that nobody applied describe another system.",
        }),
  saboteur: [
    {
      when: deployments,
      reply:
        '{"items":[{"metadata":{"name":"web","namespace":"default","generation":4},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"spec":{"containers":[{"name":"app","image":"registry.example/web:1.3.0"}]}}},"status":{"observedGeneration":4,"replicas":3,"readyReplicas":3,"updatedReplicas":3}}]}',
    },
  ],
  async run(context) {
    const meant = await meantOf(context);
    const { all, curl } = await liveWorkloads(context, meant);
    const { items } = await listIn(context, meant.namespaces, { api: "/api/v1", plural: "pods" });
    const bad: string[] = [];
    let count = 0;
    for (const workload of meant.workloads) {
      const found = all.find(({ name }) => name === workloadName(workload.object));
      if (found === undefined) continue;
      count += imagesOf(workload.spec).size;
      bad.push(
        ...scaledDown(workload, found, meant),
        ...imageFaults(workload.spec, podSpecOf(found.kind, found.value), found.name),
        ...podsOf(found, items).flatMap((pod) =>
          imageFaults(workload.spec, valueIn(pod, "spec"), `pod ${textIn(pod, "metadata.name")}`),
        ),
      );
    }
    if (count === 0) throw new NothingThere("No workload of the manifests is in the cluster.");
    return [told(context, { count, what: "containers", bad, reproduce: curl })];
  },
};

/** Checks of what the manifests and the cluster say of each other. */
export const liveProbes: readonly KubernetesProbe[] = [ready, deployed];
