import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventMs, podFaults, workloadFaults } from "./wire/kube-health.ts";

const nowMs = Date.parse("2026-01-02T00:00:00Z");

interface Counts {
  readonly wanted: number;
  readonly ready: number;
  readonly updated: number;
  readonly total?: number;
}

const deployment = ({ wanted, ready, updated, total = updated }: Counts, more: object = {}) => ({
  metadata: { generation: 7 },
  spec: { replicas: wanted },
  status: {
    observedGeneration: 7,
    replicas: total,
    readyReplicas: ready,
    updatedReplicas: updated,
    ...more,
  },
});

describe("a Deployment", () => {
  it("is ready only when every pod it wants is ready, of its newest version and alone", () => {
    const count = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(count, count, count, count, (wanted, ready, updated, old) => {
        const value = deployment({ wanted, ready, updated, total: updated + old });
        const isReady = ready === wanted && updated === wanted && old === 0;
        expect(workloadFaults("Deployment", value).length === 0).toBe(isReady);
      }),
    );
  });

  it("whose old pods all serve while no new one can be made says so, in the cluster's words", () => {
    const conditions = [
      { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
      { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "over quota" },
      { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" },
    ];
    const value = deployment({ wanted: 2, ready: 2, updated: 0, total: 2 }, { conditions });
    expect(workloadFaults("Deployment", value)).toEqual([
      "has 0 of 2 of its newest version",
      "cannot make its pods: FailedCreate: over quota",
      "does not get on: ProgressDeadlineExceeded",
    ]);
  });

  it("that nobody has looked at since it was changed is told so, whatever its counts are", () => {
    const value = {
      ...deployment({ wanted: 1, ready: 1, updated: 1 }),
      metadata: { generation: 8 },
    };
    expect(workloadFaults("Deployment", value)).toEqual(["has not seen its newest change"]);
  });

  it("of zero pods has none to wait for", () => {
    const value = { metadata: {}, spec: { replicas: 0 }, status: {} };
    expect(workloadFaults("Deployment", value)).toEqual([]);
  });
});

describe("a StatefulSet", () => {
  const set = (updated: number, more: object = {}, revision = "b") => ({
    spec: { replicas: 3, ...more },
    status: {
      readyReplicas: 3,
      updatedReplicas: updated,
      currentRevision: "a",
      updateRevision: revision,
    },
  });
  const strategy = (type: string, partition?: number) => ({
    updateStrategy: { type, ...(partition === undefined ? {} : { rollingUpdate: { partition } }) },
  });

  it("in the middle of a rollout is not ready, though all its pods are", () => {
    expect(workloadFaults("StatefulSet", set(1))).toEqual(["has 1 of 3 of its newest version"]);
    expect(workloadFaults("StatefulSet", set(1, {}, "a"))).toEqual([]);
  });

  it("waits for no pod that its partition or its owner holds back", () => {
    expect(workloadFaults("StatefulSet", set(1, strategy("RollingUpdate", 2)))).toEqual([]);
    expect(workloadFaults("StatefulSet", set(0, strategy("RollingUpdate", 2)))).toHaveLength(1);
    expect(workloadFaults("StatefulSet", set(0, strategy("OnDelete")))).toEqual([]);
  });
});

describe("a DaemonSet, a Job and a CronJob", () => {
  it("a DaemonSet is ready when every node has its newest pod", () => {
    const status = { desiredNumberScheduled: 3, numberReady: 3, updatedNumberScheduled: 2 };
    expect(workloadFaults("DaemonSet", { status })).toEqual(["has 2 of 3 of its newest version"]);
    const whole = { ...status, updatedNumberScheduled: 3 };
    expect(workloadFaults("DaemonSet", { status: whole })).toEqual([]);
  });

  it("a Job that failed is told with its reason, one that ended or runs is not", () => {
    const failed = { type: "Failed", status: "True", reason: "BackoffLimitExceeded" };
    expect(workloadFaults("Job", { status: { conditions: [failed] } })).toEqual([
      "failed: BackoffLimitExceeded",
    ]);
    const complete = { type: "Complete", status: "True" };
    expect(workloadFaults("Job", { status: { conditions: [complete] } })).toEqual([]);
    expect(workloadFaults("Job", { status: { active: 1 } })).toEqual([]);
  });

  it("a CronJob counts by its last run that is over", () => {
    const [early, late] = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"];
    const faults = (status: object, spec: object = {}) =>
      workloadFaults("CronJob", { spec, status });
    expect(faults({})).toEqual([]);
    expect(faults({ lastScheduleTime: early, lastSuccessfulTime: late })).toEqual([]);
    expect(faults({ lastScheduleTime: late, lastSuccessfulTime: early, active: [{}] })).toEqual([]);
    expect(faults({ lastScheduleTime: late, lastSuccessfulTime: early })).toEqual([
      `has not ended well since ${late}`,
    ]);
    expect(faults({ lastScheduleTime: late })).toHaveLength(1);
    expect(faults({}, { suspend: true })).toEqual(["is suspended"]);
  });
});

describe("a pod", () => {
  const pod = (status: object, metadata: object = {}) => ({
    metadata: { name: "p", ...metadata },
    status: { phase: "Running", ...status },
  });
  const told = (value: ReturnType<typeof pod>, most = 0): string[] => podFaults(value, most, nowMs);

  it("that runs, or has ended well, has no fault", () => {
    const running = { name: "a", restartCount: 0, state: { running: {} } };
    const over = { name: "a", restartCount: 0, state: { terminated: { exitCode: 0 } } };
    expect(told(pod({ containerStatuses: [running] }))).toEqual([]);
    expect(told(pod({ phase: "Succeeded", containerStatuses: [over] }))).toEqual([]);
  });

  it("that no node takes, or that one threw out, is told in the cluster's words", () => {
    const why = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3" };
    expect(told(pod({ phase: "Pending", conditions: [why] }))).toEqual([
      "p is Pending (Unschedulable: 0/3)",
    ]);
    expect(told(pod({ phase: "Failed", reason: "Evicted" }))).toEqual(["p is Failed (Evicted)"]);
  });

  it("of which one container ended badly beside one that runs is not in order", () => {
    const ended = { exitCode: 3, reason: "Error" };
    const containerStatuses = [
      { name: "a", restartCount: 0, state: { running: {} } },
      { name: "b", restartCount: 0, state: { terminated: ended } },
    ];
    expect(told(pod({ containerStatuses }))).toEqual(["p container b ended with 3 Error"]);
  });

  it("may restart as often as declared and no more, and waits for no start it has once", () => {
    const of = (count: number, reason: string) =>
      pod({
        containerStatuses: [{ name: "a", restartCount: count, state: { waiting: { reason } } }],
      });
    expect(told(of(2, "PodInitializing"), 2)).toEqual([]);
    expect(told(of(3, "ContainerCreating"), 2)).toEqual(["p container a restarted 3 times"]);
    expect(told(of(0, "ImagePullBackOff"))).toEqual(["p container a waits: ImagePullBackOff"]);
  });

  it("that does not go when it was told to is a fault a minute later", () => {
    const deletionTimestamp = "2026-01-01T23:58:30Z";
    expect(told(pod({}, { deletionTimestamp }))).toEqual([
      `p was to be gone at ${deletionTimestamp}`,
    ]);
    expect(told(pod({}, { deletionTimestamp: "2026-01-01T23:59:30Z" }))).toEqual([]);
  });

  it("that nobody owns is judged by its own readiness, one of a workload by its count", () => {
    const conditions = [{ type: "Ready", status: "False", reason: "ContainersNotReady" }];
    expect(told(pod({ conditions }))).toEqual(["p is not ready: ContainersNotReady"]);
    expect(told(pod({ conditions }, { ownerReferences: [{ kind: "ReplicaSet" }] }))).toEqual([]);
  });
});

describe("an event", () => {
  it("is as late as its series says, else its own time, else its making", () => {
    const [a, b, c] = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"];
    const metadata = { creationTimestamp: a };
    expect(eventMs({ metadata })).toBe(Date.parse(a));
    expect(eventMs({ metadata, eventTime: b, lastTimestamp: null })).toBe(Date.parse(b));
    expect(eventMs({ metadata, eventTime: b, series: { lastObservedTime: c } })).toBe(
      Date.parse(c),
    );
    expect(eventMs({})).toBeNaN();
  });
});
