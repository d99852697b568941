import type { Claim } from "@loadline/contract";
import { hostOf, parseHttpUrl } from "@loadline/kit/egress";
import { bindJob, type BoundJob } from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import type { StackManifest } from "../stack/manifest.ts";
import type { StackService } from "../stack/services/index.ts";
import { mcpTraffic } from "./mcp.ts";
import { bindOwnClaim } from "./own-claims.ts";
import { ragTraffic } from "./rag.ts";
import { roomsTraffic } from "./rooms.ts";
import type { ServiceStream, ServiceTraffic, TrafficTerms } from "./service-claim.ts";

/** What load means for one service of the stack. */
export type ServiceLoad =
  | {
      readonly name: string;
      readonly job: BoundJob;
      /** Of the plan's own those on its streams are the last. */
      readonly claims: readonly Claim[];
      /** Samples of each stream; null where the window is observed as one. */
      readonly samples: Readonly<Record<string, number | null>>;
    }
  | {
      readonly name: string;
      readonly job: null;
      readonly claims: readonly Claim[];
      /** Why nothing is sent to it. */
      readonly sentence: string;
    };

function trafficOf(service: StackService, terms: TrafficTerms): ServiceTraffic | null {
  if (service.kind === "rag") return ragTraffic(service, terms);
  if (service.kind === "mcp") return mcpTraffic(service, terms);
  if (service.kind !== "websocket" || service.rooms === undefined) return null;
  return roomsTraffic(service, service.rooms, terms);
}

/** What claims of a plan's own may be made of where the service is loaded; its ids are whole. */
export function serviceStreams(
  stack: StackManifest,
  name: string,
  terms: TrafficTerms,
): ServiceStream[] {
  const service = stack.services[name];
  const traffic = service === undefined ? null : trafficOf(service, terms);
  const streams = traffic?.streams ?? [];
  return streams.map((stream) => ({ ...stream, id: `load.${name}.${stream.id}` }));
}

/** Load of one declared service: traffic with its claims, or a claim that nothing can test. */
export function serviceLoad(
  stack: StackManifest,
  name: string,
  o: TrafficTerms & {
    readonly confidence: number;
    /** Claims of the plan's own; those on another stream are left out. */
    readonly own?: readonly Claim[];
  },
): ServiceLoad | null {
  const service = stack.services[name];
  if (service === undefined) return null;
  const traffic = trafficOf(service, o);
  if (traffic === null) return unsent(service, name, o.confidence);
  const { load } = o;
  const rate = `at ${load.ratePerSecond}/s for ${load.durationSeconds} s`;
  const bound = bindJob(jobOf(name, traffic, thresholdsOf(name, traffic), o));
  const rows = traffic.claims.map((row) => ({ ...row, of: `load.${name}.${row.id}` }));
  const builtIn = bound.bound.flatMap((one) => {
    const row = rows.find(({ of }) => of === one.claim.of);
    if (row === undefined) return [];
    const claim: Claim = {
      ...one.claim,
      id: row.of,
      statement: `${name}: ${row.statement}, ${rate}`,
      rationale: row.rationale,
      checklist: row.checklist,
      required: service.required,
    };
    const limits = one.limits.map((limit) => ({ ...limit, claim: row.of }));
    return [{ ...one, claim, limits }];
  });
  const streams = serviceStreams(stack, name, o);
  const own = (o.own ?? []).flatMap((claim) => {
    const stream = streams.find(({ id }) => id === claim.of);
    const alone = (thresholds: Thresholds) => jobOf(name, traffic, thresholds, o);
    return stream === undefined ? [] : [bindOwnClaim(name, { claim, stream }, alone)];
  });
  const all = [...builtIn, ...own];
  const limits = all.flatMap((one) => one.limits);
  const counted = streams.map(({ id, samples }) => [id, samples]);
  return {
    name,
    job: { ...bound, bound: all, load: { ...bound.load, limits } },
    claims: all.map(({ claim }) => claim),
    samples: Object.fromEntries([...counted, ...rows.map(({ of, samples }) => [of, samples])]),
  };
}

type Thresholds = BoundJob["job"]["thresholds"];

/** Those the service's own claims are made of. */
function thresholdsOf(name: string, { claims }: ServiceTraffic): Thresholds {
  const rows = claims.map(
    ({ id, selector, threshold }) =>
      [
        selector.replace("{scenario", `{scenario:${name}`),
        [{ threshold, id: `${name}.${id}` }],
      ] as const,
  );
  return Object.fromEntries(rows);
}

function jobOf(
  name: string,
  { target, scenario }: ServiceTraffic,
  thresholds: Thresholds,
  o: { readonly load: LoadManifest; readonly confidence: number },
): BoundJob["job"] {
  return {
    profile: "service",
    name,
    load: {
      target: { ...target, allowHosts: [hostOf(parseHttpUrl(target.baseUrl))] },
      seed: o.load.seed,
      scenarios: { [name]: scenario },
      limits: [],
      // A route the service lacks is no slowness of it.
      probe: true,
    },
    thresholds,
    confidence: o.confidence,
    waive: [],
    explore: false,
  };
}

/** A WebSocket whose messages nobody described can be opened, not loaded. */
function unsent(service: StackService, name: string, confidence: number): ServiceLoad {
  const id = `load.${name}.delivery`;
  const claim: Claim = {
    id,
    statement: `${name}: messages reach their readers under load`,
    kind: "predicate",
    of: id,
    parts: ["all"],
    confidence,
    required: service.required,
    category: "Performance & Capacity",
    rationale: "One message that comes back says nothing of many.",
    checklist: ["R3-20"],
  };
  const sentence = `The stack does not say that ${name} speaks rooms, so no load was sent to it.`;
  return { name, job: null, claims: [claim], sentence };
}
