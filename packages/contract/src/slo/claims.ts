import type { LatencySli, Sli, Slo, SloClaim } from "./model.ts";

const confidence = 0.95;

/** `0.995` as `99.5 %`. */
export const percentText = (share: number): string => `${Number((share * 100).toPrecision(10))} %`;

/** Services whose own traffic the load stage calls chat. */
const chatServices: ReadonlySet<string> = new Set(["gateway", "chat", "platform"]);

/** What a validation has to show of each SLO, in the order of the SLOs; only the run decides it. */
export function claimsOfSlos(slos: readonly Slo[]): readonly SloClaim[] {
  return slos.map(claimOf);
}

function claimOf(slo: Slo): SloClaim {
  const shared = {
    id: `slo.${slo.id}`,
    parts: ["all"],
    confidence,
    required: true,
    category: "Performance & Capacity",
    rationale: slo.description ?? `The SLO ${slo.id} promises it over ${daysText(slo.windowMs)}.`,
  } as const;
  const stream = streamOf(slo);
  const { sli } = slo;
  if (sli.kind === "latency") return latencyClaim(slo, sli, { ...shared, of: stream });
  if (sli.kind === "ratio") {
    return {
      ...shared,
      kind: "proportion",
      of: stream,
      target: slo.objective,
      statement: `${slo.service}: success >= ${percentText(slo.objective)} of the requests of this run`,
    };
  }
  if (sli.kind === "loss") {
    return {
      ...shared,
      kind: "zero_loss",
      of: stream,
      category: "Disaster Recovery",
      statement: `${slo.service}: 0 acknowledged records lost in the drills of this run`,
    };
  }
  if (sli.kind === "throughput") {
    return {
      ...shared,
      kind: "mean",
      of: stream,
      side: "above",
      limit: sli.minPerSecond,
      unit: "requests/s",
      statement: `${slo.service}: >= ${sli.minPerSecond} good requests/s in this run`,
    };
  }
  return {
    ...shared,
    kind: "bound",
    of: stream,
    limit: sli.withinMs,
    unit: "ms",
    statement: `${slo.service}: newest data is at most ${sli.withinMs} ms old in this run`,
  };
}

/** A share under X is the quantile of that share: both count the same requests. */
function latencyClaim(
  slo: Slo,
  sli: LatencySli,
  shared: Pick<SloClaim, "id" | "parts" | "confidence" | "required" | "category" | "of"> & {
    readonly rationale: string;
  },
): SloClaim {
  return {
    ...shared,
    kind: "quantile",
    target: slo.objective,
    limit: sli.underMs,
    unit: "ms",
    statement: `${slo.service}: ${percentText(slo.objective)} of the requests of this run take < ${sli.underMs} ms, failures counted as over`,
  };
}

const figures = {
  ratio: "errors",
  latency: "response_time",
  throughput: "good_per_second",
  freshness: "age",
} as const;

/** What an id without selectors ends with; before it stands the operation, if any. */
const measured: Readonly<Record<keyof typeof figures, RegExp>> = {
  ratio: /^(?:(.+)\.)?(?:availability|error_rate)$/,
  latency: /^(?:(.+)\.)?latency(?:\.p\d+)?$/,
  throughput: /^(?:(.+)\.)?throughput$/,
  freshness: /^(?:(.+)\.)?freshness$/,
};

const modelRequests = String.raw`loadline_requests_total\{operation=~?"(?:[\w.]+\|)*chat(?:\|[\w.]+)*"`;
/** Selectors that count what the chat's load sends, by what the SLI takes them for. */
const chatSelectors: readonly (readonly [string, RegExp])[] = [
  ["total", new RegExp(String.raw`^${modelRequests}\}$`)],
  ["bad", new RegExp(String.raw`^${modelRequests},status=~"5\.\."\}$`)],
  ["good", new RegExp(String.raw`^${modelRequests},status="200"\}$`)],
  ["histogram", /^loadline_request_duration_seconds$/],
];
const selectorKeys: ReadonlySet<string> = new Set(
  "total bad good histogram timestamp lost".split(" "),
);

/** Whether every series that it names counts what the chat's load sends; one that names none may. */
function isOfChat(sli: Sli): boolean {
  return Object.entries<unknown>({ ...sli })
    .filter(([key]) => selectorKeys.has(key))
    .every(([key, text]) =>
      chatSelectors.some(([own, is]) => own === key && is.test(String(text))),
    );
}

/**
 * The stream of the load stage that observes it; of a drill where only a drill can. What is about
 * other traffic, or counts slices of time, has a stream of its own that nothing feeds.
 */
function streamOf({ service, id, sli, method }: Slo): string {
  if (sli.kind === "loss") return `drill.${service}.loss`;
  const unfed = `load.slo.${id}.${figures[sli.kind]}`;
  if (method.kind !== "occurrences" || !isOfChat(sli)) return unfed;
  const isPrefixed = [`${service}.`, `${service}-`].some((prefix) => id.startsWith(prefix));
  // OpenSLO writes the dots of an id as dashes.
  const rest = (isPrefixed ? id.slice(service.length + 1) : id).replaceAll("-", ".");
  const found = measured[sli.kind].exec(rest);
  if (found === null) return unfed;
  // `rag.query.latency.p99`: the operation of the service stands before what is measured.
  const [, operation] = found;
  const isChat = operation === undefined || operation === "chat";
  if (chatServices.has(service)) return isChat ? `load.chat.${figures[sli.kind]}` : unfed;
  return `load.${[service, operation].filter(Boolean).join(".")}.${figures[sli.kind]}`;
}

/** A period in days, or in hours and minutes where it is shorter. */
export function daysText(ms: number): string {
  const days = ms / 86_400_000;
  if (days >= 1) return `${Number(days.toPrecision(6))} d`;
  const hours = ms / 3_600_000;
  return hours >= 1
    ? `${Number(hours.toPrecision(6))} h`
    : `${Number((ms / 60_000).toPrecision(6))} min`;
}
