import type { Answer, At } from "../../clients/asked.ts";
import type { McpAnswer } from "../../clients/mcp/mcp-client.ts";
import type { RagAnswer } from "../../clients/rag/rag-client.ts";
import type {
  McpReply,
  RagReply,
  Reply,
  RequestTerms,
  VuMcp,
  VuRag,
  VuWs,
  WsLink,
  WsMember,
  WsTerms,
} from "../api.ts";
import { Called } from "../called.ts";
import type { Services } from "../services.ts";
import { openLink } from "./ws-link.ts";

/** Whose calls they are. */
export interface ServiceCaller {
  readonly vu: number;
  /** The account of the next call. */
  at(terms: Pick<RequestTerms, "name"> | undefined): At;
  ended(reply: Reply): void;
}

class McpCalled extends Called implements McpReply {
  readonly kind: McpReply["kind"];
  readonly code: number | null;

  constructor({ outcome, flight, result, kind, code }: McpAnswer) {
    super(outcome, flight, result);
    this.kind = kind;
    this.code = code;
  }
}

class RagCalled extends Called implements RagReply {
  readonly hit: boolean | null;
  readonly foreign: number;

  constructor({ outcome, flight, hit, foreign }: RagAnswer) {
    super(outcome, flight, { hit, foreign });
    this.hit = hit;
    this.foreign = foreign;
  }
}

/** Calls of services, as promises that never reject for a target's fault. */
export function createServiceApis(
  services: Services,
  caller: ServiceCaller,
): { readonly rag: VuRag; readonly mcp: VuMcp; readonly ws: VuWs } {
  const ended = <R extends Reply>(reply: R, resolve: (reply: R) => void): void => {
    caller.ended(reply);
    resolve(reply);
  };
  const plain = (start: (done: (answer: Answer) => void) => void): Promise<Reply> =>
    new Promise((resolve) =>
      start(({ outcome, flight }) => ended(new Called(outcome, flight, null), resolve)),
    );
  const mcp = (start: (done: (answer: McpAnswer) => void) => void): Promise<McpReply> =>
    new Promise((resolve) => start((answer) => ended(new McpCalled(answer), resolve)));
  const member = (outcome: WsMember["outcome"]): WsMember => ({
    outcome,
    ok: outcome === "ok",
    say: (terms) => plain((done) => services.rooms.say(caller.vu, caller.at(terms), done)),
    call: (terms) => plain((done) => services.rooms.call(caller.vu, caller.at(terms), done)),
  });
  const enter = (terms?: Pick<RequestTerms, "name">): Promise<WsMember> =>
    new Promise((resolve) =>
      services.rooms.enter(caller.vu, caller.at(terms), (outcome) => resolve(member(outcome))),
    );
  function connect(path: string, terms?: WsTerms): Promise<WsLink>;
  function connect(terms?: Pick<RequestTerms, "name">): Promise<WsMember>;
  function connect(
    where?: string | Pick<RequestTerms, "name">,
    terms?: WsTerms,
  ): Promise<WsLink | WsMember> {
    if (typeof where !== "string") return enter(where);
    return openLink(services, caller, { path: where, ...(terms !== undefined && { terms }) });
  }
  return {
    rag: {
      ingest: (text, terms) => plain((done) => services.rag.ingest(text, caller.at(terms), done)),
      query: (question, terms) =>
        new Promise((resolve) =>
          services.rag.query(question ?? null, caller.at(terms), (answer) =>
            ended(new RagCalled(answer), resolve),
          ),
        ),
    },
    mcp: {
      list: (terms) => mcp((done) => services.mcp.list(caller.at(terms), done)),
      call: (tool, args, terms) =>
        mcp((done) => services.mcp.call(tool, args ?? {}, caller.at(terms), done)),
    },
    ws: { connect },
  };
}
