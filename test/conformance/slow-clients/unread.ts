import { createServer } from "node:http";
import { serveOnLoopback } from "@loadline/testkit";
import { completion, endJson } from "../../../packages/gateway/test/answers.ts";
import { overUpstreams, runGateway, temporaryDir } from "../../../packages/gateway/test/harness.ts";
import type { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import { type FrontName, type SlowLaw, clock, headOf, Peer, slackMs, within } from "./laws.ts";

const stalledMs = 700;
const keepAliveMs = 700;
const requestMs = 900;
const pipelined = 300;
const pipelinedBytes = 200_000;
/** What the kernel's buffers on both ends take, and the front's own. */
const askedMax = 120;
/** More than the kernel's buffers on both ends hold. */
const largeBytes = 16 * 1024 * 1024;
/** Longer than a front waits for its peer to close, and longer than it keeps an idle connection. */
const absentMs = 2800;
/** No reader is disconnected for its absence, however late a busy machine comes to everything. */
const patientMs = 600_000;
const readMs = 60_000;
const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x" }] });

/** An upstream whose answers are of one size. */
async function startUpstream(bytes: number) {
  const text = "y".repeat(bytes);
  const seen = { asked: 0, finished: 0 };
  const server = createServer((request, response) => {
    request.resume();
    seen.asked++;
    response.on("finish", () => void seen.finished++);
    endJson(response, 200, completion(text));
  });
  const serving = await serveOnLoopback(server);
  return { ...serving, baseUrl: `${serving.url}/v1`, seen };
}

function settings(front: FrontName, tls?: TlsFolder) {
  return {
    ...(tls && { tls: tls.section() }),
    http: { front, request: requestMs, keepAlive: keepAliveMs },
  };
}

const over = (baseUrl: string, clientStalled: number) => ({
  ...overUpstreams(baseUrl),
  stream: { clientStalled, heldBytesMax: 2 * largeBytes },
});

/**
 * Who sends request after request and reads no answer is disconnected; the own front begins no more
 * of them than buffers hold answers.
 */
export const unreadAnswersEnd: SlowLaw = async (front, controls = {}, tls) => {
  await using upstream = await startUpstream(pipelinedBytes);
  const config = { ...settings(front, tls), ...over(upstream.baseUrl, stalledMs) };
  await using g = await runGateway(config, temporaryDir(), controls);
  const peer = new Peer(g, tls);
  await peer.stopReading();
  const one = headOf(g, `Content-Length: ${body.length}`) + body;
  peer.socket.write(one.repeat(pipelined));
  // A paused socket learns of its end by writing alone.
  peer.drip(one.repeat(pipelined));
  const isEnded = await within(() => peer.isClosed, stalledMs + keepAliveMs + slackMs);
  const broken: string[] = [];
  if (!isEnded) broken.push("the connection outlived the reader's deadline");
  if (upstream.seen.asked === 0) broken.push("the upstream was not asked");
  // Node's server begins all that one read holds at once, and reads no further then.
  if (front === "http1" && upstream.seen.asked > askedMax)
    broken.push(`${upstream.seen.asked} answers were written for a client that reads none`);
  peer.socket.destroy();
  return broken;
};

/** Who comes back to a large answer within the time gets all of it, be the connection kept or not. */
export const lateReaderGetsAll: SlowLaw = async (front, controls = {}, tls) => {
  await using upstream = await startUpstream(largeBytes);
  const config = { ...settings(front, tls), ...over(upstream.baseUrl, patientMs) };
  await using g = await runGateway(config, temporaryDir(), controls);
  const lines = ["X-A: kept", "Connection: close"];
  const peers = lines.map(() => new Peer(g, tls));
  for (const [i, peer] of peers.entries()) {
    await peer.stopReading();
    peer.socket.write(`${headOf(g, `${lines[i]}\r\nContent-Length: ${body.length}`)}${body}`);
  }
  const broken: string[] = [];
  if (!(await within(() => upstream.seen.finished === lines.length, readMs)))
    broken.push("the upstream did not answer");
  const backMs = clock.monotonicMs() + absentMs;
  await within(() => clock.monotonicMs() >= backMs, slackMs);
  for (const [i, peer] of peers.entries()) {
    peer.socket.resume();
    await within(() => peer.text.length > largeBytes || peer.isClosed, readMs);
    if (peer.text.length <= largeBytes)
      broken.push(`${lines[i]}: the answer ended after ${peer.text.length} bytes`);
    peer.socket.destroy();
  }
  return broken;
};

/** A refused request whose body never comes holds its connection no longer than a request may take. */
export const refusedBodiesEnd: SlowLaw = async (front, controls = {}, tls) => {
  const config = { ...settings(front, tls), http: { front, request: requestMs } };
  await using g = await runGateway(config, temporaryDir(), controls);
  const peer = new Peer(g, tls);
  const bad = headOf(g, "Content-Length: 60000").replace(/Bearer \S+/, "Bearer nonsense");
  peer.socket.write(`${bad}{`);
  const broken: string[] = [];
  if (!(await within(() => peer.text.startsWith("HTTP/1.1 401 "), slackMs)))
    broken.push("it was not refused at once");
  if (!(await within(() => peer.isClosed, requestMs + slackMs)))
    broken.push("the connection outlived the request's deadline");
  peer.socket.destroy();
  return broken;
};
