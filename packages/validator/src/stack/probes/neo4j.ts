import type { JsonRecord } from "@loadline/kit/json";
import type { StackContext, StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, WireFault } from "../wire/fault.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import { orTakeBack } from "../wire/take-back.ts";
import { askWeb, lacksRoute, type WebAnswer, type WebRequest } from "../wire/web.ts";
import { refusedSeen } from "./refused.ts";
import { versionProbe } from "./version.ts";
import { webAnswers } from "./web-answers.ts";

type Neo4jProbe = StackProbe<ServiceOf<"neo4j">>;
type Neo4jContext = StackContext<ServiceOf<"neo4j">>;

const shared = { kind: "neo4j", checklist: ["R2-57"] } as const;

/** One statement over the query API. @throws LacksFeature where the version has none. */
async function query(
  context: Neo4jContext,
  statement: string,
  o: { readonly parameters?: JsonRecord; readonly login?: WebRequest["login"] } = {},
): Promise<WebAnswer> {
  const path = `/db/${context.service.database}/query/v2`;
  const { parameters = {}, login = "manifest" } = o;
  const json = { statement, parameters };
  const answer = await askWeb(context, { method: "POST", path, json, login });
  if (lacksRoute(answer) && valueIn(answer.json, "errors") === undefined) {
    throw new LacksFeature(`Neo4j ${context.facts.get("version") ?? ""} has no ${path}.`);
  }
  return answer;
}

async function value(context: Neo4jContext, statement: string): Promise<unknown> {
  const parameters = { mark: context.mark };
  const answer = await query(context, statement, { parameters });
  if (answer.status < 300) return valueIn(answer.json, "data.values.0.0");
  const said = textIn(answer.json, "errors.0.message");
  throw new WireFault("protocol", `the query was answered with ${answer.status} ${said}`.trim());
}

const login: Neo4jProbe = {
  ...shared,
  check: "login",
  summary: "the login of the manifest",
  needs: ["answers"],
  severity: "critical",
  claim: () => ({
    statement: "the declared login is let in to the declared database",
    category: "Operational Readiness",
    rationale: "A service with a wrong credential is down for whoever holds it.",
  }),
  saboteur: [{ when: 'POST /db/neo4j/query/v2 {"statement":"RETURN 1', status: 401, reply: "{}" }],
  async run(context) {
    const answer = await query(context, "RETURN 1");
    const ok = answer.status < 300 && valueIn(answer.json, "data.values.0.0") === 1;
    const seen = `RETURN 1 was answered with ${answer.status}${ok ? " and 1" : ""}.`;
    return [{ ok, seen, raw: answer.text, reproduce: answer.curl }];
  },
};

const locked: Neo4jProbe = {
  ...shared,
  check: "locked",
  summary: "nobody comes in without the password",
  needs: ["login"],
  checklist: ["R1-26"],
  severity: "critical",
  claim: (service) =>
    service.password === undefined
      ? null
      : {
          statement: "no login, a wrong password and the maker's own are refused",
          category: "Security & Compliance",
          rationale: "The graph of everything is worth more than any table.",
          parts: ["no login", "wrong password", "maker's password"],
        },
  saboteur: [{ when: 'POST /db/neo4j/query/v2 {"statement":"RETURN 2', reply: "{}" }],
  async run(context) {
    const tried: readonly (readonly [string, WebRequest["login"]])[] = [
      ["no login", "none"],
      ["wrong password", { user: context.service.user ?? "neo4j", password: "loadline-wrong" }],
      ["maker's password", { user: "neo4j", password: "neo4j" }],
    ];
    const all = [];
    for (const [part, as] of tried) {
      // A maker's password that must be changed first lets nobody read, with 403.
      all.push(refusedSeen(part, await query(context, "RETURN 2", { login: as })));
    }
    return all;
  },
};

const readBack: Neo4jProbe = {
  ...shared,
  check: "read_back",
  summary: "write, read back, delete",
  needs: ["login"],
  severity: "critical",
  claim: () => ({
    statement: "a node written is found by its property, and gone after DELETE",
    category: "Operational Readiness",
    rationale: "A follower or a full disk answers reads and refuses every write.",
  }),
  saboteur: [
    { when: 'POST /db/neo4j/query/v2 {"statement":"MATCH', reply: '{"data":{"values":[[0]]}}' },
  ],
  async run(context) {
    const count = "MATCH (n:LoadlineProbe {mark: $mark}) RETURN count(n)";
    const erase = "MATCH (n:LoadlineProbe {mark: $mark}) DETACH DELETE n RETURN 1";
    const left = `node :LoadlineProbe ${context.mark}`;
    const undo = (own: Neo4jContext) => value(own, erase);
    return await orTakeBack(context, { left, undo }, async () => {
      await value(context, "CREATE (n:LoadlineProbe {mark: $mark}) RETURN 1");
      const before = await value(context, count);
      await value(context, erase);
      const after = await value(context, count);
      const seen = `${String(before)} nodes after CREATE, ${String(after)} after DELETE.`;
      const { curl } = await query(context, count, { parameters: { mark: context.mark } });
      return [{ ok: before === 1 && after === 0, seen, reproduce: curl }];
    });
  },
};

/** Checks of Neo4j, in the order they run. */
export const neo4jProbes: readonly StackProbe[] = [
  webAnswers({
    kind: "neo4j",
    title: "Neo4j",
    path: "/",
    checklist: ["R2-57"],
    rationale: "What is known of relations is asked of this store.",
    // Before version 4 its first page named its two APIs, and told its version to nobody.
    read: ({ json }) =>
      textIn(json, "neo4j_version") ||
      (textIn(json, "data").endsWith("/db/data/") && textIn(json, "management") !== ""
        ? "unknown"
        : null),
    saboteur: [{ when: "GET / ", reply: "<html>welcome</html>" }],
  }),
  versionProbe("neo4j", "answers", [{ when: "GET / ", reply: '{"neo4j_version":"3.5.0"}' }]),
  login,
  locked,
  readBack,
];
