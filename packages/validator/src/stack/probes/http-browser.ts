import { gunzipSync } from "node:zlib";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { WireFault } from "../wire/fault.ts";
import type { HttpAnswer } from "../wire/http.ts";
import { callAgain, callApi, type HttpContext } from "../wire/http-api.ts";

type HttpProbe = StackProbe<ServiceOf<"http">>;
type Cors = NonNullable<ServiceOf<"http">["cors"]>;

const shared = { kind: "http", needs: ["answers"] } as const;
/** Browsers send these without asking for the method. */
const simple = /^(GET|HEAD|POST)$/;

const listed = (answer: HttpAnswer, name: string): string[] =>
  (answer.headers[name] ?? "").split(",").map((word) => word.trim().toLowerCase());

/** What an answer to an origin that may must say, preflight or not; null when it says it. */
function originFault(declared: Cors, answer: HttpAnswer): string | null {
  const told = answer.headers["access-control-allow-origin"] ?? "nothing";
  if (told !== declared.allowed && (told !== "*" || declared.credentials))
    return `was told ${told}`;
  const login = answer.headers["access-control-allow-credentials"];
  return declared.credentials && login !== "true" ? "was told nothing of credentials" : null;
}

/** What a preflight of an origin that may must say; null when it says it. */
function allowedFault(declared: Cors, answer: HttpAnswer): string | null {
  const methods = listed(answer, "access-control-allow-methods");
  const names = listed(answer, "access-control-allow-headers");
  const has = (list: readonly string[], word: string): boolean =>
    list.includes(word.toLowerCase()) || (list.includes("*") && !declared.credentials);
  if (!simple.test(declared.method) && !has(methods, declared.method)) {
    return `was told nothing of ${declared.method}`;
  }
  const missing = declared.headers.filter((name) => !has(names, name));
  if (missing.length > 0) return `was told nothing of ${missing.join(", ")}`;
  return originFault(declared, answer);
}

/** What an origin that may not was told; null when nothing. */
function foreignFault(origin: string, answer: HttpAnswer): string | null {
  const told = answer.headers["access-control-allow-origin"] ?? "nothing";
  return told === "*" || told === origin ? `was told ${told}` : null;
}

async function preflight(context: HttpContext, declared: Cors, part: string, origin: string) {
  const asked = { origin, "access-control-request-method": declared.method };
  const names = declared.headers.join(",").toLowerCase();
  const more = names === "" ? {} : { "access-control-request-headers": names };
  // A browser sends no credential along when it asks whether it may.
  const headers = { ...asked, ...more };
  const call = { method: "OPTIONS", path: declared.path, headers, isBare: true };
  const answer = await callApi(context, call);
  const isAllowed = origin === declared.allowed;
  const isRefused = isAllowed && answer.status >= 300;
  const fault = isAllowed ? allowedFault(declared, answer) : foreignFault(origin, answer);
  const what = fault ?? (isAllowed ? "was told it may" : "was told nothing");
  const seen: StackSeen = {
    part,
    ok: fault === null && !isRefused,
    seen: `${origin} ${what} (${answer.status}).`,
    raw: JSON.stringify(answer.headers),
    reproduce: callAgain(context, call),
  };
  return seen;
}

/** What could change something is not sent for a header. */
const isRead = ({ method }: Cors): boolean => /^(GET|HEAD)$/.test(method);

/** What was asked of both is promised; of a method that is not sent, its preflight alone. */
function corsStatement(declared: Cors): string {
  return isRead(declared)
    ? `${declared.allowed} may call and read, a foreign origin and none may not`
    : `a preflight of ${declared.allowed} is allowed, one of a foreign origin and of none is not`;
}

/** A page may read an answer by what stands in the answer itself, whatever its preflight was told. */
async function answered(context: HttpContext, declared: Cors, asked: StackSeen, origin: string) {
  const { method, path } = declared;
  if (!asked.ok || !isRead(declared)) return asked;
  const call = { method, path, headers: { origin } };
  const answer = await callApi(context, call);
  const isAllowed = origin === declared.allowed;
  const fault = isAllowed ? originFault(declared, answer) : foreignFault(origin, answer);
  const by = `in the answer to ${method} itself (${answer.status}).`;
  if (fault === null) return { ...asked, seen: `${asked.seen} So it was ${by}` };
  // The token may have opened a session.
  const raw = JSON.stringify({ ...answer.headers, "set-cookie": undefined });
  const seen = `${asked.seen} It ${fault} ${by}`;
  return { ...asked, ok: false, seen, raw, reproduce: callAgain(context, call) };
}

