import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { type Hit, type KubeObject, objectName, type Path } from "./manifests.ts";
import { recordsIn, textIn, textOf, valueIn } from "./shape.ts";

const templates: Readonly<Record<string, Path>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** Kinds whose pods run until they are told to end. */
export const standing: readonly string[] = ["Deployment", "StatefulSet", "DaemonSet"];

/** What makes pods. */
export interface Workload {
  readonly object: KubeObject;
  /** Where its pods' spec stands. */
  readonly path: Path;
  readonly spec: JsonRecord;
  /** Labels of its pods. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One container of a workload's pods. */
export interface Container {
  readonly workload: Workload;
  readonly name: string;
  readonly value: JsonRecord;
  readonly path: Path;
  /** It ends before the others start. */
  readonly isInit: boolean;
}

/** The texts of a map at a path; members that are none are left out. */
export function textsIn(value: unknown, path: string): Record<string, string> {
  const held = valueIn(value, path);
  const entries = isRecord(held) ? Object.entries(held) : [];
  return Object.fromEntries(
    entries.flatMap(([key, one]) => (typeof one === "object" ? [] : [[key, textOf(one)]])),
  );
}

/** Everything that makes pods. */
export function workloadsOf(objects: readonly KubeObject[]): Workload[] {
  return objects.flatMap((object) => {
    const path = templates[object.kind];
    if (path === undefined) return [];
    const spec = valueIn(object.value, [...path, "spec"].join("."));
    const labels = textsIn(object.value, [...path, "metadata", "labels"].join("."));
    return [{ object, path: [...path, "spec"], spec: isRecord(spec) ? spec : {}, labels }];
  });
}

/** The spec of the pods that an object of a kind makes, itself for a Pod; undefined where it has none. */
export function podSpecOf(kind: string, value: unknown): unknown {
  const path = templates[kind];
  return path === undefined ? undefined : valueIn(value, [...path, "spec"].join("."));
}

/** Containers of workloads; those that end first too. */
export function containersOf(workloads: readonly Workload[]): Container[] {
  return workloads.flatMap((workload) =>
    ["initContainers", "containers"].flatMap((list) =>
      recordsIn(workload.spec, list).map((value, at) => ({
        workload,
        name: textIn(value, "name"),
        value,
        path: [...workload.path, list, at],
        isInit: list === "initContainers" && textIn(value, "restartPolicy") !== "Always",
      })),
    ),
  );
}

/** A hit in a container, at the member `path` of it. */
export function containerHit(container: Container, path: Path, says: string): Hit {
  const { object } = container.workload;
  const at = `${objectName(object)} container ${container.name}`;
  return {
    place: object.place([...container.path, ...path]),
    at: `${at} ${path.join(".")}`.trim(),
    says: `${at} ${says}`,
  };
}

/** A hit in an object, at the member `path` of it. */
export function objectHit(object: KubeObject, path: Path, says: string): Hit {
  const at = objectName(object);
  return { place: object.place(path), at: `${at} ${path.join(".")}`.trim(), says: `${at} ${says}` };
}

type Labels = Readonly<Record<string, string>>;

function fitsExpression(one: JsonRecord, labels: Labels): boolean {
  const held = labels[textIn(one, "key")];
  const values = Array.isArray(one["values"]) ? one["values"].map(String) : [];
  switch (textIn(one, "operator")) {
    case "In":
      return held !== undefined && values.includes(held);
    case "NotIn":
      return held === undefined || !values.includes(held);
    case "Exists":
      return held !== undefined;
    case "DoesNotExist":
      return held === undefined;
    default:
      return false;
  }
}

/** Whether labels carry every wanted one. */
export const carries = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** Whether a selector of `matchLabels` and `matchExpressions` picks these labels; an empty one none. */
export function selects(selector: unknown, labels: Labels): boolean {
  const wanted = textsIn(selector, "matchLabels");
  const expressions = recordsIn(selector, "matchExpressions");
  if (Object.keys(wanted).length + expressions.length === 0) return false;
  return carries(labels, wanted) && expressions.every((one) => fitsExpression(one, labels));
}
