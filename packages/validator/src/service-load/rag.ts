import type { ServiceOf } from "../stack/services/index.ts";
import {
  countStream,
  errorsStream,
  loginHeaders,
  rateStream,
  type ServiceClaim,
  type ServiceStream,
  type ServiceTraffic,
  stepStreams,
  successClaim,
  timeStream,
  type TrafficTerms,
  windowOf,
} from "./service-claim.ts";

/** Thirty ingests for seventy queries. */
const ingestShare = 0.3;
const text = "A load line is the mark that shows how much a ship may safely carry.";

/** Documents with a word of their own, asked for by that word. */
export function ragTraffic(service: ServiceOf<"rag">, terms: TrafficTerms): ServiceTraffic {
  const { load } = terms;
  const { documents, query, tenantHeader } = service;
  // As many queries per second as the chat has requests; ingests come on top.
  const rate = load.ratePerSecond / (1 - ingestShare);
  const tenants = service.tenants.map((name) => ({ name, headers: { [tenantHeader]: name } }));
  const options = {
    ingest: { method: "POST", path: documents, body: { id: "${id}", text: "${text}" } },
    query: { method: "POST", path: query, body: { query: "${query}", top_k: "${k}" } },
    remove: { method: "DELETE", path: `${documents}/\${id}` },
    tenants: tenants.length === 0 ? [{ name: "default", headers: {} }] : tenants,
    resultsPath: "results",
    textPath: "text",
    // What is found later than its limit is bad however late it comes.
    visibleWithinMs: load.ingestP95Ms,
    ingestShare,
    text,
  };
  return {
    target: { baseUrl: service.url, headers: loginHeaders(service, terms.secret) },
    scenario: {
      ...windowOf(load),
      rate,
      exec: { kind: "rag", options },
      steps: [{ name: "ingest" }, { name: "query" }],
    },
    claims: claimsOf(terms, Math.floor(rate * load.durationSeconds), tenants.length > 1),
    streams: streamsOf(Math.floor(rate * load.durationSeconds), tenants.length > 1),
  };
}

function streamsOf(requests: number, isShared: boolean): ServiceStream[] {
  const ingests = Math.floor(requests * ingestShare);
  const queries = requests - ingests;
  return [
    errorsStream(requests),
    ...stepStreams("query", queries),
    ...stepStreams("ingest", ingests),
    timeStream("visible", "rag_visible", ingests),
    rateStream("hit", "rag_hit", queries),
    // Among the documents of one tenant none is another's.
    ...(isShared ? [countStream("foreign", "rag_foreign")] : []),
  ];
}

function claimsOf({ load }: TrafficTerms, requests: number, isShared: boolean): ServiceClaim[] {
  const ingests = Math.floor(requests * ingestShare);
  const leak: ServiceClaim = {
    id: "foreign",
    selector: "rag_foreign{scenario}",
    threshold: "count==0",
    statement: "no answer holds a word that another tenant wrote, observed in this window",
    rationale: "A leak between tenants is a breach, however good the answer.",
    checklist: ["R2-09"],
    samples: null,
  };
  return [
    successClaim(load, "ingests and queries", requests),
    {
      id: "query.p99",
      selector: "response_time{scenario,step:query}",
      threshold: `p(99)<${load.queryP99Ms}ms`,
      statement: `response time of a query p99 < ${load.queryP99Ms} ms, failures counted as over`,
      rationale: "A model waits for its sources before it writes the first word.",
      checklist: ["R2-42"],
      samples: requests - ingests,
    },
    {
      id: "ingest.p95",
      selector: "response_time{scenario,step:ingest}",
      threshold: `p(95)<${load.ingestP95Ms}ms`,
      statement: `response time of an ingest p95 < ${load.ingestP95Ms} ms, failures counted as over`,
      rationale: "Who writes a document waits until it is taken.",
      checklist: ["R2-42"],
      samples: ingests,
    },
    {
      id: "visible.p95",
      selector: "rag_visible{scenario}",
      threshold: `p(95)<${load.ingestP95Ms}ms`,
      statement: `an ingested document is found by its own words within ${load.ingestP95Ms} ms, p95`,
      rationale: "A document that was taken and is not found answers nobody.",
      checklist: ["R2-09"],
      samples: ingests,
    },
    ...(isShared ? [leak] : []),
  ];
}