const cors: HttpProbe = {
  ...shared,
  check: "cors",
  summary: "what browsers of other origins are told",
  checklist: ["R1-13"],
  severity: "high",
  claim: (service) =>
    service.cors === undefined
      ? null
      : {
          statement: corsStatement(service.cors),
          category: "Security & Compliance",
          rationale: "A wildcard lets every page use the user's session.",
          parts: ["allowed", "foreign", "null"],
        },
  saboteur: [
    {
      when: "OPTIONS /items from https://foreign",
      status: 204,
      reply: "",
      headers: { "access-control-allow-origin": "https://foreign.invalid" },
    },
  ],
  async run(context) {
    const declared = context.service.cors;
    if (declared === undefined) throw new WireFault("protocol", "no origin is declared");
    const told = async (part: string, origin: string): Promise<StackSeen> =>
      answered(context, declared, await preflight(context, declared, part, origin), origin);
    return [
      await told("allowed", declared.allowed),
      await told("foreign", declared.foreign),
      // Pages without an origin of their own, such as those of a file.
      await told("null", "null"),
    ];
  },
};

/** The bytes of a body that says it is gzip; null when it is none. */
function unzipped(answer: HttpAnswer): Buffer | null {
  if (answer.headers["content-encoding"] !== "gzip") return null;
  try {
    return gunzipSync(answer.body, { maxOutputLength: 64 * 1024 * 1024 });
  } catch {
    // Bytes that are no gzip are the finding, not an error of the check.
    return null;
  }
}

const compression: HttpProbe = {
  ...shared,
  check: "compression",
  summary: "compressed answers",
  checklist: ["R1-05"],
  severity: "low",
  claim: (service) =>
    service.compressed === undefined
      ? null
      : {
          statement: `GET ${service.compressed} is compressed for whoever asks for gzip, and for nobody else`,
          category: "Performance & Capacity",
          rationale: "Text that is not compressed takes five times as long on a slow line.",
        },
  saboteur: [{ when: "GET /items gzip", status: 200, reply: '{"items":[]}' }],
  async run(context) {
    const path = context.service.compressed ?? "/";
    const call = { method: "GET", path, headers: { "accept-encoding": "gzip" } };
    const answer = await callApi(context, call);
    const plain = await callApi(context, { method: "GET", path });
    const body = unzipped(answer);
    const isPlain = (plain.headers["content-encoding"] ?? "identity") === "identity";
    const encoding = answer.headers["content-encoding"] ?? "absent";
    const how = body === null ? "is no gzip" : `is ${body.length} bytes of gzip`;
    const seen = `Answered with ${answer.status}; content-encoding is ${encoding}, the body ${how}; without asking it is ${isPlain ? "plain" : "encoded too"}.`;
    const isAnswer = answer.status === 200 && plain.status === 200;
    const ok = isAnswer && body !== null && body.length > 0 && isPlain;
    return [{ ok, seen, reproduce: callAgain(context, call) }];
  },
};

const etag: HttpProbe = {
  ...shared,
  check: "etag",
  summary: "revalidation",
  checklist: ["R1-36"],
  severity: "low",
  claim: (service) =>
    service.cached === undefined
      ? null
      : {
          statement: `GET ${service.cached} has an ETag and answers 304 to it, and to no other`,
          category: "Performance & Capacity",
          rationale: "What did not change need not be sent again.",
        },
  saboteur: [{ when: "GET /items if-none-match", status: 200, reply: '{"items":[]}' }],
  async run(context) {
    const path = context.service.cached ?? "/";
    const ask = (tag: string) => ({ method: "GET", path, headers: { "if-none-match": tag } });
    const first = await callApi(context, { method: "GET", path });
    const tag = first.headers["etag"] ?? "";
    const reproduce = callAgain(context, ask(tag));
    if (tag === "") return [{ ok: false, seen: "It has no ETag.", reproduce }];
    const same = await callApi(context, ask(tag));
    const other = await callApi(context, ask('"loadline-another"'));
    const ok = first.status === 200 && same.status === 304 && other.status === 200;
    const seen = `${first.status} with ETag ${tag}; ${same.status} to it, ${other.status} to another.`;
    return [{ ok, seen, reproduce }];
  },
};

/** Checks of what browsers and caches rely on. */
export const httpBrowser: readonly HttpProbe[] = [cors, compression, etag];
