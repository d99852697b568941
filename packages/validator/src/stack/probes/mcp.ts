import { isRecord, type JsonRecord } from "@loadline/kit/json";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { protocolsOf } from "../services/mcp.ts";
import { shownSecret } from "../secrets.ts";
import { shownUrl } from "../wire/query-secrets.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import {
  closeMcp,
  firstAnswer,
  type McpContext,
  type McpSession,
  needResult,
  openMcp,
  tell,
} from "../wire/mcp-session.ts";
import { WireFault } from "../wire/fault.ts";
import { webUrl } from "../wire/web.ts";

type McpProbe = StackProbe<ServiceOf<"mcp">>;

const shared = { kind: "mcp", checklist: ["R2-57"] } as const;
const pagesMax = 20;
const post = 'POST / {"jsonrpc":"2.0","method":';

/** Asks the same of every declared version; what one of them cannot answer is its own part. */
async function eachVersion(
  context: McpContext,
  look: (session: McpSession) => Promise<Omit<StackSeen, "part">>,
): Promise<StackSeen[]> {
  const all: StackSeen[] = [];
  for (const part of protocolsOf(context.service)) {
    try {
      const session = await openMcp(context, part);
      try {
        all.push({ ...(await look(session)), part });
      } finally {
        if (!context.signal.aborted) await closeMcp(context, session);
      }
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      const reproduce = [
        "curl",
        "-sS",
        "-i",
        "-m",
        "10",
        shownUrl(webUrl(context.service, "").href, shownSecret),
      ];
      all.push({ ok: false, seen: `${error.message}.`, raw: error.raw, part, reproduce });
    }
  }
  return all;
}

async function listed(context: McpContext, session: McpSession) {
  const tools: JsonRecord[] = [];
  let cursor: string | undefined;
  for (let page = 1; page <= pagesMax; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const { result, answer } = await needResult(context, session, "tools/list", params);
    if (!Array.isArray(result["tools"])) {
      throw new WireFault("protocol", "tools/list gave no list of tools", answer.text);
    }
    tools.push(...recordsIn(result, "tools"));
    cursor = textIn(result, "nextCursor");
    if (cursor === "") return { tools, answer };
  }
  throw new WireFault("protocol", `tools/list has more than ${pagesMax} pages`);
}

const opens: McpProbe = {
  ...shared,
  check: "opens",
  summary: "a conversation begins",
  needs: [],
  severity: "critical",
  claim: (service) => ({
    statement: "a client of each declared version is let in and answered in that version",
    category: "Operational Readiness",
    rationale: "A client whose version is refused has no tools at all.",
    parts: protocolsOf(service),
  }),
  saboteur: [{ when: `${post}"initialize"`, reply: '{"jsonrpc":"2.0","id":1,"result":{}}' }],
  run: (context) =>
    eachVersion(context, async (session) => {
      const opened = await firstAnswer(context, session);
      const isIn = opened.status === 200;
      const kept = session.id === "" ? "keeps no session" : "keeps a session";
      const seen = `It answered ${opened.status} in ${session.version} and ${kept}.`;
      return { ok: isIn, seen, raw: opened.text, reproduce: opened.curl };
    }),
};

const tools: McpProbe = {
  ...shared,
  check: "tools",
  summary: "tools are listed",
  needs: ["opens"],
  severity: "high",
  claim: (service) => ({
    statement: "every tool is listed with a name and a schema, the declared ones among them",
    category: "Operational Readiness",
    rationale: "A model cannot use a tool it is not told of.",
    parts: protocolsOf(service),
  }),
  saboteur: [
    {
      when: `${post}"tools/list"`,
      reply:
        '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{"name":"other","inputSchema":{"type":"object"}}]}}',
    },
  ],
  run: (context) =>
    eachVersion(context, async (session) => {
      const { tools: found, answer } = await listed(context, session);
      const names = found.map((tool) => textIn(tool, "name"));
      const bare = found.filter(
        (tool) => textIn(tool, "name") === "" || textIn(tool, "inputSchema.type") !== "object",
      );
      const missing = context.service.tools.filter((name) => !names.includes(name));
      const twice = names.length - new Set(names).size;
      const ok = found.length > 0 && bare.length + missing.length + twice === 0;
      const lacks = missing.length === 0 ? "" : `; not listed: ${missing.join(", ")}`;
      const seen = `${found.length} tools are listed, ${bare.length} without name or schema, ${twice} twice${lacks}.`;
      return { ok, seen, raw: answer.text, reproduce: answer.curl };
    }),
};

function filled(value: unknown, mark: string): unknown {
  if (typeof value === "string") return value.replaceAll("$MARK", mark);
  if (Array.isArray(value)) return value.map((one: unknown) => filled(one, mark));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, mark)]));
}

