import type { JsonRecord } from "@loadline/kit/json";
import type { StackClaim, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { otherKind } from "../guess-kind.ts";
import { askKube, type KubeList, listKube } from "../wire/kube-session.ts";
import { readManifests } from "../wire/manifests.ts";
import { standing, workloadsOf } from "../wire/pod-specs.ts";
import { recordsIn, textIn, textOf, valueIn } from "../wire/shape.ts";
import type { KubernetesContext, KubernetesProbe } from "./kubernetes-check.ts";
import { versionProbe } from "./version.ts";

const shared = { kind: "kubernetes", needs: ["login"], checklist: ["R4-30"] } as const;
const category = "Orchestration";
const namedMax = 10;

/** Without a cluster the claim is shown and stays not tested; it counts once one is declared. */
const live = (service: ServiceOf<"kubernetes">, claim: StackClaim): StackClaim =>
  service.url === "local:" ? { ...claim, required: false } : claim;

const cluster: KubernetesProbe = {
  ...shared,
  check: "cluster",
  summary: "a cluster answers",
  needs: [],
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement: "/version is answered as Kubernetes answers it",
      category,
      rationale: "What no cluster was asked is known of files alone.",
    }),
  saboteur: [{ when: "GET /version", reply: "<html>welcome</html>" }],
  async run(context) {
    const answer = await askKube(context, "/version");
    const version = textIn(answer.json, "gitVersion").replace(/^v/, "");
    const raw = answer.text.slice(0, 2_048);
    if (answer.status !== 200 || version === "") {
      const isLocked = answer.status === 401 || answer.status === 403;
      const seen = isLocked
        ? `The login was refused with ${answer.status}.`
        : `${otherKind("Kubernetes", `HTTP/1.1 ${answer.status} ${raw}`)}.`;
      return [{ ok: false, seen, raw, reproduce: answer.curl }];
    }
    context.facts.set("version", version);
    context.note({ service: context.name, kind: "kubernetes", version });
    return [{ ok: true, seen: `Kubernetes ${version} answered.`, reproduce: answer.curl }];
  },
};

const login: KubernetesProbe = {
  ...shared,
  check: "login",
  summary: "the token of the manifest",
  needs: ["cluster"],
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement: "the declared token may list Deployments",
      category,
      rationale: "A token that is refused sees nothing, which looks like nothing is wrong.",
    }),
  saboteur: [
    {
      when: "GET /apis/apps/v1/namespaces/default/deployments?limit=1 ",
      status: 403,
      reply: '{"kind":"Status","message":"deployments.apps is forbidden"}',
    },
  ],
  async run(context) {
    const path = `/apis/apps/v1/namespaces/${context.service.namespace}/deployments?limit=1`;
    const answer = await askKube(context, path);
    const said = textIn(answer.json, "message").slice(0, 300);
    const ok = answer.status === 200;
    const seen = ok ? "Deployments were listed." : `It answered ${answer.status}: ${said}.`;
    return [{ ok, seen, raw: answer.text.slice(0, 2_048), reproduce: answer.curl }];
  },
};

/** Namespaces that are looked at: those of the manifests, and the declared one. */
async function namespacesOf(context: KubernetesContext): Promise<string[]> {
  const { manifests, namespace } = context.service;
  const { objects } = await readManifests(manifests, namespace);
  const own = workloadsOf(objects).map(({ object }) => object.namespace);
  return [...new Set(own.length === 0 ? [namespace] : own)].toSorted();
}

async function listIn(context: KubernetesContext, group: string, plural: string, query = "") {
  const lists: KubeList[] = [];
  for (const namespace of await namespacesOf(context)) {
    lists.push(await listKube(context, `${group}/namespaces/${namespace}/${plural}`, query));
  }
  const curl = lists.find(({ items }) => items.length > 0)?.curl ?? lists[0]?.curl ?? [];
  return { items: lists.flatMap(({ items }) => items), curl };
}

interface LiveWorkload {
  readonly name: string;
  readonly value: JsonRecord;
}

async function liveWorkloads(context: KubernetesContext) {
  const all: LiveWorkload[] = [];
  let reproduce: readonly string[] = [];
  for (const kind of standing) {
    const { items, curl } = await listIn(context, "/apis/apps/v1", `${kind.toLowerCase()}s`);
    if (reproduce.length === 0) reproduce = curl;
    all.push(
      ...items.map((value) => ({
        name: `${kind}/${textIn(value, "metadata.namespace")}/${textIn(value, "metadata.name")}`,
        value,
      })),
    );
  }
  return { all, reproduce };
}

