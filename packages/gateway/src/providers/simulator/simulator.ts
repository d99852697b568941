import type { Clock, Timer } from "@loadline/kit/clock";
import type { Upstream, UpstreamRequest, UpstreamSink } from "../../upstream/upstream.ts";
import type { SimulatorSettings } from "./index.ts";

const jsonHead = ["content-type", "application/json"] as const;
const sseHead = ["content-type", "text/event-stream"] as const;
const charsPerToken = 4;

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
  const promptTokens = Math.ceil(request.body.length / charsPerToken);
  if (request.operation === "embeddings")
    return [whole(s.latency, 200, embedding(s, promptTokens))];
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: s.tokens,
    total_tokens: promptTokens + s.tokens,
  };
  return request.isStream ? stream(s, plan, usage) : [whole(s.latency, 200, chat(s, plan, usage))];
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

function stream(s: SimulatorSettings, plan: Plan, usage: unknown): Step[] {
  const event = (waitMs: number, choices: unknown[], more: object = {}): Step => ({
    waitMs,
    act: (sink) =>
      sink.data(
        Buffer.from(
          `data: ${JSON.stringify({ id: plan.id, object: "chat.completion.chunk", created: 0, model: s.model, choices, ...more })}\n\n`,
        ),
      ),
  });
  const choice = (delta: object, finish: string | null): unknown => ({
    index: 0,
    delta,
    finish_reason: finish,
  });
  const gapMs = 1000 / s.tokensPerSecond;
  const steps: Step[] = [
    { waitMs: 0, act: (sink) => sink.head(200, sseHead) },
    event(0, [choice({ role: "assistant", content: "" }, null)]),
  ];
  const count = plan.isCut ? Math.ceil(s.tokens / 2) : s.tokens;
  for (let i = 0; i < count; i++)
    steps.push(event(i === 0 ? s.latency : gapMs, [choice({ content: word(i) }, null)]));
  if (plan.isCut) {
    return [...steps, { waitMs: 0, act: (sink) => sink.fail("reset", "planned cut") }];
  }
  return [
    ...steps,
    event(0, [choice({}, "stop")]),
    event(0, [], { usage }),
    {
      waitMs: 0,
      act(sink) {
        sink.data(Buffer.from("data: [DONE]\n\n"));
        sink.end();
      },
    },
  ];
}

function chat(s: SimulatorSettings, plan: Plan, usage: unknown): unknown {
  const content = Array.from({ length: s.tokens }, (_, i) => word(i)).join("");
  return {
    id: plan.id,
    object: "chat.completion",
    created: 0,
    model: s.model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage,
  };
}

function embedding(s: SimulatorSettings, promptTokens: number): unknown {
  const values = Array.from({ length: s.dimensions }, (_, i) => (i + 1) / s.dimensions);
  return {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: values }],
    model: s.model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}

function errorBody(status: number): unknown {
  return {
    error: { message: `planned error ${status}`, type: "server_error", code: null, param: null },
  };
}

function word(index: number): string {
  return index === 0 ? "word0" : ` word${index}`;
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
