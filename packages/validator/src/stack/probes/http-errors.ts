import { isRecord } from "@loadline/kit/json";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { answerJson, type HttpAnswer, rawAnswer } from "../wire/http.ts";
import { callAgain, callApi, type Call, type HttpContext } from "../wire/http-api.ts";

const traces =
  /Traceback \(most recent|^\s+at .+\(.+:\d+:\d+\)|Exception in thread|File ".+", line/m;

/** What curl is given as a word. */
const shownBytesMax = 1_024;

/** A call that is to be refused, and with what. */
interface Wrong {
  readonly part: string;
  readonly call: Call;
  readonly statuses: readonly number[];
}

const isJson = { "content-type": "application/json" };

/** Calls the manifest says are wrong, named by what they are to be refused with. */
function declaredCalls({ refusals }: ServiceOf<"http">): Wrong[] {
  return refusals.map(({ method, path, json, status }) => {
    const body =
      json === undefined ? {} : { headers: isJson, body: Buffer.from(JSON.stringify(json)) };
    const part = `${method} ${path} ${status}`;
    return { part, call: { method, path, ...body }, statuses: [status] };
  });
}

function wrongCalls(service: ServiceOf<"http">, mark: string): Wrong[] {
  const { health, accepts } = service;
  const plain: Wrong[] = [
    {
      part: "unknown route",
      call: { method: "GET", path: "/loadline-no-such-route" },
      statuses: [404],
    },
    { part: "wrong method", call: { method: "DELETE", path: health }, statuses: [405, 404] },
  ];
  plain.push(...declaredCalls(service));
  if (accepts === undefined) return plain;
  const post = (body: string): Call => ({
    method: "POST",
    path: accepts.path,
    headers: isJson,
    body: Buffer.from(body),
  });
  plain.push({ part: "broken JSON", call: post(`{"${mark}": `), statuses: [400, 415, 422] });
  const { bodyBytesMax } = accepts;
  if (bodyBytesMax !== undefined) {
    // JSON without an end: a route that takes it whole stores nothing of it either.
    const body = `{"${mark}": "${"x".repeat(bodyBytesMax)}`;
    plain.push({ part: "large body", call: post(body), statuses: [413] });
  }
  return plain;
}

function errorFault(answer: HttpAnswer, statuses: readonly number[]): string | null {
  if (!statuses.includes(answer.status)) return `answered ${answer.status}`;
  if (!isRecord(answerJson(answer))) return `${answer.status} without a JSON object`;
  // A trace inside a JSON string has its line ends and quotes escaped.
  const text = answer.body.toString("utf8").replaceAll("\\n", "\n").replaceAll('\\"', '"');
  return traces.test(text) ? `${answer.status} with a stack trace` : null;
}

function membersOf(answer: HttpAnswer): string {
  const value = answerJson(answer);
  return isRecord(value) ? Object.keys(value).toSorted().join(",") : "none";
}

/** A body too large for a command is made by it, from as many letters. */
function shown(context: HttpContext, call: Call): string[] {
  const { body, ...rest } = call;
  if (body === undefined || body.length <= shownBytesMax) return callAgain(context, call);
  const make = `head -c ${body.length} /dev/zero | tr '\\0' x | "$@" --data-binary @-`;
  return ["sh", "-c", make, "sh", ...callAgain(context, rest)];
}

async function look(context: HttpContext, { part, call, statuses }: Wrong) {
  const answer = await callApi(context, call);
  const fault = errorFault(answer, statuses);
  const seen: StackSeen = {
    part,
    ok: fault === null,
    seen:
      fault === null
        ? `${part}: refused with ${answer.status}.`
        : `${call.method} ${call.path} (${part}) ${fault}.`,
    raw: rawAnswer(answer),
    reproduce: shown(context, call),
  };
  return { seen, members: membersOf(answer) };
}

/** The shape of errors. */
export const httpErrors: StackProbe<ServiceOf<"http">> = {
  kind: "http",
  check: "errors",
  summary: "the shape of errors",
  needs: ["answers"],
  checklist: ["R1-14"],
  severity: "medium",
  claim(service) {
    const parts = [...new Set(wrongCalls(service, "x").map(({ part }) => part))];
    return {
      statement: `every wrong call (${parts.join(", ")}) is refused in one shape, without a trace`,
      category: "Testing & Quality",
      rationale: "A client reads errors by one shape; a trace tells strangers of the inside.",
      parts: [...parts, "one shape"],
    };
  },
  saboteur: [
    {
      when: "GET /loadline-no-such-route",
      status: 500,
      reply: 'Traceback (most recent call last):\n  File "app.py", line 3',
    },
  ],
  async run(context) {
    const wrong = wrongCalls(context.service, context.mark);
    const all: StackSeen[] = [];
    const shapes = new Set<string>();
    for (const one of wrong) {
      const { seen, members } = await look(context, one);
      all.push(seen);
      // What was not refused as it is to be has been told already.
      if (seen.ok) shapes.add(members);
    }
    const seen = `Members of the errors: ${[...shapes].join(" and ") || "none"}.`;
    const reproduce = all[0]?.reproduce ?? [];
    return [...all, { part: "one shape", ok: shapes.size <= 1, seen, reproduce }];
  },
};
