import { isRecord } from "@loadline/kit/json";
import { schemaFault } from "../json-schema.ts";
import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { WireFault } from "../wire/fault.ts";
import { answerJson, curl, type HttpAnswer, httpAsk, rawAnswer } from "../wire/http.ts";

type HttpProbe = StackProbe<ServiceOf<"http">>;
type HttpContext = StackContext<ServiceOf<"http">>;

const shared = { kind: "http", needs: ["answers"], severity: "high" } as const;
const operationsMax = 100;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const urlOf = (context: HttpContext, path: string): string =>
  `${context.service.url.replace(/\/+$/, "")}${path}`;

function askOf(context: HttpContext, call: Call, token: string | undefined) {
  const login = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { method, body, path } = call;
  const headers = { ...login, ...call.headers };
  return { method, url: urlOf(context, path), headers, ...(body === undefined ? {} : { body }) };
}

/** One call with the token of the manifest. @throws WireFault */
const send = (context: HttpContext, call: Call): Promise<HttpAnswer> =>
  httpAsk(askOf(context, call, context.secret(context.service.token)), context);

const again = (context: HttpContext, call: Call): string[] => {
  const { token } = context.service;
  return curl(askOf(context, call, token === undefined ? undefined : shownSecret(token)));
};

const answers: HttpProbe = {
  ...shared,
  needs: [],
  check: "answers",
  summary: "its health route",
  checklist: ["R1-05", "R1-06"],
  severity: "critical",
  claim: (service) => ({
    statement: `GET ${service.health} answers 200`,
    category: "Operational Readiness",
    rationale: "Whoever sends traffic asks this route first.",
  }),
  saboteur: [{ when: "GET /health", status: 503, reply: '{"status":"down"}' }],
  async run(context) {
    const call = { method: "GET", path: context.service.health };
    const answer = await send(context, call);
    const seen = `GET ${call.path} answered ${answer.status}.`;
    const reproduce = again(context, call);
    return [{ ok: answer.status === 200, seen, raw: rawAnswer(answer), reproduce }];
  },
};

/** Operations that can be asked as they are: GET without a parameter in the path. */
function plainOperations(document: unknown): [string, unknown][] {
  const paths = isRecord(document) && isRecord(document["paths"]) ? document["paths"] : {};
  return Object.entries(paths).flatMap(([path, item]) => {
    const operation = isRecord(item) ? item["get"] : undefined;
    if (operation === undefined || path.includes("{")) return [];
    const parameters = isRecord(operation) ? operation["parameters"] : undefined;
    const isOpen =
      !Array.isArray(parameters) || parameters.every((one) => !isRecord(one) || !one["required"]);
    return isOpen ? [[path, operation] as [string, unknown]] : [];
  });
}

/** How a live answer differs from its declaration; null when it conforms. */
function answerFault(document: unknown, operation: unknown, answer: HttpAnswer): string | null {
  const responses = isRecord(operation) ? operation["responses"] : undefined;
  const held = isRecord(responses) ? responses : {};
  const declared = held[String(answer.status)] ?? held["default"];
  if (declared === undefined) return `answered ${answer.status}, which is not declared`;
  const content = isRecord(declared) ? declared["content"] : undefined;
  const media = isRecord(content) ? content["application/json"] : undefined;
  if (!isRecord(media)) return null;
  if (!(answer.headers["content-type"] ?? "").includes("json")) return "answered no JSON";
  return schemaFault(document, media["schema"], answerJson(answer));
}

const openapi: HttpProbe = {
  ...shared,
  check: "openapi",
  summary: "live answers against the OpenAPI document",
  checklist: ["R1-05", "R1-08"],
  claim: (service) =>
    service.openapi === undefined
      ? null
      : {
          statement: "every GET without parameters answers as its OpenAPI document declares",
          category: "Testing & Quality",
          rationale: "Clients are generated from that document.",
        },
  saboteur: [
    {
      when: "GET /openapi.json",
      reply: '{"openapi":"3.1.0","paths":{"/items":{"get":{"responses":{"204":{}}}}}}',
    },
  ],
  async run(context) {
    const path = context.service.openapi ?? "";
    const got = await send(context, { method: "GET", path });
    const document = answerJson(got);
    const version = isRecord(document) ? document["openapi"] : undefined;
    const reproduce = again(context, { method: "GET", path });
    if (got.status !== 200 || typeof version !== "string" || !version.startsWith("3.")) {
      const seen = `${path} gave no document of OpenAPI 3 (${got.status}).`;
      return [{ ok: false, seen, raw: rawAnswer(got), reproduce }];
    }
    const operations = plainOperations(document).slice(0, operationsMax);
    for (const [at, operation] of operations) {
      const call = { method: "GET", path: at };
      const answer = await send(context, call);
      const fault = answerFault(document, operation, answer);
      if (fault === null) continue;
      const seen = `GET ${at}: ${fault}.`;
      return [{ ok: false, seen, raw: rawAnswer(answer), reproduce: again(context, call) }];
    }
    const ok = operations.length > 0;
    const seen = ok
      ? `${operations.length} operations answered as declared.`
      : "The document has no GET that can be asked.";
    return [{ ok, seen, reproduce }];
  },
};

