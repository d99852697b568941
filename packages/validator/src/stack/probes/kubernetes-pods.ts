import type { JsonRecord } from "@loadline/kit/json";
import type { Hit } from "../wire/manifests.ts";
import { quantityOf } from "../wire/quantity.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { type Container, containerHit, objectHit, standing } from "../wire/pod-specs.ts";
import { type KubernetesProbe, manifestCheck } from "./kubernetes-check.ts";

const security = "Security & Compliance";

const isStanding = ({ workload, isInit }: Container): boolean =>
  !isInit && standing.includes(workload.object.kind);

/** What is wrong with one probe of a container; null when it is there and leads to a declared port. */
function probeHit(container: Container, key: string): Hit | null {
  const probe = valueIn(container.value, key);
  if (probe === undefined || probe === null) return containerHit(container, [], `has no ${key}`);
  const port = valueIn(probe, "httpGet.port") ?? valueIn(probe, "tcpSocket.port");
  const names = recordsIn(container.value, "ports").map((one) => textIn(one, "name"));
  if (typeof port !== "string" || /^\d+$/.test(port) || names.includes(port)) return null;
  return containerHit(container, [key], `asks the port ${port}, which it does not have (${key})`);
}

const probes = manifestCheck({
  check: "probes",
  summary: "readiness and liveness probes",
  severity: "high",
  statement: "every container that stays has a readiness and a liveness probe, on ports it has",
  rationale: "Without them traffic goes to a pod that starts or hangs.",
  of: "containers that stay",
  word: "readinessProbe|livenessProbe",
  saboteur: [{ when: "edit readinessProbe:", reply: "x-readiness:" }],
  look({ containers }) {
    const own = containers.filter(isStanding);
    const hits = own.flatMap((one) =>
      ["readinessProbe", "livenessProbe"].flatMap((key) => probeHit(one, key) ?? []),
    );
    return { count: own.length, hits };
  },
});

const wanted = ["requests.cpu", "requests.memory", "limits.memory"];

function resourceHits(container: Container): Hit[] {
  const held = valueIn(container.value, "resources");
  const missing = wanted.filter((path) => quantityOf(valueIn(held, path)) === null);
  if (missing.length > 0) {
    return [containerHit(container, ["resources"], `has no ${missing.join(", ")}`)];
  }
  return ["cpu", "memory"].flatMap((name) => {
    const asked = quantityOf(valueIn(held, `requests.${name}`)) ?? 0;
    const most = quantityOf(valueIn(held, `limits.${name}`));
    if (most === null || asked <= most) return [];
    return [containerHit(container, ["resources"], `requests more ${name} than its limit`)];
  });
}

const resources = manifestCheck({
  check: "resources",
  summary: "requests and limits",
  severity: "high",
  statement: "every container requests CPU and memory, and its memory is limited",
  rationale: "A pod without requests is put where there is no room, and ended first.",
  of: "containers",
  word: "resources|requests|limits",
  saboteur: [{ when: "edit memory: 128Mi", reply: "ephemeral-storage: 1Gi" }],
  look: ({ containers }) => ({
    count: containers.length,
    hits: containers.flatMap(resourceHits),
  }),
});

/** A member of the security context, of the container or else of its pod. */
function contextOf(container: Container, key: string): unknown {
  const own = valueIn(container.value, `securityContext.${key}`);
  return own ?? valueIn(container.workload.spec, `securityContext.${key}`);
}

const nonRoot = manifestCheck({
  check: "non_root",
  summary: "no container runs as root",
  severity: "high",
  category: security,
  statement: "every container has runAsNonRoot, and none names the user 0",
  rationale: "Whoever breaks out of a root container is root.",
  of: "containers",
  word: "runAsNonRoot|runAsUser",
  saboteur: [{ when: "edit runAsNonRoot: true", reply: "runAsNonRoot: false" }],
  look: ({ containers }) => ({
    count: containers.length,
    hits: containers.flatMap((one) => {
      if (contextOf(one, "runAsUser") === 0) {
        return [containerHit(one, ["securityContext", "runAsUser"], "runs as user 0")];
      }
      const said = contextOf(one, "runAsNonRoot");
      if (said === true) return [];
      const how = said === undefined ? "has no runAsNonRoot" : "may run as root";
      return [containerHit(one, ["securityContext", "runAsNonRoot"], how)];
    }),
  }),
});

const readOnly = manifestCheck({
  check: "read_only",
  summary: "root file systems are read-only",
  severity: "medium",
  category: security,
  statement: "every container has a read-only root file system",
  rationale: "What cannot be written cannot be planted.",
  of: "containers",
  word: "readOnlyRootFilesystem",
  saboteur: [{ when: "edit readOnlyRootFilesystem: true", reply: "readOnlyRootFilesystem: false" }],
  look: ({ containers }) => ({
    count: containers.length,
    hits: containers.flatMap((one) =>
      valueIn(one.value, "securityContext.readOnlyRootFilesystem") === true
        ? []
        : [containerHit(one, ["securityContext"], "has a writable root file system")],
    ),
  }),
});

