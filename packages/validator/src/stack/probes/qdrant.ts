import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, WireFault } from "../wire/fault.ts";
import { askQdrant, type QdrantContext } from "../wire/qdrant-session.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import { orTakeBack } from "../wire/take-back.ts";
import { askWeb, type WebAnswer, type WebRequest } from "../wire/web.ts";
import { refusedSeen } from "./refused.ts";
import { versionProbe } from "./version.ts";
import { webAnswers } from "./web-answers.ts";

type QdrantProbe = StackProbe<ServiceOf<"qdrant">>;

const title = /qdrant/i;

async function need(context: QdrantContext, request: WebRequest): Promise<WebAnswer> {
  const answer = await askQdrant(context, request);
  if (answer.status === 200) return answer;
  const said = `${request.method ?? "GET"} ${request.path} answered ${answer.status}`;
  throw new WireFault("protocol", said, answer.text);
}

const readBack: QdrantProbe = {
  kind: "qdrant",
  check: "read_back",
  summary: "write, find, delete",
  needs: ["answers"],
  checklist: ["R2-57"],
  severity: "critical",
  claim: () => ({
    statement: "the nearest of three points is found by its vector, and gone with its collection",
    category: "Operational Readiness",
    rationale: "A store that answers and finds nothing makes a model invent its sources.",
  }),
  saboteur: [{ when: "POST /collections", reply: '{"result":{"points":[{"id":2,"payload":{}}]}}' }],
  async run(context) {
    const path = `/collections/${context.mark}`;
    const left = `collection ${context.mark}`;
    const undo = (own: QdrantContext) => need(own, { method: "DELETE", path });
    return await orTakeBack(context, { left, undo }, async () => {
      const vectors = { size: 4, distance: "Cosine" };
      const version = context.facts.get("version") ?? "";
      if (/^0\.[0-9]\./.test(version)) {
        throw new LacksFeature(`Qdrant ${version} makes no collection by \`vectors\` (0.10).`);
      }
      await need(context, { method: "PUT", path, json: { vectors } });
      const found = await nearest(context, path);
      await need(context, { method: "DELETE", path });
      const after = await askQdrant(context, { path });
      const isGone = after.status === 404;
      const ok = found.isOurs && isGone;
      const seen = isGone
        ? found.seen
        : `${found.seen} After DELETE its collection was still there (${after.status}).`;
      const { answer } = found;
      return [{ ok, seen, raw: answer.text, reproduce: answer.curl }];
    });
  },
};

/** Writes three points and asks for the nearest to the first. @throws LacksFeature, WireFault */
async function nearest(context: QdrantContext, path: string) {
  const points = [1, 2, 3].map((id) => ({
    id,
    vector: [0, 1, 2, 3].map((at) => (at === id ? 1 : 0)),
    payload: { mark: `${context.mark}_${id}` },
  }));
  await need(context, { method: "PUT", path: `${path}/points?wait=true`, json: { points } });
  const query = { limit: 1, with_payload: true };
  const near = [0, 0.9, 0.1, 0];
  const json = { query: near, ...query };
  let answer = await askQdrant(context, { method: "POST", path: `${path}/points/query`, json });
  // Before version 1.10 there was search alone.
  if (answer.status === 404) {
    const old = { vector: near, ...query };
    answer = await askQdrant(context, { method: "POST", path: `${path}/points/search`, json: old });
  }
  if (answer.status === 404) throw new LacksFeature("It has neither points/query nor search.");
  if (answer.status !== 200) {
    const said = `The query was answered with ${answer.status}`;
    throw new WireFault("protocol", said, answer.text);
  }
  const list = valueIn(answer.json, "result.points") ?? valueIn(answer.json, "result");
  const mark = textIn(list, "0.payload.mark");
  const isOurs = mark === `${context.mark}_1`;
  const seen = isOurs ? "The nearest of three was found." : `The nearest was ${mark || "none"}.`;
  return { isOurs, seen, answer };
}

const locked: QdrantProbe = {
  kind: "qdrant",
  check: "locked",
  summary: "nobody comes in without the key",
  needs: ["answers"],
  checklist: ["R1-26"],
  severity: "critical",
  claim: (service) =>
    service.apiKey === undefined
      ? null
      : {
          statement: "collections are refused without the key and with another",
          category: "Security & Compliance",
          rationale: "An open store hands every document to whoever asks.",
          parts: ["no key", "wrong key"],
        },
  saboteur: [{ when: "GET /collections ", reply: '{"result":{"collections":[]}}' }],
  async run(context) {
    const bare = await askWeb(context, { path: "/collections" });
    const headers = ["api-key", "loadline-wrong-key"];
    const wrong = await askWeb(context, { path: "/collections", headers });
    return [refusedSeen("no key", bare), refusedSeen("wrong key", wrong)];
  },
};

/** Checks of Qdrant, in the order they run. */
export const qdrantProbes: readonly StackProbe[] = [
  webAnswers({
    kind: "qdrant",
    title: "Qdrant",
    path: "/",
    checklist: ["R2-57"],
    rationale: "Everything that is looked up by its meaning waits for this store.",
    read: ({ json }) =>
      title.test(textIn(json, "title")) ? textIn(json, "version") || "unknown" : null,
    saboteur: [{ when: "GET / ", reply: "<html>welcome</html>" }],
  }),
  versionProbe("qdrant", "answers", [
    { when: "GET / ", reply: '{"title":"qdrant","version":"1.0.1"}' },
  ]),
  readBack,
  locked,
];
