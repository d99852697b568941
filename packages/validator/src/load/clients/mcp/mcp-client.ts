import { type JsonRecord, isRecord } from "@loadline/kit/json";
import type { ExecContext } from "../../engine/exec.ts";
import { asideStep, type Flight, type LoadOutcome } from "../../engine/flight.ts";
import { sendAside } from "../aside.ts";
import type { Answer, At } from "../asked.ts";
import { type McpOptions, type McpReply, outcomeOf } from "./options.ts";
import { McpReader } from "./reader.ts";
import { SessionPool } from "./sessions.ts";
import { encodeMessage, goodbyeOf, initializeParams, type Session } from "./wire.ts";

/** How a call ended; `kind` tells the tool's errors from the protocol's. */
export interface McpAnswer extends Answer, McpReply {}

/** One call under way, over all its rounds. */
interface Call {
  readonly method: "tools/list" | "tools/call";
  readonly params: JsonRecord;
  readonly at: At;
  readonly done: (answer: McpAnswer) => void;
  /** The first round's, which the time of the call begins with. */
  readonly intendedMs: number;
  session: Session | null;
  rounds: number;
}

/** One message on its way. */
interface Post {
  readonly method: string;
  readonly params: JsonRecord;
  readonly session: Session | null;
  readonly at: At;
  readonly judge: (reply: McpReply) => LoadOutcome;
  readonly answered: (reader: McpReader, flight: Flight, outcome: LoadOutcome) => void;
}

const roundsMax = 4;
const firstByteMs = 30_000;
const totalMs = 120_000;
const closeBudgetMs = 4_000;

/**
 * Calls an MCP server over streamable HTTP on the engine's connections. 2025-11-25 opens sessions
 * as calls need them and keeps them; 2026-07-28 needs none. Every request is due and accounted;
 * nothing is sent twice.
 */
export class McpClient {
  readonly #o: McpOptions;
  readonly #context: ExecContext;
  readonly #sessions: SessionPool;
  #lastId = 0;

  constructor(o: McpOptions, context: ExecContext) {
    this.#o = o;
    this.#context = context;
    this.#sessions = new SessionPool(o.sessionsMax ?? 1024);
  }

  /** `tools/list`. */
  list(at: At, done: (answer: McpAnswer) => void): void {
    this.#start("tools/list", {}, at, done);
  }

  /** `tools/call` of one tool. */
  call(tool: string, args: JsonRecord, at: At, done: (answer: McpAnswer) => void): void {
    this.#start("tools/call", { name: tool, arguments: args }, at, done);
  }

  /** Ends the sessions it holds, for at most 4 s. */
  async close(): Promise<void> {
    const { base } = this.#context;
    const open = this.#sessions.drain().filter((session) => session.id !== null);
    const goodbyes = open.map((session) => goodbyeOf(session, this.#o, base));
    await sendAside(this.#context, goodbyes, closeBudgetMs);
  }

  #start(
    method: Call["method"],
    params: JsonRecord,
    at: At,
    done: (answer: McpAnswer) => void,
  ): void {
    const nowMs = this.#context.clock.monotonicMs();
    const intendedMs = Number.isNaN(at.intendedMs) ? nowMs : at.intendedMs;
    const call: Call = { method, params, at, done, intendedMs, session: null, rounds: 1 };
    if (this.#o.version === "2026-07-28") this.#send(call, params, at);
    else {
      const use = (session: Session): void => {
        call.session = session;
        this.#send(call, params, { ...at, intendedMs });
      };
      this.#sessions.take(use, (opened) => this.#connect(call, opened));
    }
  }

  #send(call: Call, params: JsonRecord, at: At): void {
    let input: JsonRecord | null = null;
    this.#post({
      method: call.method,
      params,
      session: call.session,
      at,
      judge: (reply) => {
        input = this.#inputFor(call, reply);
        return input === null ? outcomeOf(reply.kind, this.#o.expect) : "ok";
      },
      answered: (reader, flight, outcome) => {
        if (outcome === "ok" && input !== null) {
          call.rounds++;
          this.#send(call, { ...call.params, ...input }, { ...call.at, ...now });
        } else this.#answered(call, reader.reply, flight, outcome);
      },
    });
  }

  #answered(call: Call, reply: McpReply, flight: Flight, outcome: LoadOutcome): void {
    const { session } = call;
    if (session !== null) {
      const isLost = session.id !== null && flight.status === 404;
      if (isLost) this.#context.metric("mcp_sessions_lost", 1, true);
      this.#sessions.give(session, isLost);
    }
    this.#record(call, reply, flight, outcome);
    call.done({ outcome, flight, ...reply });
  }

