import type { Exchange, Refusal } from "./exchange.ts";
import type { OperationId } from "./operations.ts";
import type { Stage } from "./stage.ts";

/** What the gateway says of itself. */
export interface LocalAnswers {
  /** Model names in configuration order. */
  models(): readonly string[];
  /** Start of the gateway, seconds since the epoch. */
  readonly createdSeconds: number;
  /** Reasons why it is not ready; empty when it is. */
  notReady(): readonly string[];
  /** Which build this is: what `/` answers. */
  about(): unknown;
  health(): HealthAnswer | Promise<HealthAnswer>;
  metricsText(): string | Promise<string>;
}

/** What /health answers; 503 unless `isOk`. */
export interface HealthAnswer {
  readonly isOk: boolean;
  readonly body: unknown;
}

interface LocalAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Answered = LocalAnswer | Refusal | Promise<LocalAnswer>;

const openMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Answers the operations that need no upstream. */
export function answerStage(local: LocalAnswers): Stage {
  const model = (id: string): unknown => ({
    id,
    object: "model",
    created: local.createdSeconds,
    owned_by: "loadline",
  });
  /** A key that is narrowed to models sees no others. */
  const modelsOf = (x: Exchange): readonly string[] => {
    const granted = x.principal?.limits.models;
    return granted ? local.models().filter((id) => granted.has(id)) : local.models();
  };
  const answers: Partial<Record<OperationId, (x: Exchange) => Answered>> = {
    "models.list": (x) => json(200, { object: "list", data: modelsOf(x).map(model) }),
    "models.get": (x) =>
      modelsOf(x).includes(x.pathParam ?? "")
        ? json(200, model(x.pathParam ?? ""))
        : { code: "LL_MODEL_UNKNOWN", param: "model" },
    root: () => json(200, local.about()),
    healthz: () => json(200, { status: "ok" }),
    readyz() {
      const reasons = local.notReady();
      return reasons.length === 0
        ? json(200, { status: "ready" })
        : json(503, { status: "not_ready", reasons });
    },
    health() {
      const health = local.health();
      return health instanceof Promise ? health.then(healthAnswer) : healthAnswer(health);
    },
    metrics() {
      const text = local.metricsText();
      return typeof text === "string" ? metricsAnswer(text) : text.then(metricsAnswer);
    },
  };
  return {
    id: "answer",
    summary: "models, health, metrics",
    wired: (operation) => answers[operation.id] !== undefined,
    run(x) {
      const answer = answers[x.operation.id]?.(x);
      if (!(answer instanceof Promise)) return answer && send(x, answer);
      return answer.then((late) => (x.isOver ? undefined : send(x, late)));
    },
  };
}

function send(x: Exchange, answer: LocalAnswer | Refusal): Refusal | undefined {
  if ("code" in answer) return answer;
  const headers = ["content-type", answer.type, "x-request-id", x.id];
  headers.push("cache-control", "no-store");
  if (x.isAuthStale) headers.push("x-loadline-degraded", "auth");
  x.client.answer(answer.status, headers, answer.body);
  const reason = answer.status === 200 ? "ok" : "refused";
  x.exit({ reason, status: answer.status });
  return undefined;
}

function healthAnswer({ isOk, body }: HealthAnswer): LocalAnswer {
  return json(isOk ? 200 : 503, body);
}

function metricsAnswer(body: string): LocalAnswer {
  return { status: 200, type: openMetricsType, body };
}

function json(status: number, value: unknown): LocalAnswer {
  return { status, type: "application/json", body: JSON.stringify(value) };
}
