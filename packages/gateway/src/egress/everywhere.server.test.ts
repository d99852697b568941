import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { hostOf } from "@loadline/kit/egress";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { TestClock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completion, endJson } from "../../test/answers.ts";
import { runGateway, type Running, runUpstream, type Upstream } from "../../test/harness.ts";
import { findProvider, providerIds } from "../providers/index.ts";
import { configSchema } from "../config/schema.ts";
import { Secret } from "../config/values.ts";
import { allSurfaces } from "../routes/registry.ts";
import { type DestinationClass, egressConfig } from "./config.ts";
import { createEgressDoors } from "./doors.ts";

/** Spellings of this machine: a URL's host each. */
const spellings = [
  "127.0.0.1",
  "localhost",
  "LOCALHOST",
  "localhost.",
  "127.1",
  "127.0.1",
  "127.0.0.1.",
  "2130706433",
  "0x7f000001",
  "0x7F.0x0.0x0.0x1",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.0x1",
  "127.127.127.127",
  "0.0.0.0",
  "0",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:127.0.0.1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "[2002:7f00:1::1]",
  "\u2460\u2461\u2466.0.0.1",
  "127\u30020\u30020\u30021",
  "loc%61lhost",
  "127.0.0.%31",
] as const;

/** Without IPv6 nothing on this machine could take a connection to its address. */
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === "::1");

/** Takes connections on every loopback address there is and keeps what they bring. */
async function recorder() {
  let hits = 0;
  let bytes = "";
  const onSocket = (socket: Socket): void => {
    hits++;
    socket.on("data", (chunk) => void (bytes += chunk.toString("latin1")));
    socket.on("error", () => undefined);
  };
  const servers: Server[] = [];
  let port = 0;
  for (const host of hasIpv6 ? ["0.0.0.0", "::1"] : ["0.0.0.0"]) {
    const server = createServer(onSocket).listen(port, host);
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) port = address.port;
    servers.push(server);
  }
  return {
    port,
    seen: () => [hits, bytes],
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      await Promise.all(servers.map((server) => once(server, "close")));
    },
  };
}

describe("every spelling of an address that is not listed", () => {
  const classes: readonly DestinationClass[] = ["provider", "store", "telemetry"];
  const clock = new TestClock();
  const logger = createLogger({ clock, write: () => undefined });
  const doors = createEgressDoors(
    egressConfig.parse({
      classes: Object.fromEntries(classes.map((of) => [of, { addresses: [] }])),
    }),
    { clock, logger, metrics: createMetrics() },
  );

  /** The code that stops a connection there, or `open`. */
  async function outcome(of: DestinationClass, url: URL): Promise<string> {
    try {
      const socket = doors[of].open([hostOf(url)]).connect(url);
      const code = await new Promise<string>((resolve) => {
        socket.once("connect", () => resolve("open"));
        socket.once("error", (cause) => resolve("code" in cause ? String(cause.code) : "?"));
      });
      socket.destroy();
      return code;
    } catch (cause) {
      return isRecord(cause) ? String(cause["code"]) : "?";
    }
  }

  it.each(classes)("is refused to class %s, without a connection", async (of) => {
    await using listener = await recorder();
    const outcomes = new Map<string, string>();
    for (const host of spellings) {
      outcomes.set(host, await outcome(of, new URL(`http://${host}:${listener.port}/`)));
    }
    const others = [...outcomes].filter(([, code]) => code !== "LL_EGRESS_BLOCKED");
    // Some resolvers know no name with a dot at its end.
    expect(others.filter(([host, code]) => host !== "localhost." || code === "open")).toEqual([]);
    expect(listener.seen()).toEqual([0, ""]);
    const control = connect(listener.port, "127.0.0.1");
    await once(control, "connect");
    control.destroy();
  });
});

