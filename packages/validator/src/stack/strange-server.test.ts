/** A server of another kind behind the declared address: named, bounded in time, never a pass. */
import { createServer as createHttp } from "node:http";
import { createServer as createTcp, type Server, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { freePort } from "../../../testkit/src/free-port.ts";
import { describe, expect, it } from "vitest";
import { stackTwins } from "../selftest/stack-twins.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startJaegerTwin } from "./stubs/jaeger.ts";
import { listening } from "./stubs/listening.ts";
import type { StartTwin } from "./stubs/twin.ts";
import { stackProbes } from "./table.ts";

const json = (body: string, status = 200) =>
  createHttp((request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
const tcp = (each: (socket: Socket) => void) =>
  createTcp((socket) => {
    socket.on("error", () => socket.destroy());
    each(socket);
  });

const clock = systemClock();

/** So much at once, and then so much again and again, as long as anybody listens. */
const slowly = (first: string, then: string) =>
  tcp((socket) => {
    const more = (): void => {
      if (socket.destroyed) return;
      socket.write(then);
      clock.after(20, more);
    };
    socket.write(first);
    more();
  });

/** Servers that are none of the kinds; each takes every connection. */
const strangers: Readonly<Record<string, () => Server>> = {
  "a web page": () =>
    createHttp((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/html" }).end("<html>welcome</html>");
    }),
  "an empty object": () => json("{}"),
  "an empty list": () => json("[]"),
  "a refusal of every login": () => json('{"error":"login"}', 401),
  "a door shut for everybody": () => json('{"error":"forbidden"}', 403),
  "no route at all": () => json('{"error":"no such route"}', 404),
  "a fault of its own": () => json('{"error":"internal"}', 500),
  "what it was sent": () =>
    createHttp((request, response) => {
      response.writeHead(200, { "content-type": request.headers["content-type"] ?? "text/plain" });
      request.pipe(response);
    }),
  "a login page elsewhere": () =>
    createHttp((request, response) => {
      request.resume();
      response.writeHead(302, { location: "/login" }).end();
    }),
  "OK to every line": () => tcp((socket) => void socket.on("data", () => socket.write("+OK\r\n"))),
  "a mail server": () => tcp((socket) => void socket.write("220 mail.invalid ESMTP\r\n")),
  "zeros for ever": () =>
    tcp((socket) => {
      const more = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(4_096)));
      };
      socket.on("drain", more);
      more();
    }),
  "a letter now and then, for ever": () => slowly("", "a"),
  "a body of one letter now and then, for ever": () =>
    slowly("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\n{\r\n"),
  silence: () => tcp((socket) => void socket.resume()),
  "the end of the connection": () => tcp((socket) => void socket.destroy()),
};

/** Kinds that read files or the kernel's tables, and those that ask no server of their own. */
const local = ["command", "compose", "container", "listeners", "logs", "resources", "secrets"];
const kinds = Object.entries(stackTwins).filter(([kind]) => !local.includes(kind));

/** What is passed or broken of a healthy twin's service, an address of it that of the stranger. */
async function behind(start: StartTwin, port: number, key = "url"): Promise<[string, string][]> {
  await using twin = await start([]);
  const url = new URL(String(twin.service[key]));
  url.port = String(port);
  const services = { it: { ...twin.service, [key]: url.href }, ...twin.neighbours };
  const { words, sentences } = await runStackPlan(
    { ...twin.stack, timeoutMs: 700, services },
    twin.secrets,
  );
  const odd = Object.keys(words).filter((id) => /^passed|^error crashed/.test(words[id] ?? ""));
  return odd
    .filter((id) => id.startsWith("it."))
    .map((id) => [id, `${words[id] ?? ""}: ${sentences[id] ?? ""}`]);
}

const ofFiles = stackProbes.filter(
  ({ kind, check, needs }) =>
    kind === "kubernetes" && (check === "manifests" || needs.join() === "manifests"),
);

/**
 * That a web server answers is true of every web server, that a port is open of every server; what
 * files hold is asked of no server.
 */
const isSaid = (kind: string, id: string): boolean =>
  (kind === "http" && id === "it.answers") ||
  (kind === "tcp" && id === "it.connects") ||
  (kind === "kubernetes" && ofFiles.some(({ check }) => id === `it.${check}`));

/** Said by a server that is there alone. */
const open = ["it.answers", "it.connects"];

describe.each(kinds)("%s", (kind, start) => {
  it.concurrent.each(Object.entries(strangers))(
    "is not %s",
    async (_, make) => {
      await using stranger = await listening(make());
      const odd = await behind(start, stranger.port);
      expect(odd.filter(([id]) => !isSaid(kind, id))).toEqual([]);
    },
    30_000,
  );

  it.concurrent("is not nobody", async () => {
    const odd = await behind(start, await freePort());
    expect(odd.filter(([id]) => !isSaid(kind, id) || open.includes(id))).toEqual([]);
  });
});

describe("a store of traces", () => {
  it.concurrent.each(Object.entries(strangers))(
    "whose other address is %s has found no trace",
    async (_, make) => {
      await using stranger = await listening(make());
      const odd = await behind(startJaegerTwin, stranger.port, "otlp");
      expect(odd.filter(([id]) => id !== "it.answers")).toEqual([]);
    },
    30_000,
  );
});
