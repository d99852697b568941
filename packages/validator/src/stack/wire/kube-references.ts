import type { JsonRecord } from "@loadline/kit/json";
import type { KubeObject, Path } from "./manifests.ts";
import { containersOf, workloadsOf, type Workload } from "./pod-specs.ts";
import { recordsIn, textIn, valueIn } from "./shape.ts";

/** One object another one needs. */
export interface Reference {
  readonly kind: string;
  readonly name: string;
  /** A member of its data; empty for the whole. */
  readonly key: string;
  /** Where it is said. */
  readonly path: Path;
  readonly isOptional: boolean;
}

/** A reference by the member of `held` that names it; none where it is not there. */
function reference(held: unknown, kind: string, path: Path, name = "name"): Reference[] {
  const said = textIn(held, name);
  if (said === "") return [];
  const isOptional = valueIn(held, "optional") === true;
  return [{ kind, name: said, key: textIn(held, "key"), path, isOptional }];
}

/** Of one volume, or of one source of a projected one. */
function ofSource(source: JsonRecord, path: Path): Reference[] {
  return [
    ...reference(source["configMap"], "ConfigMap", [...path, "configMap"]),
    // A volume says `secretName`, a source of a projected one `name`.
    ...["secretName", "name"].flatMap((name) =>
      reference(source["secret"], "Secret", [...path, "secret"], name),
    ),
    ...reference(
      source["persistentVolumeClaim"],
      "PersistentVolumeClaim",
      [...path, "persistentVolumeClaim"],
      "claimName",
    ),
    ...recordsIn(source, "projected.sources").flatMap((one, at) =>
      ofSource(one, [...path, "projected", "sources", at]),
    ),
  ];
}

function ofWorkload(workload: Workload): Reference[] {
  const { spec, path } = workload;
  const account = textIn(spec, "serviceAccountName");
  const accounts = account === "default" ? [] : [spec];
  return [
    ...containersOf([workload]).flatMap((container) => [
      ...recordsIn(container.value, "env").flatMap((one, at) => {
        const from = [...container.path, "env", at, "valueFrom"];
        return [
          ...reference(valueIn(one, "valueFrom.configMapKeyRef"), "ConfigMap", from),
          ...reference(valueIn(one, "valueFrom.secretKeyRef"), "Secret", from),
        ];
      }),
      ...recordsIn(container.value, "envFrom").flatMap((one, at) => {
        const from = [...container.path, "envFrom", at];
        return [
          ...reference(one["configMapRef"], "ConfigMap", from),
          ...reference(one["secretRef"], "Secret", from),
        ];
      }),
    ]),
    ...recordsIn(spec, "volumes").flatMap((one, at) => ofSource(one, [...path, "volumes", at])),
    ...recordsIn(spec, "imagePullSecrets").flatMap((one, at) =>
      reference(one, "Secret", [...path, "imagePullSecrets", at]),
    ),
    ...accounts.flatMap((one) =>
      reference(one, "ServiceAccount", [...path, "serviceAccountName"], "serviceAccountName"),
    ),
  ];
}

function ofIngress({ value }: KubeObject): Reference[] {
  const rules = recordsIn(value, "spec.rules").flatMap((rule, at) =>
    recordsIn(rule, "http.paths").flatMap((one, index) =>
      reference(valueIn(one, "backend.service"), "Service", [
        "spec",
        "rules",
        at,
        "http",
        "paths",
        index,
        "backend",
      ]),
    ),
  );
  return [
    ...rules,
    ...reference(valueIn(value, "spec.defaultBackend.service"), "Service", [
      "spec",
      "defaultBackend",
    ]),
    ...recordsIn(value, "spec.tls").flatMap((one, at) =>
      reference(one, "Secret", ["spec", "tls", at], "secretName"),
    ),
  ];
}

/** A StatefulSet's claims are made with it. */
function isOwn(object: KubeObject, one: Reference): boolean {
  const templates = recordsIn(object.value, "spec.volumeClaimTemplates");
  const names = templates.map((claim) => textIn(claim, "metadata.name"));
  return one.kind === "PersistentVolumeClaim" && names.includes(one.name);
}

/** What an object refers to in its own namespace. */
export function referencesOf(object: KubeObject): Reference[] {
  const pods = workloadsOf([object]).flatMap(ofWorkload);
  const more = {
    Ingress: () => ofIngress(object),
    StatefulSet: () =>
      reference(valueIn(object.value, "spec"), "Service", ["spec", "serviceName"], "serviceName"),
    HorizontalPodAutoscaler: () =>
      reference(
        valueIn(object.value, "spec.scaleTargetRef"),
        textIn(object.value, "spec.scaleTargetRef.kind"),
        ["spec", "scaleTargetRef"],
      ),
  };
  const own = Object.entries(more).flatMap(([kind, read]) => (kind === object.kind ? read() : []));
  return [...pods, ...own].filter((one) => !isOwn(object, one));
}
