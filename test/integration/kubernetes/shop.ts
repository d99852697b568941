import { systemClock } from "@loadline/kit/clock";
import { eventually } from "../../../packages/testkit/src/index.ts";
import type { ControlPlane } from "./control-plane.ts";

const replicas = 2;
const image = "registry.example/web:1.4.2";

/** What the checks ask for, and no more; a namespace's own object is not in it. */
const rights = [
  { apiGroups: [""], resources: ["pods", "services", "events"], verbs: ["list"] },
  {
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets", "daemonsets"],
    verbs: ["list"],
  },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] },
];
/** For the dry run beside them. */
const patching = [
  { apiGroups: [""], resources: ["configmaps", "services"], verbs: ["patch", "create"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch", "create"] },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["patch", "create"] },
];

const container = {
  name: "app",
  image,
  ports: [{ name: "http", containerPort: 8080 }],
  envFrom: [{ configMapRef: { name: "settings" } }],
  readinessProbe: { httpGet: { path: "/ready", port: "http" } },
  livenessProbe: { httpGet: { path: "/live", port: "http" } },
  resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
  securityContext: {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  },
};

/** The template of the shop's pods, with one container changed. */
const template = (more: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [{ ...container, ...more }],
  },
});

interface Meant {
  readonly api: string;
  readonly plural: string;
  readonly object: object;
}

const meant: readonly Meant[] = [
  {
    api: "/api/v1",
    plural: "configmaps",
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { mode: "live" },
    },
  },
  {
    api: "/apis/apps/v1",
    plural: "deployments",
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas, selector: { matchLabels: { app: "web" } }, template: template() },
    },
  },
  {
    api: "/api/v1",
    plural: "services",
    object: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] },
    },
  },
  {
    api: "/apis/policy/v1",
    plural: "poddisruptionbudgets",
    object: {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web" },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
    },
  },
];

/** A web shop as its manifests mean it. */
export const manifests = (): string =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items: meant.map(({ object }) => object) });

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

/** The value at a dotted path. */
const at = (value: unknown, path: string): unknown => path.split(".").reduce(member, value);

/** One request that must be taken. */
async function need(
  plane: ControlPlane,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const { status, json } = await plane.ask(method, path, body);
  if (status < 300) return json;
  throw new Error(`${method} ${path} answered ${status}: ${String(at(json, "message"))}`);
}

const deployment = (space: string): string => `/apis/apps/v1/namespaces/${space}/deployments/web`;

/** Says of the Deployment, as it is now, what its controller would say. */
export async function sayOfDeployment(
  plane: ControlPlane,
  space: string,
  status: object,
): Promise<void> {
  const observedGeneration = at(await need(plane, "GET", deployment(space)), "metadata.generation");
  await need(plane, "PATCH", `${deployment(space)}/status`, {
    status: { observedGeneration, ...status },
  });
}

/** Changes the container of the Deployment's template, as an apply would. */
export async function change(plane: ControlPlane, space: string, more: object): Promise<void> {
  await need(plane, "PATCH", deployment(space), { spec: { template: template(more) } });
}

/** A pod as the Deployment's controller would make it; what the API server answers to it. */
export function makePod(plane: ControlPlane, space: string, name: string, more: object = {}) {
  const { metadata, spec } = template(more);
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1", uid: "of-this-suite" };
  return plane.ask("POST", `/api/v1/namespaces/${space}/pods`, {
    metadata: { ...metadata, name, ownerReferences: [owner] },
    spec,
  });
}

/** Says of a pod what its kubelet would say. */
export async function sayOfPod(
  plane: ControlPlane,
  where: { readonly space: string; readonly name: string },
  o: { readonly isReady: boolean; readonly container?: object },
): Promise<void> {
  const { isReady } = o;
  const state = { running: { startedAt: "2026-01-01T00:00:00Z" } };
  const own = { name: "app", image, imageID: image, ready: isReady, restartCount: 0, state };
  const conditions = [{ type: "Ready", status: isReady ? "True" : "False" }];
  const containerStatuses = [{ ...own, ...o.container }];
  await need(plane, "PATCH", `/api/v1/namespaces/${where.space}/pods/${where.name}/status`, {
    status: { phase: "Running", conditions, containerStatuses },
  });
}

