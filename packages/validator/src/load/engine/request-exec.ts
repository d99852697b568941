import type { LoadClient } from "../clients/client.ts";
import { createHttpClient } from "../clients/http.ts";
import { llmFigures } from "../clients/llm/figures.ts";
import { createLlmClient } from "../clients/llm/llm-client.ts";
import { loadErrors } from "../errors.ts";
import type { LoadRequest, Scenario } from "../types.ts";
import type { Ask, Exec, ExecContext, Iteration, IterationEnd } from "./exec.ts";
import type { Flight, LoadOutcome } from "./flight.ts";

/** The scenario with only a `request`: an iteration is that request. */
export function createRequestExec(scenario: Scenario, context: ExecContext): Exec {
  const { request } = scenario;
  if (request === undefined) throw new TypeError(`${context.name} has no request`);
  const client = createClient(request, context);
  const asks: OneAsk[] = [];
  return {
    start(it, ended) {
      const ask = (asks[it.vu] ??= new OneAsk(client));
      ask.set(it, ended);
      context.send(ask);
    },
  };
}

/** One per user, so that a request makes no object of its own but its flight. */
class OneAsk implements Ask {
  readonly step = 0;
  readonly client: LoadClient;
  index = 0;
  intendedMs = 0;
  wakeMs = 0;
  #ended: (end: IterationEnd) => void = () => {};

  constructor(client: LoadClient) {
    this.client = client;
  }

  set(it: Iteration, ended: (end: IterationEnd) => void): void {
    this.index = it.index;
    this.intendedMs = it.intendedMs;
    this.wakeMs = it.wakeMs;
    this.#ended = ended;
  }

  readonly answered = (flight: Flight, outcome: LoadOutcome): void => {
    this.#ended(endOf(flight, outcome));
  };
}

/** The end of an iteration whose last request was this one. */
export function endOf(flight: Flight, outcome: LoadOutcome): IterationEnd {
  if (outcome === "ok") return "ok";
  return flight.status === 0 ? "refused" : "bad";
}

function createClient(request: LoadRequest, context: ExecContext): LoadClient {
  const { base, name, seed } = context;
  try {
    if (request.kind === "http") return createHttpClient(request, base);
    return createLlmClient(request, base, {
      seed,
      ...llmFigures(context),
    });
  } catch (cause) {
    const text = `load.scenarios.${name}.request cannot be written as HTTP/1.1.`;
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", text, { cause });
  }
}
