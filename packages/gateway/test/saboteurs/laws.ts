import type { ServerResponse } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import type { Stage } from "../../src/pipeline/stage.ts";
import { completion, sampleIn } from "../answers.ts";
import { overUpstreams, type Running, runGateway, runUpstream, temporaryDir } from "../harness.ts";
import type { KnockOut } from "./knock-outs.ts";

/** What a gateway with these controls breaks of one promise, in sentences; seen through its socket. */
export type Law = (controls: KnockOut) => Promise<readonly string[]>;

const clock = systemClock();
const path = "/v1/chat/completions";
const messages = [{ role: "user", content: "hi" }];
const chat = { model: "m", messages };
const chunk = { id: "x", object: "chat.completion.chunk", created: 1, model: "big" };
/** No time that a busy machine takes brings a trial call. */
const staysOpen = { openFor: "1h", openForMax: "1h" };
const textOf = JSON.stringify(completion());
const delta = (content: string): string =>
  `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta: { content } }] })}\n\n`;
const finish = `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\n`;

const start = (settings: Record<string, unknown>, controls: KnockOut): Promise<Running> =>
  runGateway(settings, temporaryDir(), controls);

async function ask(g: Running, body: object = {}, signal?: AbortSignal): Promise<number> {
  const headers = { authorization: `Bearer ${g.key}`, "content-type": "application/json" };
  const o = signal ? { signal, headers } : { headers };
  const answer = await g.post(path, { ...chat, ...body }, o);
  await answer.text();
  return answer.status;
}

async function sampleOf(g: Running, series: string): Promise<number> {
  return sampleIn(await (await g.get("/metrics")).text(), series);
}

/** 9 failures of each 100 calls, evenly, never open the breaker. */
export const ninePercentStayClosed: Law = async (controls) => {
  let calls = 0;
  await using a = await runUpstream((response) => {
    const isBad = calls++ % 11 === 10;
    response.writeHead(isBad ? 500 : 200, { "content-type": "application/json" }).end(textOf);
  });
  await using g = await start(overUpstreams(a.baseUrl), controls);
  for (let i = 0; i < 110; i++)
    if ((await ask(g)) === 503) return [`call ${i} met an open breaker`];
  return [];
};

/** A target that fails every call is left alone after 20 of them. */
export const deadTargetIsLeft: Law = async (controls) => {
  await using a = await runUpstream((response) => {
    response.writeHead(500, { "content-type": "application/json" }).end("{}");
  });
  await using b = await runUpstream((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(textOf);
  });
  const groups = [{ strategy: "priority", targets: ["u0", "u1"] }];
  const routes = { r: { models: ["m"], groups } };
  const settings = { ...overUpstreams(a.baseUrl, b.baseUrl), routes, breaker: staysOpen };
  await using g = await start(settings, controls);
  for (let i = 0; i < 40; i++) await ask(g);
  return a.bodies.length <= 20 ? [] : [`the dead target was called ${a.bodies.length} times`];
};

/** Streams count at their end: those that open and are cut open the breaker. */
export const cutStreamsCount: Law = async (controls) => {
  await using a = await runUpstream((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(delta("a"), () => response.destroy());
  });
  await using g = await start({ ...overUpstreams(a.baseUrl), breaker: staysOpen }, controls);
  for (let i = 0; i < 25; i++) await ask(g, { stream: true });
  return a.bodies.length <= 20 ? [] : [`${a.bodies.length} cut streams, and the breaker is closed`];
};

/** Callers that leave while a breaker is half-open never wedge it. */
export const leavingWedgesNothing: Law = async (controls) => {
  let mode: "fail" | "hang" | "good" = "fail";
  await using a = await runUpstream((response) => {
    if (mode === "hang") return;
    const status = mode === "fail" ? 500 : 200;
    response.writeHead(status, { "content-type": "application/json" }).end(textOf);
  });
  const breaker = { openFor: "200ms", openForMax: "200ms" };
  await using g = await start({ ...overUpstreams(a.baseUrl), breaker }, controls);
  for (let i = 0; i < 25; i++) await ask(g);
  mode = "hang";
  const isHalfOpen = async (): Promise<boolean> =>
    (await sampleOf(g, 'loadline_breaker_state{target="u0"}')) === 1;
  await eventually(clock, isHalfOpen, 10_000);
  const before = a.bodies.length;
  const leave = new AbortController();
  const gone = [1, 2, 3].map(() => ask(g, {}, leave.signal).catch(() => 0));
  await eventually(clock, () => a.bodies.length >= before + 3, 10_000);
  leave.abort();
  await Promise.all(gone);
  mode = "good";
  const isServed = async (): Promise<boolean> => (await ask(g)) === 200;
  return await eventually(clock, isServed, 5000).then(
    () => [],
    () => ["three callers that left hold the breaker half-open"],
  );
};

