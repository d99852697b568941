import type { PickedHeaders, Refusal } from "./exchange.ts";
import { always, type Stage } from "./stage.ts";

const hostPattern = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const badTarget = /[\\#\u0000-\u0020\u007f-\uffff]|\/\/|(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|\?|$)/i;
const single = new Set(["authorization", "content-type", "content-length", "content-encoding"]);
const probes = new Set(["healthz", "readyz", "health"]);

/** Refuses heads that two readers could read differently, and unknown paths and methods. */
export function acceptStage(): Stage {
  return {
    id: "accept",
    summary: "head rules, path and method",
    wired: always,
    run(x) {
      const { client, operation } = x;
      const target = checkTarget(client.target);
      if (target) return target;
      const hosts: string[] = [];
      const picked = pickHeaders(client.headers, hosts);
      if ("code" in picked) return picked;
      x.picked = picked;
      const mayLackHost = !client.isHttp11 && probes.has(operation.id);
      if (!(hosts.length === 0 && mayLackHost) && !isHost(hosts)) return { code: "LL_HTTP_HOST" };
      if (operation.id === "unknown") return { code: "LL_ROUTE_UNKNOWN" };
      return operation.methods.includes(client.method) ? undefined : wrongMethod(operation.methods);
    },
  };
}

/** Names the validation run a probe belongs to, so that an owner can join it with the logs. */
const runHeader = "x-loadline-run";

function checkTarget(target: string): Refusal | undefined {
  return target.startsWith("/") && !badTarget.test(target) ? undefined : { code: "LL_HTTP_TARGET" };
}

function isHost(hosts: readonly string[]): boolean {
  return hosts.length === 1 && hostPattern.test(hosts[0] ?? "");
}

function wrongMethod(methods: readonly string[]): Refusal {
  return { code: "LL_ROUTE_METHOD", headers: ["allow", methods.join(", ")] };
}

function pickHeaders(list: readonly string[], hosts: string[]): PickedHeaders | Refusal {
  const found = new Map<string, string>();
  for (let i = 0; i < list.length; i += 2) {
    const name = (list[i] ?? "").toLowerCase();
    const value = list[i + 1] ?? "";
    if (name === "host") hosts.push(value);
    else if (single.has(name)) {
      if (found.has(name)) return { code: "LL_HTTP_HEADER", message: `${name} occurs twice` };
      found.set(name, value);
    } else if (name === "traceparent" && traceparentPattern.test(value)) found.set(name, value);
    else if (name.startsWith("x-loadline-") && name !== runHeader) {
      return { code: "LL_BODY_FIELD", message: `header ${name} is not known`, param: name };
    }
  }
  const length = found.get("content-length");
  return {
    authorization: found.get("authorization"),
    contentType: found.get("content-type"),
    contentEncoding: found.get("content-encoding"),
    contentLength: length === undefined ? -1 : Number(length),
    traceparent: found.get("traceparent"),
  };
}