/** Paths of a schema's members that are URLs. */
function urlsIn(schema: unknown, path: string): string[] {
  if (!isRecord(schema)) return [];
  const isUrl = schema["format"] === "uri" || String(schema["pattern"]).startsWith("^https?");
  if (isUrl) return [path];
  const properties = isRecord(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const below = properties.flatMap(([name, member]) => urlsIn(member, `${path}.${name}`));
  const options = ["anyOf", "oneOf", "allOf"].flatMap((key) => {
    const list = schema[key];
    return Array.isArray(list) ? list.flatMap((one: unknown) => urlsIn(one, path)) : [];
  });
  return [...below, ...options, ...urlsIn(schema["items"], path)];
}

it("every member of the configuration that is a URL is opened through a door, or by a driver", () => {
  const shown = { io: "input", unrepresentable: "any" } as const;
  const targets = providerIds.flatMap((id) =>
    urlsIn(findProvider(id)?.schema.toJSONSchema(shown), "targets"),
  );
  const all = new Set([...targets, ...urlsIn(configSchema.toJSONSchema(shown), "")]);
  expect([...all].toSorted()).toEqual([
    ".stores.objects.endpoint",
    ".telemetry.traces.endpoint",
    "targets.baseUrl",
    "targets.proxy.url",
  ]);
});

describe("what a request says", () => {
  const secret = "sk-canary-of-the-upstream";
  let g: Running;
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await runUpstream((response) => endJson(response, 200, completion()));
    const keys = [new Secret(secret, "${env:D}")];
    const target = { provider: "openai-compatible", model: "big", baseUrl: upstream.baseUrl, keys };
    g = await runGateway({
      targets: { u: target },
      routes: { r: { models: ["m"], groups: [{ targets: ["u"] }] } },
      stores: { objects: "file:" },
    });
  });
  afterAll(async () => {
    await g[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  const members = ["base_url", "baseUrl", "api_base", "url", "host", "endpoint", "target", "proxy"];
  const more = ["webhook", "callback_url", "redirect_uri", "provider", "custom_host", "server_url"];
  const headers = [
    "x-base-url",
    "x-api-base",
    "x-portkey-custom-host",
    "x-forwarded-host",
    "x-forwarded-server",
    "x-original-url",
    "x-rewrite-url",
    "x-target-url",
    "openai-base-url",
    "forwarded",
    "referer",
    "via",
  ];
  const surfaces = allSurfaces().filter(({ kind }) => kind === "http");

  it.each(surfaces)(
    "of $id leads nowhere, in any spelling",
    async ({ path, methods }) => {
      await using listener = await recorder();
      for (const host of spellings) {
        const url = `http://${host}:${listener.port}/v1`;
        const said = Object.fromEntries([...members, ...more].map((name) => [name, url]));
        const query = new URLSearchParams(said).toString();
        const plain = /^[\x20-\x7e]*$/.test(url) ? url : encodeURI(url);
        const sent = Object.fromEntries(headers.map((name) => [name, plain]));
        const ready = path.replaceAll(/:[^/]+/g, "absent").replace(/\*$/, "absent");
        for (const method of methods) {
          const body = {
            model: "m",
            messages: [{ role: "user", content: url }],
            input: url,
            ...said,
          };
          const key = { authorization: `Bearer ${g.key}`, "content-type": "application/json" };
          const hasBody = method !== "GET" && method !== "HEAD";
          for (const target of [ready, `${ready}?${query}`]) {
            const answer = await fetch(g.url + target, {
              method,
              headers: { ...key, ...(target === ready && sent) },
              ...(hasBody && { body: JSON.stringify(body) }),
            });
            await answer.arrayBuffer();
          }
        }
      }
      expect(listener.seen()).toEqual([0, ""]);
      const paths = upstream.requests.map((request) => request.url);
      expect(paths.every((at) => at?.startsWith("/v1/") === true && !at.includes("?"))).toBe(true);
    },
    60_000,
  );

  it("reaches the upstream that its route names, with that target's key alone", async () => {
    const body = { model: "m", messages: [{ role: "user", content: "x" }] };
    expect((await g.post("/v1/chat/completions", body)).status).toBe(200);
    const bearers = new Set(upstream.requests.map((request) => request.headers.authorization));
    expect([...bearers]).toEqual([`Bearer ${secret}`]);
  });
});
