/** One span as the receiver understood it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a trace's first span. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
}

type Json = Readonly<Record<string, unknown>>;
const traceIdPattern = /^[0-9a-f]{32}$/;
const spanIdPattern = /^[0-9a-f]{16}$/;
const nanosPattern = /^\d{1,20}$/;
const zeros = /^0+$/;
const kindMax = 5;
const statusMax = 2;

/** Reads the body of one export; throws a TypeError that names the first member that is wrong. */
export function readExport(text: string): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  const root = objectOf(JSON.parse(text), "body", ["resourceSpans"]);
  for (const one of listOf(root["resourceSpans"], "resourceSpans")) {
    const group = objectOf(one, "resourceSpans", ["resource", "scopeSpans", "schemaUrl"]);
    const resource = objectOf(group["resource"], "resource", ["attributes"]);
    const service = attributesOf(resource["attributes"], "resource")["service.name"];
    if (typeof service !== "string" || service === "") throw new TypeError("service.name");
    for (const each of listOf(group["scopeSpans"], "scopeSpans")) {
      const part = objectOf(each, "scopeSpans", ["scope", "spans", "schemaUrl"]);
      const scope = objectOf(part["scope"], "scope", ["name", "version", "attributes"]);
      for (const span of listOf(part["spans"], "spans"))
        spans.push(spanOf(span, service, textOf(scope["name"], "scope.name")));
    }
  }
  return spans;
}

function spanOf(value: unknown, service: string, scope: string): ReceivedSpan {
  const span = objectOf(value, "span", [
    "traceId",
    "spanId",
    "parentSpanId",
    "traceState",
    "name",
    "kind",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "attributes",
    "status",
    "events",
    "links",
    "flags",
  ]);
  const startNs = nanosOf(span["startTimeUnixNano"], "startTimeUnixNano");
  const endNs = nanosOf(span["endTimeUnixNano"], "endTimeUnixNano");
  if (endNs < startNs) throw new TypeError("endTimeUnixNano is before startTimeUnixNano");
  const status = objectOf(span["status"] ?? {}, "status", ["code", "message"]);
  const parent = span["parentSpanId"];
  return {
    service,
    scope,
    traceId: idOf(span["traceId"], "traceId", traceIdPattern),
    spanId: idOf(span["spanId"], "spanId", spanIdPattern),
    parentSpanId: parent === undefined ? "" : idOf(parent, "parentSpanId", spanIdPattern),
    name: textOf(span["name"], "name"),
    kind: integerOf(span["kind"], "kind", kindMax),
    startNs,
    endNs,
    attributes: attributesOf(span["attributes"], "span"),
    status: integerOf(status["code"] ?? 0, "status.code", statusMax),
  };
}

function attributesOf(value: unknown, of: string): Record<string, string | number | boolean> {
  const out = new Map<string, string | number | boolean>();
  for (const one of listOf(value, `${of}.attributes`)) {
    const pair = objectOf(one, `${of}.attributes`, ["key", "value"]);
    const key = textOf(pair["key"], `${of}.attributes.key`);
    if (key === "" || out.has(key)) throw new TypeError(`${of}: attribute "${key}" twice or empty`);
    const [entry, ...more] = Object.entries(objectOf(pair["value"], key, undefined));
    if (!entry || more.length > 0) throw new TypeError(`${key}: exactly one kind of value`);
    out.set(key, attributeOf(key, entry));
  }
  return Object.fromEntries(out);
}

function attributeOf(key: string, [kind, value]: [string, unknown]): string | number | boolean {
  if (kind === "stringValue" && typeof value === "string") return value;
  if (kind === "boolValue" && typeof value === "boolean") return value;
  if (kind === "doubleValue" && typeof value === "number") return value;
  // 64-bit integers are decimal texts.
  if (kind === "intValue" && typeof value === "string" && /^-?\d{1,19}$/.test(value))
    return Number(value);
  throw new TypeError(`${key}: ${kind} of ${typeof value}`);
}

function objectOf(value: unknown, name: string, members: readonly string[] | undefined): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${name} is no object`);
  const entries = Object.entries(value);
  const unknown = entries.find(([key]) => members?.includes(key) === false);
  if (unknown) throw new TypeError(`${name} has no member ${unknown[0]}`);
  return Object.fromEntries(entries);
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} is no list`);
  return value;
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== "string") throw new TypeError(`${name} is no text`);
  return value;
}

function idOf(value: unknown, name: string, pattern: RegExp): string {
  const text = textOf(value, name);
  if (!pattern.test(text) || zeros.test(text)) throw new TypeError(`${name} is no id`);
  return text;
}

function integerOf(value: unknown, name: string, max: number): number {
  const isInRange = typeof value === "number" && Number.isInteger(value) && value >= 0;
  if (!isInRange || value > max) throw new TypeError(`${name} is out of range`);
  return value;
}

function nanosOf(value: unknown, name: string): bigint {
  const text = textOf(value, name);
  if (!nanosPattern.test(text)) throw new TypeError(`${name} is no time`);
  return BigInt(text);
}