/** Each exchange ends once. */
export const oneExit: Law = async (controls) => {
  await using a = await runUpstream((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`${delta("a")}${delta("b")}${delta("c")}${finish}data: [DONE]\n\n`);
  });
  await using g = await start(overUpstreams(a.baseUrl), controls);
  await ask(g, { stream: true });
  const violations = await sampleOf(g, "loadline_exit_violations_total");
  return violations === 0 ? [] : [`${violations} second exits`];
};

/** Work of an answer that broke off is unknown in the ledger, never nothing. */
export const unknownStaysUnknown: Law = async (controls) => {
  await using a = await runUpstream((response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"id":"x"', () => response.destroy());
  });
  await using g = await start(overUpstreams(a.baseUrl), controls);
  await ask(g);
  const series = 'loadline_usage_records_total{source="unknown"}';
  const isBooked = async (): Promise<boolean> => (await sampleOf(g, series)) >= 1;
  return await eventually(clock, isBooked, 5000).then(
    () => [],
    () => ["work of unknown size is not in the ledger"],
  );
};

/** Nothing listens there. */
export const lostPort = 9;

/** A lost optional store does not unready the process. */
export const lostStoreKeepsReady: Law = async (controls) => {
  const stores = { redis: `redis://127.0.0.1:${lostPort}` };
  await using g = await start({ stores }, controls);
  const { status } = await fetch(`${g.url}/readyz`);
  const call = await ask(g, { model: "sim" });
  return [
    ...(status === 200 ? [] : [`/readyz is ${status} without Redis`]),
    ...(call === 200 ? [] : [`a call is ${call} without Redis`]),
  ];
};

/** A call that has to wait for nothing but its body and its upstream awaits nothing else. */
export const nothingIsAwaited: Law = async (controls) => {
  const awaited = new Map<string, number>();
  const watch = (stage: Stage): Stage => ({
    ...stage,
    ...(stage.run && {
      run(x) {
        const outcome = stage.run?.(x);
        if (outcome instanceof Promise) awaited.set(stage.id, (awaited.get(stage.id) ?? 0) + 1);
        return outcome;
      },
    }),
  });
  const stages = (table: Stage[]): Stage[] => (controls.stages?.(table) ?? table).map(watch);
  await using g = await start({}, { ...controls, stages });
  // The first call fetches the key from the store.
  await ask(g, { model: "sim" });
  awaited.clear();
  const calls = 5;
  for (let i = 0; i < calls; i++) await ask(g, { model: "sim" });
  // On a busy machine what is cached may be looked up again between two calls, not at each.
  return [...awaited].filter(([, n]) => n >= calls).map(([id]) => `stage ${id} is awaited`);
};

const failoverMaxMs = 500;

/** A dead upstream is passed over at once. */
export const failoverIsQuick: Law = async (controls) => {
  await using b = await runUpstream((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(textOf);
  });
  const groups = [{ strategy: "priority", targets: ["u0", "u1"] }];
  const settings = {
    ...overUpstreams("http://127.0.0.1:9/v1", b.baseUrl),
    routes: { r: { models: ["m"], groups } },
  };
  await using g = await start(settings, controls);
  await ask(g);
  const found: string[] = [];
  let quickestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const startedMs = clock.monotonicMs();
    const status = await ask(g);
    quickestMs = Math.min(quickestMs, clock.monotonicMs() - startedMs);
    if (status !== 200) found.push(`a call failed with ${status}`);
  }
  // A busy machine adds to some calls, a retry to each.
  if (quickestMs > failoverMaxMs) found.push(`each call took more than ${failoverMaxMs} ms`);
  return found;
};

/** Who leaves frees the upstream: its connection is closed. */
export const leavingFreesTheUpstream: Law = async (controls) => {
  let closed = 0;
  await using a = await runUpstream((response) => {
    response.on("close", () => void closed++);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(delta("a"));
  });
  await using g = await start(overUpstreams(a.baseUrl), controls);
  const leave = new AbortController();
  const gone = ask(g, { stream: true }, leave.signal).catch(() => 0);
  await eventually(clock, () => a.bodies.length === 1, 10_000);
  leave.abort();
  await gone;
  return await eventually(clock, () => closed === 1, 5000).then(
    () => [],
    () => ["the upstream works for nobody"],
  );
};