/** How a live workload differs from what it is asked to be; null when it is ready. */
function readyFault({ name, value }: LiveWorkload): string | null {
  const isDaemon = name.startsWith("DaemonSet/");
  const wanted = isDaemon
    ? valueIn(value, "status.desiredNumberScheduled")
    : (valueIn(value, "spec.replicas") ?? 1);
  const key = isDaemon ? "status.numberReady" : "status.readyReplicas";
  const ready = valueIn(value, key) ?? 0;
  const seen = valueIn(value, "status.observedGeneration");
  const meant = valueIn(value, "metadata.generation");
  if (meant !== undefined && seen !== meant) return `${name} has not seen its newest change`;
  return ready === wanted ? null : `${name} has ${textOf(ready)} of ${textOf(wanted)} ready`;
}

/** One observation: how many were looked at, and the first that are not so. */
function told(count: number, what: string, bad: readonly string[], reproduce: readonly string[]) {
  const first = bad.length === 0 ? "" : `: ${bad.slice(0, namedMax).join("; ")}`;
  const seen = `${count} ${what}, ${bad.length} not so${first}.`;
  return { ok: count > 0 && bad.length === 0, seen, raw: bad.join("\n"), reproduce };
}

const ready: KubernetesProbe = {
  ...shared,
  check: "ready",
  summary: "workloads are ready",
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement: "every workload of the manifests is in the cluster, and every live one is ready",
      category,
      rationale: "A rollout that hangs serves the old version, or nothing.",
    }),
  saboteur: [
    {
      when: "GET /apis/apps/v1/namespaces/default/deployments?limit=500",
      reply:
        '{"items":[{"metadata":{"name":"web","namespace":"default","generation":4},"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"app","image":"registry.example/web:1.4.2"}]}}},"status":{"observedGeneration":4,"readyReplicas":1}}]}',
    },
  ],
  async run(context) {
    const { all, reproduce } = await liveWorkloads(context);
    const { manifests, namespace } = context.service;
    const { objects } = await readManifests(manifests, namespace);
    const names = all.map(({ name }) => name);
    const gone = workloadsOf(objects)
      .filter(({ object }) => standing.includes(object.kind))
      .map(({ object }) => `${object.kind}/${object.namespace}/${object.name}`)
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is not in the cluster`);
    const bad = all.flatMap((one) => readyFault(one) ?? []);
    return [told(all.length, "workloads", [...gone, ...bad], reproduce)];
  },
};

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
          statement: "every container that runs has the image of the manifests",
          category: "Deployment Automation",
          rationale: "Files that nobody applied describe another system.",
        }),
  saboteur: [
    {
      when: "GET /apis/apps/v1/namespaces/default/deployments?limit=500",
      reply:
        '{"items":[{"metadata":{"name":"web","namespace":"default","generation":4},"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"app","image":"registry.example/web:1.3.0"}]}}},"status":{"observedGeneration":4,"readyReplicas":3}}]}',
    },
  ],
  async run(context) {
    const { all, reproduce } = await liveWorkloads(context);
    const { manifests, namespace } = context.service;
    const { objects } = await readManifests(manifests, namespace);
    const bad: string[] = [];
    let count = 0;
    for (const { object, spec } of workloadsOf(objects)) {
      const name = `${object.kind}/${object.namespace}/${object.name}`;
      const found = all.find((one) => one.name === name);
      if (found === undefined) continue;
      for (const container of recordsIn(spec, "containers")) {
        count++;
        const [own, image] = [textIn(container, "name"), textIn(container, "image")];
        const runs = recordsIn(found.value, "spec.template.spec.containers").find(
          (one) => textIn(one, "name") === own,
        );
        const has = textIn(runs, "image");
        if (has !== image)
          bad.push(`${name} container ${own} runs ${has || "nothing"}, not ${image}`);
      }
    }
    return [told(count, "containers", bad, reproduce)];
  },
};

function podFaults(pod: JsonRecord, restartsMax: number): string[] {
  const name = textIn(pod, "metadata.name");
  const phase = textIn(pod, "status.phase");
  const statuses = ["status.initContainerStatuses", "status.containerStatuses"];
  const containers = statuses.flatMap((path) => recordsIn(pod, path));
  const bad = containers.flatMap((one) => {
    const count = Number(textIn(one, "restartCount") || 0);
    const waits = textIn(one, "state.waiting.reason");
    const ended = textIn(one, "lastState.terminated.reason");
    const at = `${name} container ${textIn(one, "name")}`;
    return [
      ...(count > restartsMax ? [`${at} restarted ${count} times ${ended}`.trim()] : []),
      ...(waits === "" || waits === "ContainerCreating" ? [] : [`${at} waits: ${waits}`]),
    ];
  });
  const isFine = phase === "Running" || phase === "Succeeded";
  return isFine ? bad : [`${name} is ${phase}`, ...bad];
}

const restarts: KubernetesProbe = {
  ...shared,
  check: "restarts",
  summary: "pods that restart or wait",
  severity: "high",
  claim: (service) =>
    live(service, {
      statement: `every pod runs or has ended well, and no container restarted more than ${service.restartsMax} times`,
      category,
      rationale: "A container that is restarted over and over looks up between two looks.",
    }),
  saboteur: [
    {
      when: "GET /api/v1/namespaces/default/pods",
      reply:
        '{"items":[{"metadata":{"name":"web-1"},"status":{"phase":"Running","containerStatuses":[{"name":"app","restartCount":9,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"reason":"OOMKilled"}}}]}}]}',
    },
  ],
  async run(context) {
    const { items, curl } = await listIn(context, "/api/v1", "pods");
    const bad = items.flatMap((pod) => podFaults(pod, context.service.restartsMax));
    return [told(items.length, "pods", bad, curl)];
  },
};

/** When an event was last seen, ms; those of both shapes of the API. */
function eventMs(event: JsonRecord): number {
  const texts = ["series.lastObservedTime", "lastTimestamp", "eventTime", "firstTimestamp"];
  const said = texts.map((path) => textIn(event, path)).find((text) => text !== "");
  return Date.parse(said ?? textIn(event, "metadata.creationTimestamp"));
}

const events: KubernetesProbe = {
  ...shared,
  check: "events",
  summary: "warnings of the cluster",
  severity: "medium",
  claim: (service) =>
    live(service, {
      statement: `the cluster has told of no warning in the last ${service.eventsSeconds} s`,
      category: "Monitoring & Observability",
      rationale: "The cluster says why a pod does not start, to whoever asks.",
    }),
  saboteur: [
    {
      when: "GET /api/v1/namespaces/default/events",
      reply:
        '{"items":[{"type":"Warning","reason":"FailedScheduling","message":"0/3 nodes are available","count":4,"lastTimestamp":"2999-01-01T00:00:00Z","involvedObject":{"kind":"Pod","name":"web-1"}}]}',
    },
  ],
  async run(context) {
    const query = "&fieldSelector=type%3DWarning";
    const { items, curl } = await listIn(context, "/api/v1", "events", query);
    const sinceMs = context.clock.wallMs() - context.service.eventsSeconds * 1_000;
    const fresh = items.filter((event) => eventMs(event) >= sinceMs);
    const said = fresh.map((event) => {
      const object = `${textIn(event, "involvedObject.kind")}/${textIn(event, "involvedObject.name")}`;
      const count = textIn(event, "count") || "1";
      return `${count} x ${textIn(event, "reason")} of ${object}: ${textIn(event, "message").slice(0, 200)}`;
    });
    const first = said.length === 0 ? "" : `: ${said.slice(0, namedMax).join("; ")}`;
    const seen: StackSeen = {
      ok: fresh.length === 0,
      seen: `${fresh.length} warnings${first}.`,
      raw: said.join("\n"),
      reproduce: curl,
    };
    return [seen];
  },
};

const declared = versionProbe("kubernetes", "cluster", [
  { when: "GET /version", reply: '{"gitVersion":"v1.19.3"}' },
]);

/** Checks of the live objects of a cluster, the cluster itself first. */
export const clusterProbes: readonly KubernetesProbe[] = [
  cluster,
  {
    ...declared,
    claim: (service) => (service.url === "local:" ? null : declared.claim(service)),
  },
  login,
];

/** Checks of what runs in it. */
export const liveProbes: readonly KubernetesProbe[] = [ready, deployed, restarts, events];
