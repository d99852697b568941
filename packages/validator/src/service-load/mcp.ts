import { type JsonRecord, isRecord } from "@loadline/kit/json";
import type { ServiceOf } from "../stack/services/index.ts";
import { protocolsOf } from "../stack/services/mcp.ts";
import { filledUrl } from "../stack/wire/query-secrets.ts";
import {
  countStream,
  errorsStream,
  loginHeaders,
  type ServiceClaim,
  type ServiceTraffic,
  stepStreams,
  successClaim,
  type TrafficTerms,
  windowOf,
} from "./service-claim.ts";

const mark = "loadline_load";

/** `$MARK` in every text becomes a word of the load. */
function marked(args: Readonly<Record<string, unknown>>): JsonRecord {
  const plain: unknown = JSON.parse(JSON.stringify(args).replaceAll("$MARK", mark));
  return isRecord(plain) ? plain : {};
}

/** `tools/list`, then the declared call: two requests an iteration. */
export function mcpTraffic(service: ServiceOf<"mcp">, terms: TrafficTerms): ServiceTraffic {
  const { load } = terms;
  const url = new URL(filledUrl(service.url, terms.secret));
  const { call } = service;
  const list = { list: true } as const;
  const calls =
    call === undefined ? [list] : [list, { tool: call.tool, args: marked(call.arguments) }];
  const path = url.pathname + url.search;
  const options = { path, version: protocolsOf(service)[0] ?? "2025-11-25", calls };
  const n = Math.floor(load.ratePerSecond * load.durationSeconds);
  const steps = [{ name: "list" }, ...(call === undefined ? [] : [{ name: "call" }])];
  return {
    target: { baseUrl: url.origin, headers: loginHeaders(service, terms.secret) },
    scenario: {
      ...windowOf(load),
      rate: load.ratePerSecond,
      exec: { kind: "mcp", options },
      steps,
    },
    claims: [
      successClaim(load, "lists and calls of tools", n * steps.length),
      ...steps.map(({ name }) => p99Of(name, terms, n)),
    ],
    streams: [
      errorsStream(n * steps.length),
      ...steps.flatMap(({ name }) => stepStreams(name, n)),
      countStream("protocol_errors", "mcp_protocol_errors"),
      ...(call === undefined ? [] : [countStream("tool_errors", "mcp_tool_errors")]),
    ],
  };
}

function p99Of(step: string, { load }: TrafficTerms, samples: number): ServiceClaim {
  const what = step === "list" ? "tools/list" : "the declared tools/call";
  return {
    id: `${step}.p99`,
    selector: `response_time{scenario,step:${step}}`,
    threshold: `p(99)<${load.p99Ms}ms`,
    statement: `response time of ${what} p99 < ${load.p99Ms} ms, failures counted as over`,
    rationale: "A model that waits for a tool keeps its user waiting.",
    checklist: ["R2-42", "R2-10"],
    samples,
  };
}