  /** What to send again when the server asks back and the scenario knows; else null. */
  #inputFor(call: Call, reply: McpReply): JsonRecord | null {
    const { answerInput } = this.#o;
    if (reply.kind !== "input_required" || answerInput === undefined) return null;
    if (call.rounds >= roundsMax) return null;
    const requests = reply.result?.["inputRequests"];
    const inputResponses = answerInput(isRecord(requests) ? requests : {});
    if (inputResponses === null) return null;
    const requestState = reply.result?.["requestState"];
    return { inputResponses, ...(requestState !== undefined && { requestState }) };
  }

  #record(call: Call, reply: McpReply, flight: Flight, outcome: LoadOutcome): void {
    const { metric, clock } = this.#context;
    const doneMs = Number.isNaN(flight.doneMs) ? clock.monotonicMs() : flight.doneMs;
    const tookMs = doneMs - call.intendedMs;
    const isBad = outcome !== "ok";
    if (call.method === "tools/list") metric("mcp_list", tookMs, isBad);
    else {
      metric("mcp_call", tookMs, isBad);
      metric(`mcp_call{tool:${String(call.params["name"])}}`, tookMs, isBad);
    }
    if (reply.kind === "tool_error") metric("mcp_tool_errors", 1, isBad);
    if (reply.kind !== "protocol_error") return;
    metric("mcp_protocol_errors", 1, isBad);
    metric(`mcp_protocol_errors{code:${reply.code ?? "none"}}`, 1, isBad);
  }

  /** Opens a session for this call; when that fails the call ends as the opening did. */
  #connect(call: Call, opened: (session: Session | null) => void): void {
    const { clock, metric } = this.#context;
    const at: At = { ...call.at, ...now, step: this.#o.connectStep ?? asideStep };
    const startMs = clock.monotonicMs();
    const end = (session: Session | null, flight: Flight, outcome: LoadOutcome): void => {
      metric("mcp_connect", clock.monotonicMs() - startMs, outcome !== "ok");
      opened(outcome === "ok" ? session : null);
      if (outcome !== "ok") this.#unsent(call, outcome, flight.timeoutMs);
    };
    const greet = (session: Session): void =>
      this.#post({
        method: "notifications/initialized",
        params: {},
        session,
        at,
        judge: () => "ok",
        answered: (_reader, flight, outcome) => end(session, flight, outcome),
      });
    this.#post({
      method: "initialize",
      params: initializeParams(this.#o.version),
      session: null,
      at,
      judge: (reply) => (versionOf(reply) === null ? "protocol" : "ok"),
      answered: (reader, flight, outcome) => {
        const version = versionOf(reader.reply);
        if (outcome !== "ok" || version === null) end(null, flight, outcome);
        else greet({ id: reader.session === "" ? null : reader.session, version });
      },
    });
  }

  /** A call that was due and could not be sent; `timeoutMs` is the opening's. */
  #unsent(call: Call, outcome: LoadOutcome, timeoutMs: number): void {
    const flight = this.#context.begin(call.at.step, call.at.index, call.intendedMs);
    flight.sendMs = Number.NaN;
    flight.timeoutMs = timeoutMs;
    this.#context.finish(flight, outcome);
    const reply: McpReply = { kind: "transport", code: null, result: null };
    this.#record(call, reply, flight, outcome);
    call.done({ outcome, flight, ...reply });
  }

  #post(p: Post): void {
    const { method, params, session } = p;
    const id = method.startsWith("notifications/") ? null : ++this.#lastId;
    const bytes = encodeMessage({ id, method, params, session }, this.#o, this.#context.base);
    const reader = new McpReader(id, p.judge);
    this.#context.send({
      ...p.at,
      client: { method: "POST", bytes: () => bytes, reader: () => reader, firstByteMs, totalMs },
      answered: (flight, outcome) => p.answered(reader, flight, outcome),
    });
  }
}

/** Due the moment it is asked for. */
const now = { intendedMs: Number.NaN, wakeMs: Number.NaN } as const;

function versionOf(reply: McpReply): string | null {
  const version = reply.result?.["protocolVersion"];
  return typeof version === "string" ? version : null;
}
