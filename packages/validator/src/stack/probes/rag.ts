import type { StackContext, StackProbe, StackRule } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, WireFault } from "../wire/fault.ts";
import { recordsIn, textIn } from "../wire/shape.ts";
import { needGone, orTakeBack, takeBack } from "../wire/take-back.ts";
import { askWeb, type WebAnswer } from "../wire/web.ts";

type RagProbe = StackProbe<ServiceOf<"rag">>;
type RagContext = StackContext<ServiceOf<"rag">>;

const shared = { kind: "rag", checklist: ["R2-57"] } as const;
const lookMs = 100;

const tenantOf = ({ service }: RagContext, at: number): readonly string[] =>
  service.tenants[at] === undefined ? [] : [service.tenantHeader, service.tenants[at]];

/** @throws LacksFeature where the service has no such route, WireFault for another refusal. */
async function write(context: RagContext, id: string, text: string): Promise<WebAnswer> {
  const { documents: path } = context.service;
  const headers = tenantOf(context, 0);
  const answer = await askWeb(context, { method: "POST", path, headers, json: { id, text } });
  if ([404, 405, 501].includes(answer.status)) {
    throw new LacksFeature(`POST ${path} answered ${answer.status}: no such route.`);
  }
  if (answer.status >= 300) {
    throw new WireFault("protocol", `POST ${path} answered ${answer.status}`, answer.text);
  }
  return answer;
}

async function find(context: RagContext, canary: string, tenant: number) {
  const { query: path } = context.service;
  const json = { query: canary, top_k: 5 };
  const headers = tenantOf(context, tenant);
  const answer = await askWeb(context, { method: "POST", path, headers, json });
  if ([404, 405, 501].includes(answer.status)) {
    throw new LacksFeature(`POST ${path} answered ${answer.status}: no such route.`);
  }
  // A tenant who is let in nowhere has found nothing; a search that fails shows nothing.
  const isShut = tenant > 0 && (answer.status === 401 || answer.status === 403);
  if (answer.status >= 300 && !isShut) {
    throw new WireFault("protocol", `POST ${path} answered ${answer.status}`, answer.text);
  }
  const texts = recordsIn(answer.json, "results").map((one) => textIn(one, "text"));
  return { answer, isFound: texts.some((text) => text.includes(canary)) };
}

/** Looks until the canary is there or gone, for a third of the check's time. */
async function until(context: RagContext, canary: string, wanted: boolean) {
  const endMs = context.clock.monotonicMs() + context.timeoutMs / 3;
  for (;;) {
    const seen = await find(context, canary, 0);
    if (seen.isFound === wanted || context.clock.monotonicMs() > endMs) return seen;
    await context.clock.sleep(lookMs, context.signal);
  }
}

async function erase(context: RagContext, id: string): Promise<WebAnswer> {
  const path = `${context.service.documents}/${encodeURIComponent(id)}`;
  return await askWeb(context, { method: "DELETE", path, headers: tenantOf(context, 0) });
}

async function undoWrite(context: RagContext, id: string): Promise<void> {
  needGone(await erase(context, id), `${context.service.documents}/${id}`);
}

const readBack: RagProbe = {
  ...shared,
  check: "read_back",
  summary: "a canary is found, and gone once it was deleted",
  needs: [],
  severity: "critical",
  claim: () => ({
    statement: "a document written is found by its own words, and not after DELETE",
    category: "Operational Readiness",
    rationale:
      "A store that forgets gives a model nothing to quote, and one that does not, too much.",
    parts: ["found", "deleted"],
  }),
  saboteur: [{ when: "DELETE /rag/documents", reply: "{}" }] satisfies StackRule[],
  async run(context) {
    const id = `${context.mark}_read`;
    const canary = `canary ${id}`;
    const undo = (own: RagContext) => undoWrite(own, id);
    const { there, gone, after } = await orTakeBack(context, { left: id, undo }, async () => {
      await write(context, id, `${canary} stands in one document`);
      const found = await until(context, canary, true);
      const erased = await erase(context, id);
      return { there: found, gone: erased, after: await until(context, canary, false) };
    });
    const found = there.isFound ? "found" : "not found";
    const left = after.isFound ? "still found" : "no longer found";
    return [
      {
        ok: there.isFound,
        seen: `The canary was ${found}.`,
        part: "found",
        reproduce: there.answer.curl,
      },
      {
        ok: there.isFound && !after.isFound && gone.status < 300,
        seen: `DELETE answered ${gone.status}; the canary is ${left}.`,
        part: "deleted",
        reproduce: gone.curl,
      },
    ];
  },
};

const isolation: RagProbe = {
  ...shared,
  check: "isolation",
  summary: "one tenant does not find what another wrote",
  needs: ["read_back"],
  severity: "critical",
  claim: (service) =>
    service.tenants.length < 2
      ? null
      : {
          statement: "what one tenant wrote is found by it and not by the other",
          category: "Security & Compliance",
          rationale: "A leak between tenants is a breach, however good the answer.",
        },
  saboteur: [
    {
      when: 'POST /rag/query {"query":"canary of one tenant',
      reply: '{"results":[{"text":"canary of one tenant $MARK"}]}',
    },
  ],
  async run(context) {
    const id = `${context.mark}_own`;
    const canary = `canary of one tenant ${id}`;
    const undo = (to: RagContext) => undoWrite(to, id);
    const { own, other } = await orTakeBack(context, { left: id, undo }, async () => {
      await write(context, id, canary);
      const found = await until(context, canary, true);
      return { own: found, other: await find(context, canary, 1) };
    });
    const held = recordsIn(other.answer.json, "results").some((one) =>
      textIn(one, "text").includes("canary of one tenant"),
    );
    await takeBack(context, id, undo);
    const seen = `Its own tenant ${own.isFound ? "found" : "did not find"} it, the other ${held ? "found it too" : "did not"}.`;
    return [{ ok: own.isFound && !held, seen, reproduce: other.answer.curl }];
  },
};

/** Checks of a store of documents, in the order they run. */
export const ragProbes: readonly RagProbe[] = [readBack, isolation];