const traces =
  /Traceback \(most recent|^\s+at .+\(.+:\d+:\d+\)|Exception in thread|File ".+", line/m;

function errorFault(answer: HttpAnswer, statuses: readonly number[]): string | null {
  if (!statuses.includes(answer.status)) return `answered ${answer.status}`;
  if (!isRecord(answerJson(answer))) return `${answer.status} without a JSON object`;
  // A trace inside a JSON string has its line ends and quotes escaped.
  const text = answer.body.toString("utf8").replaceAll("\\n", "\n").replaceAll('\\"', '"');
  return traces.test(text) ? `${answer.status} with a stack trace` : null;
}

const errors: HttpProbe = {
  ...shared,
  check: "errors",
  summary: "the shape of errors",
  checklist: ["R1-14"],
  severity: "medium",
  claim: () => ({
    statement: "unknown routes, wrong methods and broken JSON are refused alike, without a trace",
    category: "Testing & Quality",
    rationale: "A client reads errors by one shape; a trace tells strangers of the inside.",
    parts: ["unknown route", "wrong method", "one shape"],
  }),
  saboteur: [
    {
      when: "GET /loadline-no-such-route",
      status: 500,
      reply: 'Traceback (most recent call last):\n  File "app.py", line 3',
    },
  ],
  async run(context) {
    const unknown: Call = { method: "GET", path: "/loadline-no-such-route" };
    const wrong: Call = { method: "DELETE", path: context.service.health };
    const first = await send(context, unknown);
    const second = await send(context, wrong);
    const [one, two] = [errorFault(first, [404]), errorFault(second, [405, 404])];
    const keys = [first, second].map((answer) => {
      const value = answerJson(answer);
      return isRecord(value) ? Object.keys(value).sort().join(",") : "none";
    });
    const isUniform = keys[0] === keys[1] || one !== null;
    const judge = (part: string, fault: string | null, call: Call, a: HttpAnswer): StackSeen => ({
      part,
      ok: fault === null,
      seen: fault === null ? `${call.method}: refused.` : `${call.method} ${call.path} ${fault}.`,
      raw: rawAnswer(a),
      reproduce: again(context, call),
    });
    const shapes = `Members of the errors: ${keys.join(" and ")}.`;
    return [
      judge("unknown route", one, unknown, first),
      judge("wrong method", two, wrong, second),
      { part: "one shape", ok: isUniform, seen: shapes, reproduce: again(context, unknown) },
    ];
  },
};

const cors: HttpProbe = {
  ...shared,
  check: "cors",
  summary: "what browsers of other origins are told",
  checklist: ["R1-13"],
  claim: (service) =>
    service.cors === undefined
      ? null
      : {
          statement: `a preflight of ${service.cors.allowed} is allowed, one of a foreign origin is not`,
          category: "Security & Compliance",
          rationale: "A wildcard lets every page use the user's session.",
          parts: ["allowed", "foreign"],
        },
  saboteur: [
    {
      when: "OPTIONS /items from https://foreign",
      status: 204,
      reply: "",
      headers: { "access-control-allow-origin": "*" },
    },
  ],
  async run(context) {
    const declared = context.service.cors;
    if (declared === undefined) throw new WireFault("protocol", "no origin is declared");
    const ask = async (part: "allowed" | "foreign"): Promise<StackSeen> => {
      const headers = { origin: declared[part], "access-control-request-method": "GET" };
      const call = { method: "OPTIONS", path: declared.path, headers };
      const answer = await send(context, call);
      const told = answer.headers["access-control-allow-origin"] ?? "nothing";
      const isOpen = told === "*" || told === declared[part];
      const ok = part === "allowed" ? told === declared.allowed : !isOpen;
      const seen = `${declared[part]} was told ${told} (${answer.status}).`;
      return { part, ok, seen, reproduce: again(context, call) };
    };
    return [await ask("allowed"), await ask("foreign")];
  },
};

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
          statement: `GET ${service.compressed} is compressed for whoever asks for gzip`,
          category: "Performance & Capacity",
          rationale: "Text that is not compressed takes five times as long on a slow line.",
        },
  saboteur: [{ when: "GET /items gzip", status: 200, reply: '{"items":[]}' }],
  async run(context) {
    const headers = { "accept-encoding": "gzip" };
    const call = { method: "GET", path: context.service.compressed ?? "/", headers };
    const answer = await send(context, call);
    const isGzip = answer.body[0] === 0x1f && answer.body[1] === 0x8b;
    const ok = answer.headers["content-encoding"] === "gzip" && isGzip;
    const seen = `content-encoding is ${answer.headers["content-encoding"] ?? "absent"}.`;
    return [{ ok, seen, reproduce: again(context, call) }];
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
          statement: `GET ${service.cached} has an ETag and answers 304 to it`,
          category: "Performance & Capacity",
          rationale: "What did not change need not be sent again.",
        },
  saboteur: [{ when: "GET /items if-none-match", status: 200, reply: '{"items":[]}' }],
  async run(context) {
    const path = context.service.cached ?? "/";
    const first = await send(context, { method: "GET", path });
    const tag = first.headers["etag"] ?? "";
    const call = { method: "GET", path, headers: { "if-none-match": tag } };
    const second = tag === "" ? first : await send(context, call);
    const ok = tag !== "" && second.status === 304;
    const seen = `ETag ${tag === "" ? "absent" : tag}; ${second.status} to If-None-Match.`;
    return [{ ok, seen, reproduce: again(context, call) }];
  },
};

/** Checks of an HTTP API, in the order they run. */
export const httpProbes: readonly HttpProbe[] = [answers, openapi, errors, cors, compression, etag];
