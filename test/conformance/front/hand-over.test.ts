import { createHash } from "node:crypto";
import { systemClock } from "@loadline/kit/clock";
import { type Random, seededRandom } from "@loadline/kit/random";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson } from "../../../packages/gateway/test/answers.ts";
import {
  overUpstreams,
  type Running,
  runGateway,
  runUpstream,
} from "../../../packages/gateway/test/harness.ts";
import { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import { headOf, Peer } from "../slow-clients/laws.ts";

const clock = systemClock();
const waitMs = 60_000;
const bodyBytesMax = 300_000;
const atOnce = 10;
const kept = 2;

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const chat = (content: string): string =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content }] });
const contentOf = (body: string): string => {
  const value = JSON.parse(body) as { messages: [{ content: string }] };
  return value.messages[0].content;
};

/** A plain request, or one with a tab in a field, which the own front leaves to Node's server. */
const request = (g: Running, content: string, isPlain: boolean): string => {
  const body = chat(content);
  const lines = `${isPlain ? "" : "X-A: a\tb\r\n"}Content-Length: ${body.length}`;
  return headOf(g, lines) + body;
};

/** Requests that stay, then one with a large body that changes the front, all in random pieces. */
async function changeFront(g: Running, random: Random, tls?: TlsFolder): Promise<boolean> {
  const large = "0123456789abcdef".repeat(random.below(bodyBytesMax / 16)) + random.below(1000);
  const contents = [...Array.from({ length: kept }, (_, i) => `kept ${i}`), large, "behind it"];
  const bytes = contents.map((content, i) => request(g, content, i !== kept)).join("");
  const peer = new Peer(g, tls);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(120_000);
    peer.socket.write(bytes.slice(at, at + size), "latin1");
    at += size;
    if (random.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const answered = (): string[] =>
    [...peer.text.matchAll(/"content":"([0-9a-f]{64})"/g)].map((match) => match[1] ?? "");
  await eventually(clock, () => answered().length === contents.length || peer.isClosed, waitMs);
  peer.socket.destroy();
  return answered().join() === contents.map(digestOf).join();
}

describe("a connection that changes to Node's server behind kept-alive requests", () => {
  it.each([
    ["plain", 300],
    ["TLS", 60],
  ] as const)(
    "loses no byte of its body, listener %s: %i of up to 300 KB",
    async (listener, count) => {
      await using upstream = await runUpstream((response, body) =>
        endJson(response, 200, completion(digestOf(contentOf(body)))),
      );
      using folder = new TlsFolder();
      const tls = listener === "TLS" ? folder : undefined;
      const config = { ...overUpstreams(upstream.baseUrl), ...(tls && { tls: tls.section() }) };
      await using g = await runGateway(config);
      let whole = 0;
      let begun = 0;
      const lane = async (random: Random): Promise<void> => {
        while (begun++ < count) if (await changeFront(g, random, tls)) whole++;
      };
      await Promise.all(Array.from({ length: atOnce }, (_, i) => lane(seededRandom(i))));
      expect(whole).toBe(count);
    },
  );
});
