import { Resolver } from "node:dns/promises";
import { codeOf } from "@loadline/kit/errors";
import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";

type DnsProbe = StackProbe<ServiceOf<"dns">>;
type DnsContext = StackContext<ServiceOf<"dns">>;
type DnsName = ServiceOf<"dns">["names"][number];

const shared = { kind: "dns", checklist: ["R1-20"] } as const;
const triesMax = 2;

const partOf = ({ name, type }: DnsName): string => `${name} ${type}`;

function dig(context: DnsContext, { name, type }: DnsName): string[] {
  const at = context.service.url.slice("dns://".length);
  const port = /:(\d+)$/.exec(at)?.[1];
  const host = at.replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
  return ["dig", `@${host}`, ...(port === undefined ? [] : ["-p", port]), name, type, "+short"];
}

/** Values of a name as texts, or the word with which it was refused. */
async function lookUp(context: DnsContext, name: DnsName): Promise<string[] | string> {
  const timeout = Math.max(100, Math.floor(context.timeoutMs / (triesMax + 1)));
  const resolver = new Resolver({ timeout, tries: triesMax });
  resolver.setServers([context.service.url.slice("dns://".length)]);
  const stop = (): void => resolver.cancel();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    const found: unknown = await resolver.resolve(name.name, name.type);
    return Array.isArray(found) ? found.map((one: unknown) => written(one)) : [written(found)];
  } catch (error) {
    return codeOf(error);
  } finally {
    context.signal.removeEventListener("abort", stop);
  }
}

/** A record as a zone file says it: texts joined, others field by field. */
function written(record: unknown): string {
  if (typeof record === "string") return record;
  if (Array.isArray(record)) return record.join("");
  return typeof record === "object" && record !== null
    ? Object.values(record).map(String).join(" ")
    : String(record);
}

const resolves: DnsProbe = {
  ...shared,
  check: "resolves",
  summary: "names lead where they are meant to",
  needs: [],
  severity: "critical",
  claim: (service) => ({
    statement: `each declared name is resolved as declared, within ${service.answerMsMax} ms`,
    category: "Operational Readiness",
    rationale: "A name that leads elsewhere takes every client with it.",
    parts: service.names.map(partOf),
  }),
  saboteur: [{ when: "api.example A", reply: "192.0.2.99" }],
  async run(context) {
    const all: StackSeen[] = [];
    for (const name of context.service.names) {
      const beganMs = context.clock.monotonicMs();
      const found = await lookUp(context, name);
      const tookMs = context.clock.monotonicMs() - beganMs;
      const values = typeof found === "string" ? [] : found.toSorted();
      const wanted = name.expect.toSorted();
      const isSame = wanted.length === 0 || values.join("\n") === wanted.join("\n");
      const isQuick = tookMs <= context.service.answerMsMax;
      const what = typeof found === "string" ? found : values.join(", ");
      const ok = values.length > 0 && isSame && isQuick;
      const seen = `${partOf(name)} gave ${what} after ${tookMs.toFixed(0)} ms.`;
      all.push({ ok, seen, part: partOf(name), reproduce: dig(context, name) });
    }
    return all;
  },
};

const denies: DnsProbe = {
  ...shared,
  check: "denies",
  summary: "a name that is not there is denied",
  needs: ["resolves"],
  severity: "medium",
  claim: () => ({
    statement: "a name that cannot exist is answered with NXDOMAIN",
    category: "Security & Compliance",
    rationale: "A resolver that answers everything hides every mistyped name.",
  }),
  saboteur: [{ when: "* A", reply: "192.0.2.1" }],
  async run(context) {
    const name: DnsName = {
      name: `${context.mark.replace("_", "-")}.invalid`,
      type: "A",
      expect: [],
    };
    const found = await lookUp(context, name);
    const what = typeof found === "string" ? found : found.join(", ");
    const ok = found === "ENOTFOUND";
    return [{ ok, seen: `${name.name} gave ${what}.`, reproduce: dig(context, name) }];
  },
};

/** Checks of a name server, in the order they run. */
export const dnsProbes: readonly DnsProbe[] = [resolves, denies];
