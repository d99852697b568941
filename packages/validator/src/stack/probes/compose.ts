import type { JsonRecord } from "@loadline/kit/json";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import {
  type ComposeContext,
  containerName,
  containersIn,
  listAgain,
  logOf,
} from "../wire/compose-project.ts";
import { readLogLine } from "../wire/log-signature.ts";
import { textIn } from "../wire/shape.ts";

type ComposeProbe = StackProbe<ServiceOf<"compose">>;

const shared = { kind: "compose", needs: [], checklist: ["R4-32"] } as const;
const shownMax = 20;

/** How a container is: in order or not, `untold` where nothing says whether it is. */
interface Health {
  readonly state: "ok" | "bad" | "untold";
  readonly says: string;
}

function healthOf(container: JsonRecord, isToEnd: boolean): Health {
  const name = containerName(container);
  const status = textIn(container, "State.Status");
  const exit = textIn(container, "State.ExitCode");
  const is = `${name} is ${status === "" ? "unknown" : status}`;
  if (isToEnd) {
    const isDone = status === "exited" && exit === "0";
    return { state: isDone ? "ok" : "bad", says: `${is}, exit code ${exit}` };
  }
  if (status !== "running") return { state: "bad", says: `${is}, exit code ${exit}` };
  const health =
    textIn(container, "State.Health.Status") || textIn(container, "State.Healthcheck.Status");
  if (["", "none"].includes(health)) {
    return { state: "untold", says: `${is} and has no health check` };
  }
  return { state: health === "healthy" ? "ok" : "bad", says: `${is} and says ${health}` };
}

const healthy: ComposeProbe = {
  ...shared,
  check: "healthy",
  summary: "every service is healthy",
  severity: "critical",
  claim: ({ project, services }) => ({
    statement: `every container of ${project} runs and its health check says healthy, or has ended as declared`,
    category: "Containerization",
    rationale: "A container that runs and answers nobody looks up to whoever counts containers.",
    parts: [...new Set(services)],
  }),
  saboteur: [{ when: "inspect api", reply: '{"State":{"Health":{"Status":"unhealthy"}}}' }],
  async run(context) {
    const found = await containersIn(context);
    const reproduce = listAgain(context);
    const { services, completed, project, replicas } = context.service;
    return [...new Set(services)].map((part): StackSeen => {
      const own = (found.get(part) ?? []).map((one) => healthOf(one, completed.includes(part)));
      const count = own.filter(({ state }) => state === "ok").length;
      const says = own.map((one) => one.says).join("; ");
      if (own.length === 0) {
        return { ok: false, seen: `${project} has no container of it.`, part, reproduce };
      }
      const wanted = completed.includes(part) ? 1 : (replicas[part] ?? 1);
      if (own.length < wanted) {
        const seen = `${count} of ${wanted} containers are in order, ${own.length} are there: ${says}.`;
        return { ok: false, seen, part, reproduce };
      }
      if (own.some(({ state }) => state === "bad") || count === own.length) {
        const seen = `${count} of ${own.length} containers are in order: ${says}.`;
        return { ok: count === own.length, seen, part, reproduce };
      }
      const seen = `${says}: nothing tells whether it is healthy.`;
      return { ok: false, isUntold: true, seen, part, reproduce };
    });
  },
};

/** Errors of a log by their signature, but for known ones, with how often each came. */
function errorsIn(context: ComposeContext, lines: readonly string[]): Map<string, number> {
  const { known } = context.service;
  const mask = (text: string): string => context.excerpt(text, Number.POSITIVE_INFINITY);
  const found = new Map<string, number>();
  for (const line of lines) {
    const { isError, signature } = readLogLine(line, mask);
    if (isError && !known.includes(signature)) {
      found.set(signature, (found.get(signature) ?? 0) + 1);
    }
  }
  return found;
}

async function logSeen(
  context: ComposeContext,
  part: string,
  containers: readonly JsonRecord[],
): Promise<StackSeen> {
  const { engine, logLinesMax } = context.service;
  const name = containerName(containers[0] ?? {});
  const reproduce = [engine, "logs", "--tail", String(logLinesMax), name];
  const untold = (seen: string): StackSeen => ({
    ok: false,
    isUntold: true,
    seen,
    part,
    reproduce,
  });
  if (containers.length === 0) return untold("It has no container, and no log.");
  let lines: readonly string[] = [];
  let isCut = false;
  for (const container of containers) {
    const read = await logOf(context, container);
    if (typeof read === "string") return untold(`Nobody may read its log: ${read}.`);
    lines = [...lines, ...read.lines];
    isCut ||= read.isCut;
  }
  // One that wrote nothing shows no errors either.
  if (lines.length === 0) return untold("It has written no line, which tells of no errors.");
  const errors = errorsIn(context, lines);
  if (errors.size === 0 && isCut) {
    return untold(`The ${lines.length} lines that were read hold no error, and more were written.`);
  }
  const told = [...errors].map(([signature, count]) => `${count} x ${JSON.stringify(signature)}`);
  const first = told.length === 0 ? "" : `: ${told[0] ?? ""}`;
  const seen = `${lines.length} lines, ${errors.size} signatures of errors that are not known${first}.`;
  const raw = told.slice(0, shownMax).join("\n");
  return { ok: errors.size === 0, seen, raw, part, reproduce };
}

const logs: ComposeProbe = {
  ...shared,
  check: "logs",
  summary: "logs are clean",
  severity: "high",
  claim: ({ project, services }) => ({
    statement: `the logs of ${project} hold no error whose signature is not known`,
    category: "Monitoring & Observability",
    rationale: "A new error in a log is the first sign of what users meet next.",
    parts: [...new Set(services)],
  }),
  saboteur: [{ when: "logs api", reply: '{"level":"error","msg":"disk 7 full"}' }],
  async run(context) {
    const found = await containersIn(context);
    const all: StackSeen[] = [];
    for (const part of new Set(context.service.services)) {
      all.push(await logSeen(context, part, found.get(part) ?? []));
    }
    return all;
  },
};

/** Checks of a compose project, in the order they run. */
export const composeProbes: readonly ComposeProbe[] = [healthy, logs];
