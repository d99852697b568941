import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { type ContainerContext, inspectContainer } from "../wire/engine.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import { containerRevision } from "./container-revision.ts";
import { containerVolumes } from "./container-volumes.ts";

type ContainerProbe = StackProbe<ServiceOf<"container">>;

const shared = { kind: "container", needs: ["running"], checklist: ["R4-32"] } as const;

const command = (context: ContainerContext, format: string): string[] => {
  const { engine, container } = context.service;
  return [engine, "inspect", "--type", "container", "--format", format, container];
};

/** A check of one thing the engine tells. */
function told(
  o: Pick<ContainerProbe, "check" | "summary" | "severity" | "claim" | "saboteur"> & {
    readonly needs?: readonly string[];
    readonly checklist?: readonly string[];
    readonly format: string;
    look(container: unknown, context: ContainerContext): Pick<StackSeen, "ok" | "seen">;
  },
): ContainerProbe {
  const { format, look, ...rest } = o;
  return {
    ...shared,
    ...rest,
    async run(context) {
      const seen = look(await inspectContainer(context), context);
      return [{ ...seen, reproduce: command(context, format) }];
    },
  };
}

const running = told({
  check: "running",
  summary: "it runs, and says it is healthy",
  needs: [],
  severity: "critical",
  claim: () => ({
    statement: "it runs, and its own health check, if it has one, says healthy",
    category: "Containerization",
    rationale: "A container that is up and unhealthy serves errors.",
  }),
  saboteur: [
    { when: "inspect", reply: '{"State":{"Status":"running","Health":{"Status":"unhealthy"}}}' },
  ],
  format: "{{json .State}}",
  look(container) {
    const status = textIn(container, "State.Status");
    const health =
      textIn(container, "State.Health.Status") || textIn(container, "State.Healthcheck.Status");
    const ok = status === "running" && ["", "healthy"].includes(health);
    const exit = textIn(container, "State.ExitCode");
    const more = status === "running" ? "" : `, exit code ${exit}`;
    const said = health === "" ? "it has no health check" : `it says ${health}`;
    return { ok, seen: `It is ${status === "" ? "unknown" : status}${more}; ${said}.` };
  },
});

const restarts = told({
  check: "restarts",
  summary: "restarts",
  severity: "high",
  claim: ({ restartsMax }) => ({
    statement: `it was restarted at most ${restartsMax} times and never killed for memory`,
    category: "Containerization",
    rationale: "A container that is restarted over and over looks up between two looks.",
  }),
  saboteur: [{ when: "inspect", reply: '{"RestartCount":7}' }],
  format: "{{.RestartCount}} {{.State.OOMKilled}}",
  look(container, { service }) {
    const count = Number(valueIn(container, "RestartCount") ?? Number.NaN);
    const isKilled = valueIn(container, "State.OOMKilled") === true;
    const ok = count <= service.restartsMax && !isKilled;
    return { ok, seen: `${count} restarts; ${isKilled ? "" : "not "}killed for memory.` };
  },
});

const user = told({
  check: "user",
  summary: "not root, not privileged",
  severity: "high",
  claim: () => ({
    statement: "it runs as a user that is not root, not privileged, and adds no capability",
    category: "Security & Compliance",
    rationale: "Whoever breaks out of a root container is root.",
  }),
  saboteur: [{ when: "inspect", reply: '{"Config":{"User":"0:0"}}' }],
  format: "{{.Config.User}} {{.HostConfig.Privileged}} {{.HostConfig.CapAdd}}",
  look(container) {
    const name = textIn(container, "Config.User").split(":")[0] ?? "";
    const isRoot = name === "" || name === "root" || /^0+$/.test(name);
    const isPrivileged = valueIn(container, "HostConfig.Privileged") === true;
    const added = valueIn(container, "HostConfig.CapAdd");
    const count = Array.isArray(added) ? added.length : 0;
    const who = name === "" ? "root (no user is set)" : `user ${name}`;
    const more = `${isPrivileged ? "privileged" : "not privileged"}, ${count} capabilities added`;
    return { ok: !isRoot && !isPrivileged && count === 0, seen: `It runs as ${who}, ${more}.` };
  },
});

const readOnly = told({
  check: "read_only",
  summary: "its root file system",
  severity: "medium",
  claim: ({ readOnlyRoot }) =>
    readOnlyRoot
      ? {
          statement: "its root file system is read-only",
          category: "Security & Compliance",
          rationale: "What cannot be written cannot be planted.",
        }
      : null,
  saboteur: [{ when: "inspect", reply: '{"HostConfig":{"ReadonlyRootfs":false}}' }],
  format: "{{.HostConfig.ReadonlyRootfs}}",
  look(container) {
    const ok = valueIn(container, "HostConfig.ReadonlyRootfs") === true;
    return { ok, seen: `Its root file system is ${ok ? "read-only" : "writable"}.` };
  },
});

const limits = told({
  check: "limits",
  summary: "limits of memory and processes",
  checklist: ["R4-32", "R1-28"],
  severity: "medium",
  claim: ({ limits: { memoryBytes } }) => ({
    statement: `memory${memoryBytes === undefined ? "" : ` of at most ${memoryBytes} bytes`} and processes are limited`,
    category: "Containerization",
    rationale: "One container without a limit takes the whole machine down.",
  }),
  saboteur: [{ when: "inspect", reply: '{"HostConfig":{"Memory":0}}' }],
  format: "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}",
  look(container, { service }) {
    const bytes = Number(valueIn(container, "HostConfig.Memory") ?? 0);
    const pids = Number(valueIn(container, "HostConfig.PidsLimit") ?? 0);
    const most = service.limits.memoryBytes ?? Number.POSITIVE_INFINITY;
    const memory = bytes > 0 ? `${bytes} bytes` : "unbounded";
    const seen = `Memory is ${memory}, processes ${pids > 0 ? pids : "unbounded"}.`;
    return { ok: bytes > 0 && bytes <= most && pids > 0, seen };
  },
});

/** Checks of a container, in the order they run. */
export const containerProbes: readonly ContainerProbe[] = [
  running,
  restarts,
  user,
  readOnly,
  limits,
  containerRevision,
  ...containerVolumes,
];