/** A pool sees a dead upstream before a call meets it. */
export const deathIsSeenWhileIdle: Law = async (controls) => {
  const answer = (response: ServerResponse): void =>
    void response.writeHead(200, { "content-type": "application/json" }).end(textOf);
  const a = await runUpstream(answer);
  await using b = await runUpstream(answer);
  const backup = { min: 2, probeEvery: "100ms", deepEvery: "1m" };
  const route = { models: ["m"], groups: [{ targets: ["u0", "u1"] }], backup };
  const settings = { ...overUpstreams(a.baseUrl, b.baseUrl), routes: { r: route } };
  await using g = await start({ ...settings, breaker: staysOpen }, controls);
  const isReady = async (): Promise<boolean> =>
    (await sampleOf(g, 'loadline_pool_ready{route="r"}')) === 2;
  await eventually(clock, isReady, 10_000);
  await a[Symbol.asyncDispose]();
  const isSeen = async (): Promise<boolean> =>
    (await sampleOf(g, 'loadline_breaker_state{target="u0"}')) === 2;
  return await eventually(clock, isSeen, 5000).then(
    () => [],
    () => ["a dead upstream waits for a call"],
  );
};

/** No byte of an answer is in another. */
export const answersStayApart: Law = async (controls) => {
  await using a = await runUpstream((response, body) => {
    const content = /"n":(\d+)/.exec(body)?.[1] ?? "";
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(completion(`answer ${content}`)));
  });
  await using g = await start(overUpstreams(a.baseUrl), controls);
  for (let n = 0; n < 20; n++) {
    const answer = await g.post(path, { ...chat, metadata: { n } });
    const wanted = JSON.stringify(completion(`answer ${n}`));
    if ((await answer.text()) !== wanted) return [`answer ${n} is not its own`];
  }
  return [];
};

/** The upstream gets the client's bytes but for the model's name. */
export const bytesPassThrough: Law = async (controls) => {
  await using a = await runUpstream((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(textOf);
  });
  await using g = await start(overUpstreams(a.baseUrl), controls);
  const body = '{ "temperature":1.0e0,"model" :"m","messages":[ ],"x":12345678901234567890 }';
  await (await g.post(path, body)).text();
  const wanted = body.replace('"m"', '"big"');
  return a.bodies[0] === wanted ? [] : ["other bytes reached the upstream"];
};

/** Every choice of every chunk says which it is. */
export const chunksHaveIndex: Law = async (controls) => {
  await using g = await start({}, controls);
  const answer = await g.post(path, { model: "sim", messages, stream: true });
  const events = (await answer.text()).split("\n\n").filter((text) => text.startsWith("data: {"));
  const choices = events.flatMap((text): { index?: number }[] => {
    const value: { choices: { index?: number }[] } = JSON.parse(text.slice("data: ".length));
    return value.choices;
  });
  if (choices.length === 0) return ["no chunk came"];
  return choices.every(({ index }) => index === 0) ? [] : ["a chunk has no index"];
};

/** However a member's name is spelled, two of them are refused before anything is sent. */
export const spellingHidesNothing: Law = async (controls) => {
  await using a = await runUpstream((response) => void response.end(textOf));
  await using g = await start(overUpstreams(a.baseUrl), controls);
  const answer = await g.post(path, '{"model":"m","messages":[],"mo\\u0064el":"other"}');
  await answer.text();
  return answer.status === 400 && a.bodies.length === 0 ? [] : ["a second model got through"];
};

/** An open stream of less than the grace time ends whole while the gateway drains. */
export const drainLosesNothing: Law = async (controls) => {
  const target = { provider: "simulator", tokens: 30, latency: 0, tokensPerSecond: 50 };
  await using g = await start({ targets: { s: target } }, controls);
  const answer = await g.post(path, { model: "sim", messages, stream: true });
  const text = answer.text().catch(() => "");
  const { cut } = await g.gateway.close({ graceMs: 20_000 });
  const isWhole = (await text).trim().endsWith("data: [DONE]");
  return isWhole && cut === 0 ? [] : ["a stream was cut by the drain"];
};
