import type { JsonRecord } from "@loadline/kit/json";
import { recordsIn, textIn, valueIn } from "./shape.ts";

/** After the end it was given, a pod has this long to be gone, ms. */
const goneMs = 60_000;
/** Reasons to wait that every pod has once. */
const starting: readonly string[] = ["", "ContainerCreating", "PodInitializing"];

const countIn = (value: unknown, path: string, without = 0): number => {
  const found = valueIn(value, path);
  return typeof found === "number" ? found : without;
};

/** The condition of a type; undefined where the object has none. */
function conditionOf(value: unknown, type: string): JsonRecord | undefined {
  return recordsIn(value, "status.conditions").find((one) => one["type"] === type);
}

/** The condition's own words, not cut, when its status is this one, else nothing. */
function saidBy(value: unknown, type: string, status: "True" | "False"): string[] {
  const one = conditionOf(value, type);
  if (one?.["status"] !== status) return [];
  const words = [textIn(one, "reason"), textIn(one, "message")];
  return [words.filter((word) => word !== "").join(": ") || `${type} is ${status}`];
}

const short = (have: number, wanted: number, what: string): string[] =>
  have === wanted ? [] : [`has ${have} of ${wanted} ${what}`];

/** Counted as `kubectl rollout status` does: old pods that still serve are no rollout. */
function deploymentFaults(value: JsonRecord): string[] {
  const wanted = countIn(value, "spec.replicas", 1);
  const updated = countIn(value, "status.updatedReplicas");
  const old = countIn(value, "status.replicas") - updated;
  return [
    ...short(countIn(value, "status.readyReplicas"), wanted, "ready"),
    ...short(updated, wanted, "of its newest version"),
    ...(updated === wanted && old > 0 ? [`has ${old} of an older version left`] : []),
    ...saidBy(value, "ReplicaFailure", "True").map((why) => `cannot make its pods: ${why}`),
    ...saidBy(value, "Progressing", "False").map((why) => `does not get on: ${why}`),
  ];
}

function statefulFaults(value: JsonRecord): string[] {
  const wanted = countIn(value, "spec.replicas", 1);
  const isRolling = textIn(value, "spec.updateStrategy.type") !== "OnDelete";
  const held = countIn(value, "spec.updateStrategy.rollingUpdate.partition");
  const isOld = textIn(value, "status.currentRevision") !== textIn(value, "status.updateRevision");
  const due = Math.max(0, wanted - held);
  const updated = Math.min(countIn(value, "status.updatedReplicas"), due);
  return [
    ...short(countIn(value, "status.readyReplicas"), wanted, "ready"),
    ...(isRolling && isOld ? short(updated, due, "of its newest version") : []),
  ];
}

function daemonFaults(value: JsonRecord): string[] {
  const wanted = countIn(value, "status.desiredNumberScheduled");
  const isRolling = textIn(value, "spec.updateStrategy.type") !== "OnDelete";
  const updated = countIn(value, "status.updatedNumberScheduled");
  return [
    ...short(countIn(value, "status.numberReady"), wanted, "ready"),
    ...(isRolling ? short(updated, wanted, "of its newest version") : []),
  ];
}

/** A run that was begun, is over, and did not end well. */
function cronFaults(value: JsonRecord): string[] {
  const [began, ended] = ["status.lastScheduleTime", "status.lastSuccessfulTime"].map((path) =>
    Date.parse(textIn(value, path)),
  );
  const isOver = recordsIn(value, "status.active").length === 0;
  const isBad = isOver && began !== undefined && began > (ended || 0);
  return [
    ...(valueIn(value, "spec.suspend") === true ? ["is suspended"] : []),
    ...(isBad ? [`has not ended well since ${textIn(value, "status.lastScheduleTime")}`] : []),
  ];
}

const ofKind: Readonly<Record<string, (value: JsonRecord) => string[]>> = {
  Deployment: deploymentFaults,
  StatefulSet: statefulFaults,
  DaemonSet: daemonFaults,
  CronJob: cronFaults,
  Job: (value) => saidBy(value, "Failed", "True").map((why) => `failed: ${why}`),
};

/** How a live workload differs from what it is asked to be; none when it is ready. */
export function workloadFaults(kind: string, value: JsonRecord): string[] {
  const seen = valueIn(value, "status.observedGeneration");
  const meant = valueIn(value, "metadata.generation");
  const isWatched = ["Deployment", "StatefulSet", "DaemonSet"].includes(kind);
  if (isWatched && meant !== undefined && seen !== meant) {
    return ["has not seen its newest change"];
  }
  return ofKind[kind]?.(value) ?? [];
}

function containerFaults(pod: JsonRecord, restartsMax: number): string[] {
  const statuses = ["status.initContainerStatuses", "status.containerStatuses"];
  const ended = textIn(pod, "status.phase") === "Succeeded";
  return statuses
    .flatMap((path) => recordsIn(pod, path))
    .flatMap((one) => {
      const count = countIn(one, "restartCount");
      const waits = textIn(one, "state.waiting.reason");
      const before = textIn(one, "lastState.terminated.reason");
      const code = countIn(one, "state.terminated.exitCode");
      const reason = textIn(one, "state.terminated.reason");
      const at = `container ${textIn(one, "name")}`;
      return [
        ...(count > restartsMax ? [`${at} restarted ${count} times ${before}`.trim()] : []),
        ...(starting.includes(waits) ? [] : [`${at} waits: ${waits}`]),
        ...(code === 0 || ended ? [] : [`${at} ended with ${code} ${reason}`.trim()]),
      ];
    });
}

/** What is wrong with a pod, its own words where it has some; none for one that is in order. */
export function podFaults(pod: JsonRecord, restartsMax: number, nowMs: number): string[] {
  const phase = textIn(pod, "status.phase") || "in no phase";
  const isFine = phase === "Running" || phase === "Succeeded";
  const why = [textIn(pod, "status.reason"), ...saidBy(pod, "PodScheduled", "False")]
    .filter((word) => word !== "")
    .join(", ");
  const doomed = textIn(pod, "metadata.deletionTimestamp");
  // Who owns a pod counts the ready ones; of one that nobody owns nobody does.
  const isAlone = recordsIn(pod, "metadata.ownerReferences").length === 0;
  const unready = phase === "Running" && isAlone ? saidBy(pod, "Ready", "False") : [];
  const faults = [
    ...(isFine ? [] : [`is ${phase}${why === "" ? "" : ` (${why})`}`]),
    ...(Date.parse(doomed) + goneMs < nowMs ? [`was to be gone at ${doomed}`] : []),
    ...unready.map((said) => `is not ready: ${said}`),
    ...containerFaults(pod, restartsMax),
  ];
  return faults.map((fault) => `${textIn(pod, "metadata.name")} ${fault}`);
}

/** When an event was last seen, ms; those of both shapes of the API. NaN where it tells no time. */
export function eventMs(event: JsonRecord): number {
  const texts = ["series.lastObservedTime", "lastTimestamp", "eventTime", "firstTimestamp"];
  const said = texts.map((path) => textIn(event, path)).find((text) => text !== "");
  return Date.parse(said ?? textIn(event, "metadata.creationTimestamp"));
}
