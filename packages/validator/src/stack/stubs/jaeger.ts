import type { StackRule } from "../probe.ts";
import { recordsIn, textIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

/** A store of the traces it was sent; not the real one. */
export async function startJaegerTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const traces = new Map<string, object>();
  const stub = await startWebStub(rules, [
    { when: "GET /api/services", answer: jsonReply({ data: [] }) },
    {
      when: "POST /v1/traces",
      answer: ({ text }) => {
        const [resource] = recordsIn(JSON.parse(text), "resourceSpans");
        const spans = recordsIn(resource, "scopeSpans.0.spans");
        const serviceName = textIn(resource, "resource.attributes.0.value.stringValue");
        const traceID = textIn(spans, "0.traceId");
        traces.set(traceID, { data: [{ traceID, spans, processes: { p1: { serviceName } } }] });
        return jsonReply({ partialSuccess: {} });
      },
    },
    {
      when: "GET /api/traces/",
      answer: ({ path }) => {
        const trace = traces.get(path.slice("/api/traces/".length));
        return trace === undefined ? jsonReply({ data: null }, 404) : jsonReply(trace);
      },
    },
  ]);
  return {
    service: { kind: "jaeger", url: stub.url, otlp: stub.url },
    secrets: {},
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}
