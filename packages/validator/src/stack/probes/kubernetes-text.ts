import { recordsIn, textIn } from "../wire/shape.ts";
import { removedIn } from "../wire/kube-versions.ts";
import type { Hit, KubeObject } from "../wire/manifests.ts";
import { type Container, containerHit, objectHit, textsIn } from "../wire/pod-specs.ts";
import { secretsIn } from "../wire/secret-formats.ts";
import { type KubernetesProbe, manifestCheck } from "./kubernetes-check.ts";

const readable = manifestCheck({
  check: "manifests",
  summary: "the manifests can be read",
  needs: [],
  severity: "critical",
  statement: "every document is an object with apiVersion, kind and name, and none stands twice",
  rationale: "What cannot be read is applied in part, or not at all.",
  of: "objects",
  word: "^(apiVersion|kind):",
  saboteur: [{ when: "edit kind: ConfigMap", reply: "kynd: ConfigMap" }],
  look: ({ bundle }) => ({ count: bundle.objects.length, hits: bundle.problems }),
});

const apiVersions = manifestCheck({
  check: "api_versions",
  summary: "versions of the API that are there",
  severity: "high",
  statement: ({ version }) =>
    `no object uses a version of the API that ${version === undefined ? "a released Kubernetes" : `Kubernetes ${version}`} has removed`,
  rationale: "The first apply after an upgrade is refused.",
  of: "objects",
  word: "^apiVersion:",
  // A cluster that still serves it does not make it any newer.
  saboteur: [
    { when: "edit apiVersion: policy/v1", reply: "apiVersion: policy/v1beta1" },
    {
      when: "GET /apis/policy/v1beta1 ",
      reply: '{"resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget"}]}',
    },
  ],
  look({ objects, context }) {
    const version = context.facts.get("version") ?? context.service.version;
    const hits = objects.flatMap((object) => {
      const removed = removedIn(object.apiVersion, object.kind, version);
      if (removed === null) return [];
      const says = `uses ${object.apiVersion}, which Kubernetes ${removed} removed`;
      return [objectHit(object, ["apiVersion"], says)];
    });
    return { count: objects.length, hits };
  },
});

/** Names that end so hold a secret, whatever its form. */
const secretName =
  /(^|[_.-])(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|SECRET_?KEY|ACCESS_?KEY|PRIVATE_?KEY)$/i;
/** A number, a switch, or what another part fills in. */
const harmless = /^(\s*|\d+|true|false|\$\(.+\)|\$\{.+\}|<.+>)$/;

function isSecret(name: string, value: string): boolean {
  if (harmless.test(value)) return false;
  return secretName.test(name) || secretsIn(value.split("\n"), new Map()).length > 0;
}

function envHits(container: Container): Hit[] {
  return recordsIn(container.value, "env").flatMap((one, at) => {
    const name = textIn(one, "name");
    const value = textIn(one, "value");
    if (!isSecret(name, value)) return [];
    const says = `has a secret of ${value.length} characters in its variable ${name}`;
    return [containerHit(container, ["env", at], says)];
  });
}

function dataHits(object: KubeObject): Hit[] {
  const isMap = object.kind === "ConfigMap";
  if (!isMap && object.kind !== "Secret") return [];
  return ["data", "stringData"].flatMap((map) =>
    Object.entries(textsIn(object.value, map)).flatMap(([key, value]) => {
      const isBad = isMap ? isSecret(key, value) : !harmless.test(value);
      if (!isBad) return [];
      return [
        objectHit(object, [map, key], `holds a secret of ${value.length} characters: ${key}`),
      ];
    }),
  );
}

const secrets = manifestCheck({
  check: "secrets",
  summary: "no secret in the files",
  severity: "critical",
  category: "Security & Compliance",
  statement: "no variable, ConfigMap or Secret of the manifests holds the value of a secret",
  rationale: "What is in a file is in every copy and every backup of it.",
  of: "objects",
  word: "(PASSWORD|SECRET|TOKEN|KEY)",
  saboteur: [{ when: "edit value: info", reply: "value: AKIAQQQQQQQQQQQQQQQQ" }],
  look: ({ objects, containers }) => ({
    count: objects.length,
    hits: [...containers.flatMap(envHits), ...objects.flatMap(dataHits)],
  }),
});

/** Checks of the manifests as texts. */
export const textProbes: readonly KubernetesProbe[] = [readable, apiVersions, secrets];
