import type { Exec, ExecContext, IterationEnd } from "../../engine/exec.ts";
import type { Answer, At } from "../asked.ts";
import type { RagOptions } from "./options.ts";
import { RagClient } from "./rag-client.ts";

/** A scenario of documents alone: step 0 is the ingest, step 1 the query. */
export interface RagScenario extends RagOptions {
  /** Share of iterations that ingest (0..1), spread evenly; the rest asks. */
  readonly ingestShare: number;
  /** Text of each document, before its canary. */
  readonly text: string;
  /** Asked in turn; absent: canaries are asked for. */
  readonly questions?: readonly string[];
}

/** The Exec of such a scenario. */
export function createRagExec(o: RagScenario, context: ExecContext): Exec {
  const client = new RagClient(o, context);
  const { ingestShare, questions = [] } = o;
  let begun = 0;
  return {
    start({ index, intendedMs, wakeMs }, ended) {
      const done = (answer: Answer): void => ended(endOf(answer));
      const turn = begun++;
      // Exactly the share, whatever the number of iterations; the first one ingests.
      const isIngest = Math.ceil((turn + 1) * ingestShare) > Math.ceil(turn * ingestShare);
      const at: At = { step: isIngest ? 0 : 1, index, intendedMs, wakeMs };
      if (isIngest) client.ingest(o.text, at, done);
      else client.query(questions[index % questions.length] ?? null, at, done);
    },
    close: async () => await client.close(),
  };
}

function endOf({ outcome, flight }: Answer): IterationEnd {
  if (outcome === "ok") return "ok";
  return flight.status === 0 ? "refused" : "bad";
}
