import type { LogFields } from "@loadline/kit/logger";

/** Where error events go, read from a DSN such as https://KEY@host/7. */
export interface ErrorAddress {
  /** Without the key. */
  readonly url: URL;
  readonly publicKey: string;
}

export interface ErrorEventFacts {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly wallMs: number;
  readonly service: string;
  readonly version: string;
  readonly environment: string;
}

const textCharsMax = 2048;
const fieldsMax = 32;

/** Reads a DSN; undefined for a text that is none. */
export function readDsn(text: string): ErrorAddress | undefined {
  const dsn = URL.parse(text);
  const parts = /^(.*?)\/(\d{1,20})\/?$/.exec(dsn?.pathname ?? "");
  if (!dsn || !parts || !/^[0-9A-Za-z]{1,128}$/.test(dsn.username)) return undefined;
  if (dsn.protocol !== "https:" && dsn.protocol !== "http:") return undefined;
  const [, prefix = "", project = ""] = parts;
  return {
    url: new URL(`${prefix}/api/${project}/envelope/`, dsn.origin),
    publicKey: dsn.username,
  };
}

/** One envelope with one event: three lines of JSON. Each field is cut after 2,048 characters. */
export function errorEnvelope(event: string, fields: LogFields, facts: ErrorEventFacts): string {
  const time = new Date(facts.wallMs).toISOString();
  const { code, ...extra } = shortened(fields);
  const body = {
    event_id: facts.id,
    timestamp: facts.wallMs / 1000,
    platform: "node",
    level: "error",
    logger: facts.service,
    release: facts.version,
    environment: facts.environment,
    message: { formatted: typeof code === "string" ? `${code} ${event}` : event },
    fingerprint: [event, String(code ?? "")],
    tags: { event, ...(typeof code === "string" && { code }) },
    extra,
  };
  const head = { event_id: facts.id, sent_at: time };
  return `${JSON.stringify(head)}\n{"type":"event"}\n${JSON.stringify(body)}\n`;
}

function shortened(fields: LogFields): Record<string, string | number | boolean | undefined> {
  const entries = Object.entries(fields).slice(0, fieldsMax);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === "string" ? value.slice(0, textCharsMax) : value,
    ]),
  );
}
