import type { Clock, Timer } from "@loadline/kit/clock";
import { parseJson } from "@loadline/kit/json";
import { recordOf } from "../../dialects/json.ts";
import type { Upstream, UpstreamRequest, UpstreamSink } from "../../upstream/upstream.ts";
import type { SimulatorSettings } from "./index.ts";
import { type Reply, replyTo } from "./reply.ts";

const jsonHead = ["content-type", "application/json"] as const;
const sseHead = ["content-type", "text/event-stream"] as const;

/** Answers by its settings and a request counter only: equal settings give equal answers. */
export function createSimulator(settings: SimulatorSettings, clock: Clock): Upstream {
  let requests = 0;
  let streams = 0;
  const isDue = (every: number, count: number): boolean => every > 0 && count % every === 0;
  return {
    call(request, sink) {
      requests++;
      if (request.isStream) streams++;
      const plan = {
        id: `chatcmpl-sim${requests}`,
        isError: isDue(settings.errorEvery, requests),
        isCut: request.isStream && isDue(settings.cutEvery, streams),
      };
      return play(clock, script(settings, request, plan), sink);
    },
    keys: [],
    isReady: () => true,
    close: () => Promise.resolve(),
  };
}

interface Plan {
  readonly id: string;
  readonly isError: boolean;
  readonly isCut: boolean;
}

/** One thing the simulated upstream does, `waitMs` after the one before. */
interface Step {
  readonly waitMs: number;
  act(sink: UpstreamSink): void;
}

function script(s: SimulatorSettings, request: UpstreamRequest, plan: Plan): Step[] {
  if (plan.isError) return [whole(s.latency, s.errorStatus, errorBody(s.errorStatus))];
  if (request.operation === "probe") return [whole(0, 200, { object: "list", data: [] })];
  const reply = replyTo(s, request);
  if (request.operation === "embeddings")
    return [whole(s.latency, 200, embedding(s, request, reply.usage.prompt_tokens))];
  const answer = request.operation === "completions" ? completion : chat;
  const voice: Voice = { s, plan, reply, isText: request.operation === "completions" };
  return request.isStream ? stream(voice) : [whole(s.latency, 200, answer(voice))];
}

/** One answer and the shape it is given in. */
interface Voice {
  readonly s: SimulatorSettings;
  readonly plan: Plan;
  readonly reply: Reply;
  /** Completions instead of chat. */
  readonly isText: boolean;
}

function whole(waitMs: number, status: number, body: unknown): Step {
  return {
    waitMs,
    act(sink) {
      sink.head(status, jsonHead);
      sink.data(Buffer.from(JSON.stringify(body)));
      sink.end();
    },
  };
}

function stream(voice: Voice): Step[] {
  const { s, plan, reply } = voice;
  const event = (waitMs: number, choices: unknown[], more: object = {}): Step => ({
    waitMs,
    act: (sink) => sink.data(chunk(voice, choices, more)),
  });
  const gapMs = 1000 / s.tokensPerSecond;
  const steps: Step[] = [{ waitMs: 0, act: (sink) => sink.head(200, sseHead) }];
  const opening = choice(voice, { role: "assistant", content: "" }, null);
  if (!voice.isText) steps.push(event(0, [opening]));
  const count = plan.isCut ? Math.ceil(reply.pieces.length / 2) : reply.pieces.length;
  reply.pieces.slice(0, count).forEach((piece, i) => {
    const said = choice(voice, deltaOf(voice, piece, i), null);
    steps.push(event(i === 0 ? s.latency : gapMs, [said]));
  });
  if (plan.isCut) {
    return [...steps, { waitMs: 0, act: (sink) => sink.fail("reset", "planned cut") }];
  }
  return [
    ...steps,
    event(0, [choice(voice, {}, reply.finish)]),
    event(0, [], { usage: reply.usage }),
    {
      waitMs: 0,
      act(sink) {
        sink.data(Buffer.from("data: [DONE]\n\n"));
        sink.end();
      },
    },
  ];
}

function chunk({ s, plan, isText }: Voice, choices: unknown[], more: object): Buffer {
  const object = isText ? "text_completion" : "chat.completion.chunk";
  const value = { id: plan.id, object, created: 0, model: s.model, choices, ...more };
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

function choice({ isText }: Voice, delta: object, finish: string | null): unknown {
  const rest = { index: 0, logprobs: null, finish_reason: finish };
  return isText ? { text: "", ...delta, ...rest } : { delta, ...rest };
}

function deltaOf({ plan, reply, isText }: Voice, piece: string, index: number): object {
  if (isText) return { text: piece };
  if (reply.tool === undefined) return { content: piece };
  const called = { ...(index === 0 && { name: reply.tool }), arguments: piece };
  const first = index === 0 && { id: `call_${plan.id}`, type: "function" };
  return { tool_calls: [{ index: 0, ...first, function: called }] };
}

function chat({ s, plan, reply }: Voice): unknown {
  const text = reply.pieces.join("");
  const called = { name: reply.tool, arguments: text };
  const call = { id: `call_${plan.id}`, type: "function", function: called };
  const said = reply.tool === undefined ? { content: text } : { content: null, tool_calls: [call] };
  const message = { role: "assistant", ...said, refusal: null };
  return {
    id: plan.id,
    object: "chat.completion",
    created: 0,
    model: s.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: reply.finish }],
    usage: reply.usage,
  };
}

function completion(voice: Voice): unknown {
  const { s, plan, reply } = voice;
  return {
    id: plan.id,
    object: "text_completion",
    created: 0,
    model: s.model,
    choices: [choice(voice, { text: reply.pieces.join("") }, reply.finish)],
    usage: reply.usage,
  };
}

function embedding(s: SimulatorSettings, request: UpstreamRequest, promptTokens: number): unknown {
  const values = Array.from({ length: s.dimensions }, (_, i) => (i + 1) / s.dimensions);
  const body = recordOf(parseJson(request.body.toString()));
  const isBase64 = body["encoding_format"] === "base64";
  const shown = isBase64
    ? Buffer.from(Float32Array.from(values).buffer).toString("base64")
    : values;
  const inputs = Array.isArray(body["input"]) ? body["input"] : [""];
  const count = typeof inputs[0] === "number" ? 1 : inputs.length;
  return {
    object: "list",
    data: Array.from({ length: count }, (_, index) => ({
      object: "embedding",
      index,
      embedding: shown,
    })),
    model: s.model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}

function errorBody(status: number): unknown {
  return {
    error: { message: `planned error ${status}`, type: "server_error", code: null, param: null },
  };
}

function play(clock: Clock, steps: readonly Step[], sink: UpstreamSink) {
  let next = 0;
  let isOver = false;
  let isPaused = false;
  let timer: Timer | undefined;
  const run = (): void => {
    timer = undefined;
    for (;;) {
      const step = steps[next];
      if (isOver || isPaused || !step) return;
      next++;
      step.act(sink);
      const waitMs = steps[next]?.waitMs ?? 0;
      if (waitMs > 0) {
        timer = clock.after(waitMs, run);
        return;
      }
    }
  };
  timer = clock.after(steps[0]?.waitMs ?? 0, run);
  return {
    abort(): void {
      isOver = true;
      timer?.cancel();
    },
    pause: (): void => void (isPaused = true),
    resume(): void {
      if (!isPaused) return;
      isPaused = false;
      if (!timer) timer = clock.after(0, run);
    },
  };
}