/** The one capability that may be added: to listen below port 1024. */
const addable: readonly unknown[] = ["NET_BIND_SERVICE"];

function powers(container: Container): Hit[] {
  const held = valueIn(container.value, "securityContext");
  const added = valueIn(held, "capabilities.add");
  const extra = Array.isArray(added) ? added.filter((one: unknown) => !addable.includes(one)) : [];
  const path = ["securityContext"];
  return [
    ...(valueIn(held, "privileged") === true
      ? [containerHit(container, [...path, "privileged"], "is privileged")]
      : []),
    ...(valueIn(held, "allowPrivilegeEscalation") === false
      ? []
      : [
          containerHit(
            container,
            [...path, "allowPrivilegeEscalation"],
            "does not refuse to gain privileges (allowPrivilegeEscalation)",
          ),
        ]),
    ...(extra.length === 0
      ? []
      : [
          containerHit(
            container,
            [...path, "capabilities"],
            `adds ${extra.map(String).join(", ")}`,
          ),
        ]),
  ];
}

const escalation = manifestCheck({
  check: "escalation",
  summary: "no privilege is gained",
  severity: "critical",
  category: security,
  statement: "no container is privileged, may gain privileges, or adds a capability",
  rationale: "One step up in a container is a step onto its node.",
  of: "containers",
  word: "allowPrivilegeEscalation|privileged|capabilities",
  saboteur: [
    { when: "edit allowPrivilegeEscalation: false", reply: "allowPrivilegeEscalation: true" },
  ],
  look: ({ containers }) => ({ count: containers.length, hits: containers.flatMap(powers) }),
});

/** Why an image may be another one tomorrow; null for one with a digest or a tag of its own. */
function imageFault(image: string): string | null {
  if (image === "") return "has no image";
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return null;
  const last = image.slice(image.lastIndexOf("/") + 1);
  const tag = last.includes(":") ? last.slice(last.indexOf(":") + 1) : "";
  if (tag === "") return `names ${image} without a tag or digest`;
  return tag === "latest" ? `names ${image}, which is another one tomorrow` : null;
}

const images = manifestCheck({
  check: "images",
  summary: "images with a digest or a tag of their own",
  severity: "medium",
  category: security,
  statement: "every image has a digest, or a tag that is not latest",
  rationale: "What was tested is not what a restart pulls.",
  of: "containers",
  word: "image:",
  // The live one is said to be the same, or it would differ from the manifests too.
  saboteur: [
    { when: "edit registry.example/web:1.4.2", reply: "registry.example/web:latest" },
    { when: "live registry.example/web:1.4.2", reply: "registry.example/web:latest" },
  ],
  look: ({ containers }) => ({
    count: containers.length,
    hits: containers.flatMap((one) => {
      const fault = imageFault(textIn(one.value, "image"));
      return fault === null ? [] : [containerHit(one, ["image"], fault)];
    }),
  }),
});

const hostKeys = ["hostNetwork", "hostPID", "hostIPC"];

const host = manifestCheck({
  check: "host",
  summary: "nothing of the node is shared",
  severity: "high",
  category: security,
  statement: "no pod uses hostPath, hostNetwork, hostPID, hostIPC or a host port",
  rationale: "A pod that shares the node's files or network is not kept apart from it.",
  of: "workloads",
  word: "host(Path|Network|PID|IPC|Port)",
  saboteur: [{ when: "edit emptyDir: {}", reply: "hostPath: { path: /var/run }" }],
  look: ({ workloads, containers }) => ({
    count: workloads.length,
    hits: [
      ...workloads.flatMap(({ object, path, spec }) => [
        ...hostKeys.flatMap((key) =>
          spec[key] === true ? [objectHit(object, [...path, key], `has ${key}`)] : [],
        ),
        ...recordsIn(spec, "volumes").flatMap((volume, at) =>
          volume["hostPath"] === undefined
            ? []
            : [
                objectHit(
                  object,
                  [...path, "volumes", at, "hostPath"],
                  `mounts ${textIn(volume, "hostPath.path")} of the node`,
                ),
              ],
        ),
      ]),
      ...containers.flatMap((one) =>
        recordsIn(one.value, "ports").flatMap((port: JsonRecord, at) =>
          port["hostPort"] === undefined
            ? []
            : [
                containerHit(
                  one,
                  ["ports", at, "hostPort"],
                  `takes port ${textIn(port, "hostPort")} of the node`,
                ),
              ],
        ),
      ),
    ],
  }),
});

/** Checks of pods as the manifests describe them. */
export const podProbes: readonly KubernetesProbe[] = [
  probes,
  resources,
  nonRoot,
  readOnly,
  escalation,
  images,
  host,
];
