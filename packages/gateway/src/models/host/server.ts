import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { nodeHttp } from "@loadline/kit/node-http";
import { modelErrors } from "../error-table.ts";
import { parseChatRequest } from "./chat-request.ts";
import { answerChat } from "./chat.ts";
import { answerEmbeddings } from "./embeddings.ts";
import { parseBody } from "./fields.ts";
import type { HostContext } from "./host-context.ts";
import { sendError, sendJson } from "./reply.ts";

const bodyBytesMax = 4 * 1024 * 1024;
const requestTimeoutMs = 30_000;

/** Thrown into a request whose client has left; nobody is there to read an answer. */
class ClientLeft extends Error {}

/** The HTTP server of a model host, not yet listening. */
export function createHostServer(context: HostContext, idleMs: number): Server {
  const server = nodeHttp.createServer((request, response) => {
    const left = new AbortController();
    const isQuestion = request.method === "POST";
    if (isQuestion) context.counters.active++;
    response.on("close", () => {
      if (isQuestion) context.counters.active--;
      if (!response.writableFinished) left.abort(new ClientLeft());
    });
    context.counters.requests++;
    route(context, request, response, left.signal).catch((error: unknown) => {
      if (error instanceof ClientLeft) {
        context.counters.aborted++;
        return;
      }
      sendError(response, error);
    });
  });
  server.keepAliveTimeout = idleMs;
  server.requestTimeout = requestTimeoutMs;
  return server;
}

async function route(
  context: HostContext,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  switch (`${request.method} ${request.url}`) {
    case "POST /v1/chat/completions": {
      const fields = parseBody(await readBody(request), context.modelName);
      await answerChat(context, fields, response, signal);
      return;
    }
    case "POST /apply-template": {
      const { messages } = parseChatRequest(parseBody(await readBody(request), context.modelName));
      sendJson(response, 200, { tokens: context.engine.render(messages).length });
      return;
    }
    case "POST /v1/embeddings": {
      const fields = parseBody(await readBody(request), context.modelName);
      await answerEmbeddings(context, fields, response, signal);
      return;
    }
    case "GET /v1/models":
      sendJson(response, 200, { object: "list", data: [modelEntry(context)] });
      return;
    case "GET /healthz":
      sendJson(response, 200, {
        status: "ok",
        busy: context.slots.busy,
        queued: context.slots.queued,
        rssBytesMax: context.rssBytesMax(),
        ...context.counters,
      });
      return;
    default:
      throw modelErrors.make("LL_MODEL_ROUTE");
  }
}

function modelEntry(context: HostContext): unknown {
  return { id: context.modelName, object: "model", created: 0, owned_by: "loadline" };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const length = Number(request.headers["content-length"] ?? 0);
  if (length > bodyBytesMax) throw modelErrors.make("LL_MODEL_BODY");
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const part: Buffer = Buffer.from(piece);
    bytes += part.length;
    if (bytes > bodyBytesMax) throw modelErrors.make("LL_MODEL_BODY");
    pieces.push(part);
  }
  return Buffer.concat(pieces);
}
