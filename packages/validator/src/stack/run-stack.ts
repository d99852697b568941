import type { Recorder } from "../evidence/recorder.ts";
import type { StackItem } from "./claims.ts";
import type { StackContext, StackSeen } from "./probe.ts";
import { remedyOf } from "./remedies/remedy.ts";
import type { StackService } from "./services/index.ts";
import { LacksFeature, NothingThere, ToolMissing, WireFault } from "./wire/fault.ts";

/** After this many checks of one service that ran out of time the rest is not asked. */
const timeoutsMax = 2;

/** What every check of a run shares. */
export interface StackRun extends Pick<
  StackContext,
  "stack" | "secret" | "clock" | "random" | "again" | "mark" | "timeoutMs"
> {
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  readonly target: string;
}

/** What is known of one service while its checks run. */
export interface ServiceState {
  readonly facts: Map<string, string>;
  readonly passed: Set<string>;
  /** Checks that asked for what the service lacks, with what it is. */
  readonly lacking: Map<string, string>;
  timeouts: number;
}

export const newServiceState = (): ServiceState => ({
  facts: new Map(),
  passed: new Set(),
  lacking: new Map(),
  timeouts: 0,
});

/** Why the check cannot be asked now; null when it can. */
function blocked(
  item: StackItem,
  state: ServiceState,
): { reason: string; sentence: string } | null {
  const open = item.probe.needs.find((need) => !state.passed.has(need));
  const lacking = state.lacking.get(open ?? "");
  if (lacking !== undefined) {
    const sentence = `${item.name} lacks what this rests on, so nothing was asked: ${lacking}`;
    return { reason: "capability_missing", sentence };
  }
  if (open !== undefined) {
    const id = open.includes(".") ? open : `${item.name}.${open}`;
    const sentence = `stack.${id} is not passed, so nothing was asked.`;
    return { reason: "baseline_broken", sentence };
  }
  if (state.timeouts < timeoutsMax) return null;
  const sentence = `${state.timeouts} checks of ${item.name} ran out of time; no more was asked.`;
  return { reason: "over_budget", sentence };
}

/** Of a sentence: it may hold words of a service, and a record has a bound. */
const sentenceCharsMax = 4_096;

function observe(run: StackRun, item: StackItem, seen: StackSeen): void {
  const { recorder } = run;
  const { claim, probe } = item;
  const by = claim.of;
  const part = seen.part ?? "all";
  const sentence = recorder.excerpt(seen.seen, sentenceCharsMax);
  if (seen.isUntold === true) {
    const why = { reason: "capability_missing", sentence, part };
    recorder.append({ kind: "skip", by, claims: [claim.id], data: why });
    return;
  }
  const reproduce = seen.reproduce;
  const { window } = seen;
  const said = { stream: claim.of, part, seen: sentence, reproduce };
  const data = window === undefined ? { ...said, ok: seen.ok } : { ...said, ...window };
  const kind = window === undefined ? "observation" : "sample.window";
  const raw = seen.raw === undefined ? {} : { raw: recorder.excerpt(seen.raw) };
  recorder.append({ kind, by, claims: [claim.id], data: { ...data, ...raw } });
  if (seen.ok) return;
  const { owner } = serviceOf(run, item);
  recorder.append({
    kind: "finding",
    by,
    claims: [claim.id],
    data: {
      fingerprint: [claim.id, part, ...(seen.at === undefined ? [] : [seen.at])].join(":"),
      severity: probe.severity,
      title: `${item.name}: ${sentence}`,
      impact: claim.rationale,
      remedy: remedyText(run, item),
      raw: recorder.excerpt(seen.raw ?? seen.seen),
      reproduce: [...reproduce],
      ...(owner === undefined ? {} : { owner }),
    },
  });
}

/** What to do, and what is to be true then. */
function remedyText({ target }: StackRun, { name, probe, claim }: StackItem): string {
  const isEdge = claim.id.startsWith("stack.edge.");
  const goal = `Make this true of ${target}: ${claim.statement}.`;
  const how = remedyOf(probe.kind, isEdge ? "edge" : probe.check);
  return how === undefined ? goal : `${name}: ${how} ${goal}`;
}

