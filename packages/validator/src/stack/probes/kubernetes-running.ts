import type { JsonRecord } from "@loadline/kit/json";
import type { StackContext, StackSeen } from "../probe.ts";
import { NothingThere } from "../wire/fault.ts";
import { eventMs, podFaults } from "../wire/kube-health.ts";
import { listIn, meantOf } from "../wire/kube-live.ts";
import { minorOf } from "../wire/kube-versions.ts";
import { textsIn } from "../wire/pod-specs.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import type { KubernetesProbe } from "./kubernetes-check.ts";
import { live, shared, told } from "./kubernetes-cluster.ts";

const namedMax = 10;
/** The label that says whose addresses a slice holds. */
const ownerLabel = "kubernetes.io/service-name";

const restarts: KubernetesProbe = {
  ...shared,
  check: "restarts",
  summary: "pods that restart or wait",
  severity: "high",
  claim: (service) =>
    live(service, {
      statement: `every pod runs or has ended well, and no container restarted more than ${service.restartsMax} times`,
      category: "Orchestration",
      rationale: "A container that is restarted over and over looks up between two looks.",
    }),
  saboteur: [
    {
      when: "GET /api/v1/namespaces/default/pods",
      reply:
        '{"items":[{"metadata":{"name":"web-1","namespace":"default"},"status":{"phase":"Running","containerStatuses":[{"name":"app","restartCount":9,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"reason":"OOMKilled"}}}]}}]}',
    },
  ],
  async run(context) {
    const { namespaces } = await meantOf(context);
    const { items, curl } = await listIn(context, namespaces, { api: "/api/v1", plural: "pods" });
    if (items.length === 0) throw new NothingThere(`No pod is in ${namespaces.join(", ")}.`);
    const { restartsMax } = context.service;
    const nowMs = context.clock.wallMs();
    const bad = items.flatMap((pod) => podFaults(pod, restartsMax, nowMs));
    return [told(context, { count: items.length, what: "pods", bad, reproduce: curl })];
  },
};

function eventText(context: Pick<StackContext, "excerpt">, event: JsonRecord): string {
  const object = `${textIn(event, "involvedObject.kind")}/${textIn(event, "involvedObject.name")}`;
  const count = textIn(event, "count") || textIn(event, "series.count") || "1";
  const said = context.excerpt(textIn(event, "message"), 200);
  return `${count} x ${textIn(event, "reason")} of ${object}: ${said}`;
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
    const { namespaces } = await meantOf(context);
    const { items, curl } = await listIn(context, namespaces, {
      api: "/api/v1",
      plural: "events",
      query,
    });
    const sinceMs = context.clock.wallMs() - context.service.eventsSeconds * 1_000;
    // One that tells no time may be of this minute.
    const fresh = items.filter((event) => !(eventMs(event) < sinceMs));
    const said = fresh.map((event) => eventText(context, event));
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

/** Slices came in 1.21; what they hold was beta before. */
const slicesApi = (version: string): string =>
  minorOf(version) < 21 ? "/apis/discovery.k8s.io/v1beta1" : "/apis/discovery.k8s.io/v1";

/** A Service whose addresses the cluster finds by itself. */
const isSelecting = (service: JsonRecord): boolean =>
  textIn(service, "spec.type") !== "ExternalName" &&
  Object.keys(textsIn(service, "spec.selector")).length > 0;

function serviceFault(service: JsonRecord, slices: readonly JsonRecord[]): string[] {
  const [namespace, name] = [
    textIn(service, "metadata.namespace"),
    textIn(service, "metadata.name"),
  ];
  const own = slices.filter(
    (slice) =>
      textIn(slice, "metadata.namespace") === namespace &&
      textsIn(slice, "metadata.labels")[ownerLabel] === name,
  );
  const all = own.flatMap((slice) => recordsIn(slice, "endpoints"));
  // Not said is ready, by the API's own words.
  const count = all.filter((one) => valueIn(one, "conditions.ready") !== false).length;
  if (count > 0) return [];
  return [`Service/${namespace}/${name} leads to ${all.length} pods, none of them ready`];
}

const endpoints: KubernetesProbe = {
  ...shared,
  check: "endpoints",
  summary: "Services lead to pods that are ready",
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement: "every live Service with a selector leads to at least one pod that is ready",
      category: "Orchestration",
      rationale: "A Service that leads nowhere refuses everybody, while its pods look fine.",
    }),
  saboteur: [
    {
      when: "GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
      reply:
        '{"items":[{"metadata":{"name":"web-a","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},"endpoints":[{"addresses":["192.0.2.1"],"conditions":{"ready":false}}]}]}',
    },
  ],
  async run(context) {
    const { namespaces } = await meantOf(context);
    const api = "/api/v1";
    const { items, curl } = await listIn(context, namespaces, { api, plural: "services" });
    const own = items.filter((one) => isSelecting(one));
    if (own.length === 0) {
      throw new NothingThere(`No Service with a selector is in ${namespaces.join(", ")}.`);
    }
    const at = { api: slicesApi(context.facts.get("version") ?? ""), plural: "endpointslices" };
    const slices = await listIn(context, namespaces, at);
    const bad = own.flatMap((one) => serviceFault(one, slices.items));
    const reproduce = slices.items.length === 0 ? curl : slices.curl;
    return [told(context, { count: own.length, what: "Services", bad, reproduce })];
  },
};

/** Checks of what runs, whatever the manifests say. */
export const runningProbes: readonly KubernetesProbe[] = [restarts, endpoints, events];
