import { type LiveFrame, runLoad } from "../load/index.ts";
import { type ServiceLoad, serviceLoad } from "../service-load/service-load.ts";
import { LacksFeature, WireFault } from "../stack/wire/fault.ts";
import { openWebsocket } from "../stack/wire/websocket-session.ts";
import { LoadEvidence } from "./load-evidence.ts";
import { recordNoSamples } from "./no-samples.ts";
import type { StageContext } from "./stage.ts";

/** The stage stack says that the route is not there; here nothing was asked, so nothing was tested. */
const notSent = { kind: "skip", reason: "capability_missing" } as const;

const secretOf = ({ deps }: StageContext, reference: string | undefined): string | undefined =>
  reference === undefined ? undefined : deps.stackSecrets?.get(reference);

function loadOf(context: StageContext, name: string): ServiceLoad | null {
  const { stages, plan } = context;
  const { stack, load } = stages;
  if (stack === undefined) return null;
  const secret = (reference: string | undefined): string => secretOf(context, reference) ?? "";
  const own = plan.claims.filter(({ id }) => stages.own.includes(id));
  return serviceLoad(stack, name, { load, confidence: plan.confidence, secret, own });
}

/**
 * Loads one service of the stack and puts what is seen into the evidence. A service that cannot be
 * loaded keeps its claims open, by name; a broken load is an error of its own claims alone.
 */
export async function loadService(
  context: StageContext,
  name: string,
  show: (frame: LiveFrame) => void,
): Promise<void> {
  const { deps, recorder, plan } = context;
  try {
    const one = loadOf(context, name);
    if (one === null) return;
    if (one.job === null) {
      // Nobody asked the service, so nothing is known of what it lacks.
      const data = { reason: "not_run", sentence: one.sentence };
      return recordNoSamples(recorder, one.claims, { kind: "skip", data });
    }
    const lacking = await lackingUpgrade(context, name);
    if (lacking !== null) {
      const data = { reason: "capability_missing", sentence: lacking };
      return recordNoSamples(recorder, one.claims, { kind: "skip", data });
    }
    const evidence = new LoadEvidence(one.job, recorder, notSent);
    const load = { ...one.job.load, runId: context.run };
    const records = runLoad(load, {
      clock: deps.clock,
      signal: deps.signal,
      ...(deps.loadEngine === undefined ? {} : { engine: deps.loadEngine }),
    });
    for await (const record of records) {
      if (record.type === "frame") show(record.frame);
      evidence.add(record);
    }
  } catch (error) {
    if (deps.signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const data = { reason: "crashed", sentence: `The load of ${name} broke: ${why}` };
    const own = plan.claims.filter(({ of }) => of.startsWith(`load.${name}.`));
    recordNoSamples(recorder, own, { kind: "check.error", data });
  }
}

/** Why a WebSocket cannot be loaded at all: the route is not there. What else fails, fails under load. */
async function lackingUpgrade(context: StageContext, name: string): Promise<string | null> {
  const { stages, deps, run } = context;
  const { stack } = stages;
  const service = stack?.services[name];
  if (stack === undefined || service?.kind !== "websocket") return null;
  const late = new AbortController();
  const timer = deps.clock.after(stack.timeoutMs, () => late.abort());
  try {
    using session = await openWebsocket({
      name,
      service,
      stack,
      secret: (reference) => secretOf(context, reference),
      facts: new Map(),
      clock: deps.clock,
      random: deps.random,
      again: deps.reproduce ?? [],
      mark: run,
      signal: AbortSignal.any([deps.signal, late.signal]),
      timeoutMs: stack.timeoutMs,
      excerpt: context.recorder.excerpt,
      note: () => undefined,
    });
    session.close(1000);
    return null;
  } catch (error) {
    if (error instanceof LacksFeature) {
      return `${name} lacks the route, so no load was sent: ${error.message}`;
    }
    if (error instanceof WireFault) return null;
    throw error;
  } finally {
    timer.cancel();
  }
}
