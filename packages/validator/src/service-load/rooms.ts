import type { ServiceOf } from "../stack/services/index.ts";
import { filledUrl } from "../stack/wire/query-secrets.ts";
import {
  countStream,
  errorsStream,
  loginHeaders,
  rateStream,
  type ServiceClaim,
  type ServiceTraffic,
  successClaim,
  timeStream,
  type TrafficTerms,
  windowOf,
} from "./service-claim.ts";

/** Members of a room that say something in turn; every message is due to each of the others. */
export function roomsTraffic(
  service: ServiceOf<"websocket">,
  rooms: NonNullable<ServiceOf<"websocket">["rooms"]>,
  terms: TrafficTerms,
): ServiceTraffic {
  const { load } = terms;
  const url = new URL(filledUrl(service.url.replace(/^ws/, "http"), terms.secret));
  const origin = service.origin === undefined ? {} : { origin: service.origin };
  const headers = { ...loginHeaders(service, terms.secret), ...origin };
  const n = Math.floor(load.ratePerSecond * load.durationSeconds);
  const options = { path: url.pathname + url.search, rooms: 1, members: rooms.members };
  return {
    target: { baseUrl: url.origin, headers },
    scenario: { ...windowOf(load), rate: load.ratePerSecond, exec: { kind: "rooms", options } },
    claims: claimsOf(terms, n, n * (rooms.members - 1)),
    streams: [
      errorsStream(n),
      timeStream("response_time", "response_time", n),
      rateStream("delivery", "ws_delivery", n * (rooms.members - 1)),
      timeStream("fanout", "ws_fanout", n * (rooms.members - 1)),
      timeStream("fanout_last", "ws_fanout_last", n),
      countStream("duplicates", "ws_duplicates"),
      countStream("reordered", "ws_reordered"),
    ],
  };
}

function claimsOf({ load }: TrafficTerms, said: number, due: number): ServiceClaim[] {
  return [
    successClaim(load, "messages said to a room", said),
    {
      id: "delivery",
      selector: "ws_delivery{scenario}",
      threshold: `rate>${load.success * 100}%`,
      statement: `>= ${load.success * 100} % of messages reach each other member`,
      rationale: "An acknowledgement says that a message was taken, not that anybody got it.",
      checklist: ["R3-20"],
      samples: due,
    },
    {
      id: "fanout.p95",
      selector: "ws_fanout{scenario}",
      threshold: `p(95)<${load.fanOutP95Ms}ms`,
      statement: `a message reaches a member within ${load.fanOutP95Ms} ms, p95`,
      rationale: "A room whose messages come late is read by nobody.",
      checklist: ["R3-20"],
      samples: due,
    },
    {
      id: "duplicates",
      selector: "ws_duplicates{scenario}",
      threshold: "count==0",
      statement: "no member gets a message twice, observed in this window",
      rationale: "What was said once and read twice was not said so.",
      checklist: ["R3-20"],
      samples: null,
    },
  ];
}
