import { join } from "node:path";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub, type WebCall, type WebRoute } from "./web.ts";

const token = "token-of-the-kubernetes-twin";
const image = "registry.example/web:1.4.2";

/**
 * Manifests of one web service in order. A rule `edit TEXT` puts its reply in the text's place in
 * them, a rule `live TEXT` in what the cluster answers.
 */
const manifests = `apiVersion: v1
kind: ConfigMap
metadata: { name: web-settings }
data: { mode: production }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: app
          image: ${image}
          ports: [{ name: http, containerPort: 8080 }]
          env:
            - { name: LOG_LEVEL, value: info }
            - { name: MODE, valueFrom: { configMapKeyRef: { name: web-settings, key: mode } } }
            - { name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }
          readinessProbe: { httpGet: { path: /ready, port: http } }
          livenessProbe: { httpGet: { path: /live, port: http } }
          resources:
            requests: { cpu: 100m, memory: 64Mi }
            limits: { memory: 128Mi }
          securityContext:
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
          volumeMounts: [{ name: scratch, mountPath: /tmp }]
      volumes:
        - name: scratch
          emptyDir: {}
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: http }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
`;

const meta = { namespace: "default" };
const selector = { matchLabels: { app: "web" } };
const template = { spec: { containers: [{ name: "app", image }] } };
const container = { name: "app", restartCount: 0, state: { running: {} } };
const resource = (name: string, kind: string) => ({ name, kind, namespaced: true });
const empty = jsonReply({ items: [] });

const slices = jsonReply({
  items: [
    {
      metadata: { ...meta, name: "web-a", labels: { "kubernetes.io/service-name": "web" } },
      endpoints: [
        { addresses: ["192.0.2.1"], conditions: { ready: true } },
        { addresses: ["192.0.2.2"], conditions: { ready: false } },
      ],
    },
  ],
});

const routes: readonly WebRoute[] = [
  { when: "GET /version ", answer: jsonReply({ major: "1", gitVersion: "v1.31.2" }) },
  {
    when: "GET /apis/apps/v1/namespaces/default/deployments",
    answer: jsonReply({
      items: [
        {
          metadata: { ...meta, name: "web", generation: 4 },
          spec: { replicas: 3, selector, template },
          status: { observedGeneration: 4, replicas: 3, readyReplicas: 3, updatedReplicas: 3 },
        },
      ],
    }),
  },
  { when: "GET /apis/apps/v1/namespaces/default/", answer: empty },
  { when: "GET /api/v1/namespaces/default ", answer: jsonReply({ metadata: { name: "default" } }) },
  {
    when: "GET /api/v1 ",
    answer: jsonReply({
      resources: [resource("configmaps", "ConfigMap"), resource("services", "Service")],
    }),
  },
  {
    when: "GET /apis/apps/v1 ",
    answer: jsonReply({
      resources: [resource("deployments", "Deployment"), resource("deployments/scale", "Scale")],
    }),
  },
  {
    when: "GET /apis/policy/v1 ",
    answer: jsonReply({ resources: [resource("poddisruptionbudgets", "PodDisruptionBudget")] }),
  },
  { when: "PATCH /", answer: ({ text }: WebCall) => ({ reply: text }) },
  {
    when: "GET /api/v1/namespaces/default/services",
    answer: jsonReply({
      items: [
        { metadata: { ...meta, name: "kubernetes" }, spec: { type: "ClusterIP" } },
        { metadata: { ...meta, name: "web" }, spec: { selector: { app: "web" } } },
      ],
    }),
  },
  // Old clusters have them under the beta version alone.
  ...["v1", "v1beta1"].map((version) => ({
    when: `GET /apis/discovery.k8s.io/${version}/namespaces/default/endpointslices`,
    answer: slices,
  })),
  {
    when: "GET /api/v1/namespaces/default/pods",
    answer: jsonReply({
      items: [
        {
          metadata: { ...meta, name: "web-1", labels: { app: "web" } },
          spec: template.spec,
          status: { phase: "Running", containerStatuses: [container] },
        },
      ],
    }),
  },
  {
    when: "GET /api/v1/namespaces/default/events",
    answer: jsonReply({
      items: [{ type: "Warning", reason: "BackOff", lastTimestamp: "2020-01-01T00:00:00Z" }],
    }),
  },
];

/** The text with every edit of the rules made that begins with `word`. */
function edited(rules: readonly StackRule[], word: string, text: string): string {
  const own = rules.filter(({ when }) => when.startsWith(word));
  return own.reduce((held, { when, reply }) => held.replace(when.slice(word.length), reply), text);
}

/** A cluster of one web service and the manifests it was made of. */
export async function startKubernetesTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const folder = await makeFolder({ "deploy/web.yaml": edited(rules, "edit ", manifests) });
  const told = routes.map(({ when, answer }) => ({
    when,
    answer:
      typeof answer === "function"
        ? answer
        : { ...answer, reply: edited(rules, "live ", answer.reply) },
  }));
  const stub = await startWebStub(rules, told, {
    guard: ({ path, headers }) =>
      path === "/version" || headers.authorization === `Bearer ${token}`
        ? null
        : jsonReply({ kind: "Status", message: "Unauthorized" }, 401),
  });
  return {
    service: {
      kind: "kubernetes",
      url: stub.url,
      token: "${env:KUBE_TOKEN}",
      manifests: [join(folder.path, "deploy")],
      external: ["Secret/db"],
      dryRun: true,
      version: "1.31",
    },
    secrets: { KUBE_TOKEN: token },
    async [Symbol.asyncDispose]() {
      await stub[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