const slices = (space: string): string =>
  `/apis/discovery.k8s.io/v1/namespaces/${space}/endpointslices`;

/** Says of the addresses behind the Service what their controller would say. */
export async function sayOfAddresses(
  plane: ControlPlane,
  space: string,
  ready: readonly boolean[],
): Promise<void> {
  const endpoints = ready.map((one, index) => ({
    addresses: [`192.0.2.${index + 1}`],
    conditions: { ready: one },
  }));
  await need(plane, "PATCH", `${slices(space)}/web-1`, { endpoints });
}

/** An account for each right, with a token that the cluster signs. */
async function makeAccount(
  plane: ControlPlane,
  space: string,
  name: string,
  rules: readonly object[],
): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space}`;
  await need(plane, "POST", `/api/v1/namespaces/${space}/serviceaccounts`, { metadata: { name } });
  await need(plane, "POST", `${rbac}/roles`, { metadata: { name }, rules });
  await need(plane, "POST", `${rbac}/rolebindings`, {
    metadata: { name },
    subjects: [{ kind: "ServiceAccount", name, namespace: space }],
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
  });
  if (rules.length === 0) return;
  // A right counts once the server has heard of it from its own store.
  const [group, resource] = ["discovery.k8s.io", "endpointslices"];
  const spec = {
    user: `system:serviceaccount:${space}:${name}`,
    resourceAttributes: { namespace: space, verb: "list", group, resource },
  };
  const review = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const mayAsk = async (): Promise<boolean> =>
    at(await need(plane, "POST", review, { spec }), "status.allowed") === true;
  await eventually(systemClock(), mayAsk, 60_000);
}

/** A namespace that takes restricted pods alone, with a `reader` and a `writer` for the checks. */
export async function makeNamespace(plane: ControlPlane, space: string): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await need(plane, "POST", "/api/v1/namespaces", { metadata: { name: space, labels } });
  // Every pod has an account; who makes this one elsewhere is a controller.
  await makeAccount(plane, space, "default", []);
  await makeAccount(plane, space, "reader", rights);
  await makeAccount(plane, space, "writer", [...rights, ...patching]);
}

/** The shop in a namespace of its own, applied, with all its pods ready. */
export async function openShop(plane: ControlPlane, space: string): Promise<void> {
  await makeNamespace(plane, space);
  for (const { api, plural, object } of meant) {
    await need(plane, "POST", `${api}/namespaces/${space}/${plural}`, object);
  }
  for (const name of ["web-a", "web-b"]) {
    const { status, json } = await makePod(plane, space, name);
    if (status !== 201) throw new Error(`${name}: ${status} ${String(at(json, "message"))}`);
    await sayOfPod(plane, { space, name }, { isReady: true });
  }
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas };
  await sayOfDeployment(plane, space, { ...counts, availableReplicas: replicas });
  await need(plane, "POST", slices(space), {
    metadata: { name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [],
    ports: [],
  });
  await sayOfAddresses(plane, space, [true, true]);
}

/** A token of an account of the namespace, as the cluster signs it. */
export async function tokenOf(plane: ControlPlane, space: string, account: string) {
  const path = `/api/v1/namespaces/${space}/serviceaccounts/${account}/token`;
  const made = await need(plane, "POST", path, { spec: { expirationSeconds: 3_600 } });
  return String(at(made, "status.token"));
}

/** A warning of the cluster about the shop's pods, so many seconds ago. */
export async function warn(
  plane: ControlPlane,
  space: string,
  o: { readonly name: string; readonly reason: string; readonly secondsAgo: number },
): Promise<void> {
  const atMs = systemClock().wallMs() - o.secondsAgo * 1_000;
  await need(plane, "POST", `/api/v1/namespaces/${space}/events`, {
    metadata: { name: o.name },
    involvedObject: { kind: "Pod", name: "web-a", namespace: space },
    type: "Warning",
    reason: o.reason,
    message: "of this suite",
    lastTimestamp: new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z"),
  });
}
