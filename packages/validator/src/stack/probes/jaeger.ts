import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { LacksFeature } from "../wire/fault.ts";
import { askWeb, lacksRoute } from "../wire/web.ts";
import { webAnswers } from "./web-answers.ts";

type JaegerProbe = StackProbe<ServiceOf<"jaeger">>;

const lookMs = 100;

const found: JaegerProbe = {
  kind: "jaeger",
  check: "found",
  summary: "a trace that was sent is found",
  needs: ["answers"],
  checklist: ["R4-07"],
  severity: "high",
  claim: () => ({
    statement: "a trace sent over OTLP is found by its id, with its service and both spans",
    category: "Monitoring & Observability",
    rationale: "Traces that get lost are noticed when they are needed.",
  }),
  saboteur: [{ when: "POST /v1/traces", reply: "{}" }],
  async run(context) {
    const hex = (count: number): string => Buffer.from(context.random.bytes(count)).toString("hex");
    const [traceId, parent, child] = [hex(16), hex(8), hex(8)];
    const startMs = context.clock.wallMs();
    const span = (spanId: string, more: object) => ({
      traceId,
      spanId,
      name: "loadline probe",
      kind: 1,
      startTimeUnixNano: `${Math.floor(startMs)}000000`,
      endTimeUnixNano: `${Math.floor(startMs) + 5}000000`,
      ...more,
    });
    const name = { key: "service.name", value: { stringValue: context.mark } };
    const spans = [span(parent, {}), span(child, { parentSpanId: parent })];
    const json = { resourceSpans: [{ resource: { attributes: [name] }, scopeSpans: [{ spans }] }] };
    const to = { ...context, service: { url: context.service.otlp } };
    const sent = await askWeb(to, { method: "POST", path: "/v1/traces", json });
    if (lacksRoute(sent) || sent.status === 415) {
      throw new LacksFeature(`${context.service.otlp} takes no OTLP of JSON (${sent.status}).`);
    }
    if (sent.status !== 200) {
      const seen = `OTLP was answered with ${sent.status}.`;
      return [{ ok: false, seen, raw: sent.text, reproduce: sent.curl }];
    }
    // Nobody can take a trace back: it stays until the store's own time is over.
    context.note({ service: context.name, trace: traceId, left: "one trace of two spans" });
    for (;;) {
      const answer = await askWeb(context, { path: `/api/traces/${traceId}` });
      // Of a trace that is not there `data` is null; a route that is not there has none.
      if (lacksRoute(answer) && valueIn(answer.json, "data") === undefined) {
        throw new LacksFeature(`It has no /api/traces (${answer.status}).`);
      }
      const count = recordsIn(answer.json, "data.0.spans").length;
      const processes = valueIn(answer.json, "data.0.processes");
      const isOurs = JSON.stringify(processes ?? null).includes(context.mark);
      const tookMs = Math.round(context.clock.wallMs() - startMs);
      if (count === 2 && isOurs) {
        const seen = `Both spans were found after ${tookMs} ms.`;
        return [{ ok: true, seen, reproduce: answer.curl }];
      }
      if (tookMs + lookMs * 2 > context.timeoutMs) {
        const seen = `${count} of 2 spans were found within ${tookMs} ms (${answer.status}).`;
        return [{ ok: false, seen, raw: answer.text, reproduce: answer.curl }];
      }
      await context.clock.sleep(lookMs, context.signal);
    }
  },
};

/** Checks of a store of traces, in the order they run. */
export const jaegerProbes: readonly StackProbe[] = [
  webAnswers({
    kind: "jaeger",
    title: "Jaeger",
    path: "/api/services",
    checklist: ["R4-07"],
    rationale: "Without traces nobody sees where a request spent its time.",
    // It tells its version nowhere in its API.
    read: ({ json }) => (textIn(json, "errors.0.msg") === "" && isListed(json) ? "unknown" : null),
    saboteur: [{ when: "GET /api/services", status: 503, reply: "" }],
  }),
  found,
];

function isListed(json: unknown): boolean {
  const data = valueIn(json, "data");
  return Array.isArray(data) || data === null;
}
