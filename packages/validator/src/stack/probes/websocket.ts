import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { shownSecret } from "../secrets.ts";
import { shownUrl } from "../wire/query-secrets.ts";
import {
  openWebsocket,
  type WebsocketContext,
  type WebsocketEvent,
  type WebsocketSession,
} from "../wire/websocket-session.ts";

type WebsocketProbe = StackProbe<ServiceOf<"websocket">>;

const shared = { kind: "websocket", checklist: ["R2-57"], needs: ["upgrade"] } as const;
/** Messages nobody asked for that are passed over while one is awaited. */
const otherMax = 1_000;

/** The upgrade as curl asks for it; it prints the answer's head. */
function curl(context: WebsocketContext): string[] {
  const { url, token, origin } = context.service;
  const argv = ["curl", "-sS", "-i", "-m", "5", "--http1.1", "-H", "connection: Upgrade"];
  argv.push("-H", "upgrade: websocket", "-H", "sec-websocket-version: 13");
  argv.push("-H", "sec-websocket-key: bG9hZGxpbmUtcHJvYmUtMQ==");
  if (token !== undefined) argv.push("-H", `authorization: Bearer ${shownSecret(token)}`);
  if (origin !== undefined) argv.push("-H", `origin: ${origin}`);
  return [...argv, shownUrl(url.replace(/^ws/, "http"), shownSecret)];
}

/** The first event that is one of these, or the end of the connection. */
async function awaited(
  session: WebsocketSession,
  isIt: (event: WebsocketEvent) => boolean,
): Promise<WebsocketEvent> {
  for (let seen = 1; seen <= otherMax; seen++) {
    const event = await session.next();
    if (isIt(event) || event.type === "end" || event.type === "broken") return event;
    if (event.type === "close") return event;
  }
  return { type: "broken", code: 0, reason: `${otherMax} other messages` };
}

function told(event: WebsocketEvent): string {
  if (event.type === "close" || event.type === "broken") {
    const what = event.type === "close" ? "a close" : "a broken frame";
    return `${what}, code ${event.code}${event.reason === "" ? "" : ` (${event.reason})`}`;
  }
  if (event.type === "end") return "the end of the connection";
  return `a ${event.type} of ${event.bytes.length} bytes`;
}

const upgrade: WebsocketProbe = {
  ...shared,
  check: "upgrade",
  summary: "the connection is upgraded",
  needs: [],
  severity: "critical",
  claim: () => ({
    statement: "the upgrade is answered with 101 and the right accept",
    category: "Operational Readiness",
    rationale: "A proxy that drops the upgrade takes every live page down.",
  }),
  saboteur: [{ when: "upgrade", reply: "503" }],
  async run(context) {
    using session = await openWebsocket(context);
    session.close(1000);
    return [{ ok: true, seen: "101 with the right accept.", reproduce: curl(context) }];
  },
};

const ping: WebsocketProbe = {
  ...shared,
  check: "ping",
  summary: "a ping is answered",
  severity: "high",
  claim: () => ({
    statement: "a ping is answered with a pong of the same bytes",
    category: "Operational Readiness",
    rationale: "Proxies and clients end connections whose pings stay unanswered.",
  }),
  saboteur: [{ when: "ping", reply: "another payload" }],
  async run(context) {
    using session = await openWebsocket(context);
    const bytes = Buffer.from(context.random.bytes(16));
    session.ping(bytes);
    const event = await awaited(session, ({ type }) => type === "pong");
    session.close(1000);
    const isSame = event.type === "pong" && event.bytes.equals(bytes);
    const seen = `A ping of 16 bytes was answered with ${told(event)}${event.type === "pong" ? `, ${isSame ? "the same" : "others"}` : ""}.`;
    return [{ ok: isSame, seen, reproduce: curl(context) }];
  },
};

const exchange: WebsocketProbe = {
  ...shared,
  check: "exchange",
  summary: "a message is answered",
  severity: "high",
  claim: (service) =>
    service.exchange === undefined
      ? null
      : {
          statement: "the declared message is answered with the declared text",
          category: "Operational Readiness",
          rationale: "An upgrade says nothing about what is behind it.",
        },
  saboteur: [{ when: "message", reply: "something else" }],
  async run(context) {
    const { send = "", expect = "" } = context.service.exchange ?? {};
    const wanted = expect.replaceAll("$MARK", context.mark);
    using session = await openWebsocket(context);
    session.text(send.replaceAll("$MARK", context.mark));
    const heard: string[] = [];
    const event = await awaited(session, (one) => {
      if (one.type !== "message") return false;
      const text = one.bytes.toString("utf8");
      heard.push(context.excerpt(text, 200));
      return text.includes(wanted) || heard.length >= 20;
    });
    session.close(1000);
    const ok = event.type === "message" && event.bytes.toString("utf8").includes(wanted);
    const seen = `${heard.length} messages came back, the expected text ${ok ? "" : "not "}among them; the last thing was ${told(event)}.`;
    return [{ ok, seen, raw: heard.join("\n"), reproduce: curl(context) }];
  },
};

async function closing(
  context: WebsocketContext,
  part: string,
  send: (session: WebsocketSession) => void,
  codes: readonly number[],
): Promise<StackSeen> {
  using session = await openWebsocket(context);
  send(session);
  const event = await awaited(session, ({ type }) => type === "close");
  const ok = event.type === "close" && codes.includes(event.code);
  return { ok, seen: `${part}: ${told(event)}.`, part, reproduce: curl(context) };
}

/** A text frame without a mask, which no server may take. */
const unmasked = Buffer.from([0x81, 0x02, 0x68, 0x69]);

const closes: WebsocketProbe = {
  ...shared,
  check: "closes",
  summary: "close codes",
  severity: "medium",
  claim: () => ({
    statement: "a close is answered with its code, and a frame without a mask with 1002",
    category: "Operational Readiness",
    rationale: "A client that learns no code retries what can never be accepted.",
    parts: ["1000", "unmasked frame"],
  }),
  saboteur: [{ when: "close", reply: "1011" }],
  async run(context) {
    return [
      await closing(context, "1000", (session) => session.close(1000), [1000, 1005]),
      await closing(context, "unmasked frame", (session) => session.raw(unmasked), [1002]),
    ];
  },
};

/** Checks of an endpoint for WebSocket, in the order they run. */
export const websocketProbes: readonly WebsocketProbe[] = [upgrade, ping, exchange, closes];