/** Runs one check within its time and records what was seen; throws only when the run is stopped. */
export async function runItem(run: StackRun, item: StackItem, state: ServiceState): Promise<void> {
  const { recorder, clock } = run;
  const { claim, probe } = item;
  const shared = { by: claim.of, claims: [claim.id] };
  const why = blocked(item, state);
  if (why !== null) {
    recorder.append({ ...shared, kind: "skip", data: why });
    return;
  }
  const patience = new AbortController();
  const timer = clock.after(run.timeoutMs, () => patience.abort());
  const signal = AbortSignal.any([run.signal, patience.signal]);
  let seen: readonly StackSeen[];
  try {
    seen = await probe.run({
      ...run,
      name: item.name,
      service: serviceOf(run, item),
      facts: state.facts,
      signal,
      excerpt: recorder.excerpt,
      note: (data) => void recorder.append({ ...shared, kind: "note", data }),
    });
    // What a check saw while the run was stopped under it is nobody's fault.
    run.signal.throwIfAborted();
  } catch (error) {
    if (run.signal.aborted) throw error;
    if (patience.signal.aborted) state.timeouts++;
    if (error instanceof LacksFeature) state.lacking.set(probe.check, error.message);
    // A wait of the check's own that its time ended is the service's silence, not the check's end.
    const isTold = error instanceof WireFault || error instanceof NothingThere;
    const isLate = patience.signal.aborted && !isTold;
    const late = `${item.name} did not get there within ${run.timeoutMs} ms`;
    seen = faultSeen(run, item, isLate ? new WireFault("timeout", late) : error);
  } finally {
    timer.cancel();
    // Ends what the check left under way: no wait and no connection of it goes on.
    patience.abort();
  }
  for (const one of seen) observe(run, item, one);
  if (seen.length > 0 && seen.every(({ ok }) => ok)) state.passed.add(probe.check);
  const told = seen.filter(({ isUntold }) => isUntold !== true);
  for (const part of new Set(told.map((one) => one.part ?? "all"))) {
    recorder.append({ ...shared, kind: "sample.closed", data: { stream: claim.of, part } });
  }
}

function serviceOf(run: StackRun, item: StackItem): StackService {
  const service = run.stack.services[item.name];
  if (service === undefined) throw new Error(`there is no service ${item.name}`);
  return service;
}

const ports: Readonly<Record<string, number>> = {
  "dns:": 53,
  "http:": 80,
  "ws:": 80,
  "https:": 443,
  "tls:": 443,
  "wss:": 443,
  "postgres:": 5_432,
  "postgresql:": 5_432,
  "redis:": 6_379,
  "rediss:": 6_379,
};

/** Host and port of an address, the scheme's own port where it names none; empty without a host. */
function doorOf(url: string): string {
  const { host, port, protocol } = new URL(url);
  const own = ports[protocol];
  return host === "" || port !== "" || own === undefined ? host : `${host}:${own}`;
}

/** What a thrown thing says: the service's fault, the check's wrong question, or the check's end. */
function faultSeen(run: StackRun, item: StackItem, error: unknown): StackSeen[] {
  const { claim } = item;
  if (error instanceof WireFault && claim.kind === "window_slo") {
    // Monitoring that does not answer says nothing of what it watches.
    const sentence = run.recorder.excerpt(`${error.message}.`, sentenceCharsMax);
    const data = { reason: "baseline_broken", sentence };
    run.recorder.append({ kind: "skip", by: claim.of, claims: [claim.id], data });
    return [];
  }
  if (error instanceof WireFault) {
    const url = serviceOf(run, item).url;
    const seen = `${error.message}.`;
    // Who was let in and then answered wrongly is not shown by a connection alone.
    const host = error.code === "protocol" ? "" : doorOf(url);
    const reproduce = host === "" ? run.again : ["curl", "-sv", "-m", "5", `telnet://${host}`];
    return claim.parts.map((part) => ({ ok: false, seen, raw: error.raw, part, reproduce }));
  }
  const why = error instanceof Error ? error.message : String(error);
  const sentence = run.recorder.excerpt(why, sentenceCharsMax);
  if (error instanceof ToolMissing || error instanceof NothingThere) {
    const reason = error instanceof ToolMissing ? "tool_missing" : "capability_missing";
    const data = { reason, sentence };
    run.recorder.append({ kind: "skip", by: claim.of, claims: [claim.id], data });
    return [];
  }
  recordUnseen(run, item, { isLacking: error instanceof LacksFeature, sentence });
  return [];
}

/** The check asked for what the service lacks, or broke: nothing of the service was seen. */
function recordUnseen(
  run: StackRun,
  { name, claim }: StackItem,
  { isLacking, sentence }: { readonly isLacking: boolean; readonly sentence: string },
): void {
  const shared = { by: claim.of, claims: [claim.id] };
  if (!isLacking) {
    const data = { reason: "crashed", sentence: `The check broke: ${sentence}` };
    run.recorder.append({ ...shared, kind: "check.error", data });
    return;
  }
  const kind = claim.required ? "check.error" : "skip";
  const data = { reason: claim.required ? "probe_contract" : "capability_missing", sentence };
  const doesNotProve = [`Anything of what ${name} lacks: ${sentence}`];
  run.recorder.append({ ...shared, kind, data, doesNotProve });
}