const call: McpProbe = {
  ...shared,
  check: "call",
  summary: "a tool is called",
  needs: ["opens"],
  severity: "high",
  claim: (service) =>
    service.call === undefined
      ? null
      : {
          statement: `the tool ${service.call.tool} gives the declared answer`,
          category: "Operational Readiness",
          rationale: "A list of tools says nothing about what is behind them.",
          parts: protocolsOf(service),
        },
  saboteur: [
    {
      when: `${post}"tools/call","id":1,"params":{"name":"echo"`,
      reply:
        '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","isError":true,"content":[{"type":"text","text":"boom"}]}}',
    },
  ],
  run: (context) =>
    eachVersion(context, async (session) => {
      const { tool = "", arguments: given = {}, expect = "" } = context.service.call ?? {};
      const params = { name: tool, arguments: filled(given, context.mark) };
      const { result, answer } = await needResult(context, session, "tools/call", params);
      const content = recordsIn(result, "content");
      const text = content.map((one) => textIn(one, "text")).join("\n");
      const wanted = expect.replaceAll("$MARK", context.mark);
      const isError = result["isError"] === true;
      const isComplete = [undefined, "complete"].includes(
        typeof result["resultType"] === "string" ? result["resultType"] : undefined,
      );
      const ok =
        !isError && isComplete && Array.isArray(result["content"]) && text.includes(wanted);
      const what = isError ? "an error of the tool" : `${content.length} pieces of content`;
      const held =
        expect === "" ? "" : `, the expected text ${text.includes(wanted) ? "" : "not "}in them`;
      return {
        ok,
        seen: `${tool} gave ${what}${held}.`,
        raw: answer.text,
        reproduce: answer.curl,
      };
    }),
};

const errors: McpProbe = {
  ...shared,
  check: "errors",
  summary: "what does not exist is refused",
  needs: ["opens"],
  severity: "medium",
  claim: (service) => ({
    statement: "an unknown method is answered with -32601 and an unknown tool with an error",
    category: "Operational Readiness",
    rationale: "A client told of success for what does not exist goes on with nothing.",
    parts: protocolsOf(service),
  }),
  saboteur: [{ when: `${post}"loadline/none"`, reply: '{"jsonrpc":"2.0","id":1,"result":{}}' }],
  run: (context) =>
    eachVersion(context, async (session) => {
      const method = await tell(context, session, "loadline/none");
      const code = valueIn(method.message, "error.code");
      const params = { name: `${context.mark}_none`, arguments: {} };
      const tool = await tell(context, session, "tools/call", params);
      const isRefused =
        typeof valueIn(tool.message, "error.code") === "number" ||
        valueIn(tool.message, "result.isError") === true;
      const said = typeof code === "number" ? String(code) : "no error";
      const seen = `The unknown method was answered with ${said}, the unknown tool ${isRefused ? "" : "not "}refused.`;
      const wrong = code === -32_601 ? tool : method;
      const raw = wrong.answer.text;
      return { ok: code === -32_601 && isRefused, seen, raw, reproduce: wrong.answer.curl };
    }),
};

const ends: McpProbe = {
  ...shared,
  check: "ends",
  summary: "a session ends",
  needs: ["opens"],
  severity: "medium",
  claim: (service) =>
    protocolsOf(service).includes("2025-11-25")
      ? {
          statement: "a session that a client ended, or that never was, is refused",
          category: "Security & Compliance",
          rationale: "A session that outlives its end is somebody else's way in.",
          parts: ["never was", "ended"],
        }
      : null,
  saboteur: [{ when: "DELETE /", reply: "", status: 200 }],
  async run(context) {
    const never = await tell(context, { version: "2025-11-25", id: context.mark }, "ping");
    const session = await openMcp(context, "2025-11-25");
    const part = "never was";
    const { status } = never.answer;
    // A server that keeps no session has none to refuse.
    const isFree = session.id === "";
    const seen = isFree
      ? "It keeps no sessions."
      : `An invented session was answered with ${status}.`;
    const reproduce = never.answer.curl;
    const first = { ok: isFree || status === 404 || status === 400, seen, part, reproduce };
    const ended = await closeMcp(context, session);
    if (ended === null || ended.status === 405) {
      const why = ended === null ? "It keeps no sessions." : "It lets no client end a session.";
      return [first, { ok: true, seen: why, part: "ended", reproduce }];
    }
    const after = await tell(context, session, "ping");
    const ok = after.answer.status === 404;
    const said = `DELETE answered ${ended.status}, the next request ${after.answer.status}.`;
    return [first, { ok, seen: said, part: "ended", reproduce: after.answer.curl }];
  },
};

/** Checks of an MCP server, in the order they run. */
export const mcpProbes: readonly McpProbe[] = [opens, tools, call, errors, ends];
