import { LoadlineError } from "@loadline/kit/errors";
import { factsOf } from "../admin/problem.ts";
import { gatewayErrors } from "../errors.ts";
import { type Asking, type Files, fileBytesMax, type OnDoubt } from "../files/files.ts";
import { boundaryOf, readForm } from "../files/multipart.ts";
import { FileSlots } from "../files/slots.ts";
import type { FileRecord } from "../files/record.ts";
import { uploadOf } from "../files/upload.ts";
import type { FilesPart } from "../files/wire.ts";
import type { BodyRead, Exchange, Refusal } from "./exchange.ts";
import type { Operation } from "./operations.ts";
import { sendContent } from "./send-content.ts";
import type { Stage } from "./stage.ts";

const formRestMax = 16_384;
const retryAfterMs = 1000;
const awayCode = "LL_FILE_STORE_AWAY";
const limitDefault = 20;
const limitMax = 100;

type Part = Pick<FilesPart, "files" | "audit">;

const filesOnly = (operation: Operation): boolean => operation.limits === "files";

/** Answers /v1/files from the object store; what a model request passes is not touched by it. */
export function filesStage({ files, audit }: Part): Stage {
  const slots = new FileSlots();
  const answer = async (x: Exchange, store: Files): Promise<undefined | Refusal> => {
    const tenantId = holdsMemory(x) ? x.principal?.tenantId : undefined;
    if (tenantId !== undefined && !slots.take(tenantId))
      return { code: "LL_FILE_BUSY", retryAfterMs };
    try {
      return await act(x, store, audit);
    } catch (cause) {
      if (!(cause instanceof LoadlineError)) throw cause;
      return refusalOf(cause);
    } finally {
      if (tenantId !== undefined) slots.release(tenantId);
    }
  };
  return {
    id: "files",
    summary: "uploads in the object store",
    wired: filesOnly,
    run: (x) => (files ? answer(x, files) : { code: "LL_FILE_STORE_OFF" }),
  };
}

/** An upload, a file's bytes, or a listing, which reads many records. */
function holdsMemory({ pathParam }: Exchange): boolean {
  return pathParam === undefined || pathParam.endsWith("/content");
}

async function act(x: Exchange, files: Files, audit: Part["audit"]): Promise<undefined | Refusal> {
  const by = askingOf(x);
  const { method } = x.client;
  const query = new URLSearchParams(x.client.target.split("?")[1] ?? "");
  if (x.pathParam === undefined && method === "POST") {
    noQuery(query);
    const upload = await readUpload(x);
    const told = doubtful(x, audit, "file.created");
    const record = await files.create(by, upload, told);
    recordAct(x, audit, "file.created", record.id);
    return sendJson(x, shown(record));
  }
  if (x.pathParam === undefined) return sendPage(x, await files.list(by, pageOf(query)));
  noQuery(query);
  const [id = "", tail, ...more] = x.pathParam.split("/");
  if (more.length > 0 || (tail !== undefined && tail !== "content"))
    return { code: "LL_ROUTE_UNKNOWN" };
  if (tail === "content" && method === "DELETE")
    return { code: "LL_ROUTE_METHOD", headers: ["allow", "GET, HEAD"] };
  if (tail === "content") return sendFile(x, await files.content(by, id));
  if (method !== "DELETE") return sendJson(x, shown(await files.find(by, id)));
  await files.remove(by, id, doubtful(x, audit, "file.deleted"));
  recordAct(x, audit, "file.deleted", id);
  return sendJson(x, { id, object: "file", deleted: true });
}

function askingOf(x: Exchange): Asking {
  if (x.principal) return { principal: x.principal, surface: x.operation };
  throw gatewayErrors.make("LL_AUTH_MISSING");
}

async function readUpload(x: Exchange) {
  const boundary = boundaryOf(x.picked?.contentType);
  const coding = x.picked?.contentEncoding;
  if (boundary === undefined || (coding && coding !== "identity"))
    throw gatewayErrors.make("LL_BODY_TYPE", "The body is not multipart/form-data.");
  const bytesMax = fileBytesMax + formRestMax;
  const tooLarge = (): Error =>
    gatewayErrors.make("LL_BODY_TOO_LARGE", `A file may have ${fileBytesMax} bytes.`);
  if ((x.picked?.contentLength ?? 0) > bytesMax) throw tooLarge();
  const read = await new Promise<BodyRead>((resolve) => x.client.read(bytesMax, resolve));
  if (read === "too_large") throw tooLarge();
  if (read === "cut") throw gatewayErrors.make("LL_BODY_CUT");
  const upload = uploadOf(readForm(read, boundary));
  if (upload.bytes.length > fileBytesMax) throw tooLarge();
  return upload;
}

function pageOf(query: URLSearchParams): { limit: number; after?: string } {
  for (const name of query.keys())
    if (name !== "limit" && name !== "after") throw badQuery(name, "it does not exist");
  const limit = Number(query.get("limit") ?? limitDefault);
  const after = query.get("after");
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw badQuery("limit", `expected 1 to ${limitMax}`);
  return { limit, ...(after !== null && { after }) };
}

function noQuery(query: URLSearchParams): void {
  for (const name of query.keys()) throw badQuery(name, "it does not exist");
}

function badQuery(param: string, what: string): Error {
  return gatewayErrors.make("LL_QUERY_FIELD", `${param.slice(0, 64)}: ${what}.`, { param });
}

/** A file as clients of the API know it. */
function shown(record: FileRecord) {
  const { id, bytes, createdAt, filename, purpose } = record;
  return {
    id,
    object: "file",
    bytes,
    created_at: createdAt,
    filename,
    purpose,
    status: "processed",
  };
}

function sendPage(
  x: Exchange,
  { data, hasMore }: { data: readonly FileRecord[]; hasMore: boolean },
): undefined {
  const ids = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return sendJson(x, { object: "list", data: data.map(shown), has_more: hasMore, ...ids });
}

function sendJson(x: Exchange, value: unknown): undefined {
  if (x.isOver) return undefined;
  x.client.answer(200, headersOf(x, ["content-type", "application/json"]), JSON.stringify(value));
  x.exit({ reason: "ok", status: 200 });
  return undefined;
}

/** Never shown by a browser: whatever it is, it is saved under its name. */
async function sendFile(
  x: Exchange,
  { record, bytes }: { record: FileRecord; bytes: Buffer },
): Promise<undefined> {
  const name = encodeURIComponent(record.filename).replace(/['()*]/g, percent);
  const disposition = `attachment; filename*=UTF-8''${name}`;
  const headers = ["content-type", "application/octet-stream", "content-disposition", disposition];
  if (!x.isOver) await sendContent(x, headersOf(x, headers), bytes);
}

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

function headersOf(x: Exchange, headers: readonly string[]): string[] {
  const list = [...headers, "x-request-id", x.id, "cache-control", "no-store"];
  if (x.isAuthStale) list.push("x-loadline-degraded", "auth");
  return list;
}

function refusalOf(error: LoadlineError): Refusal {
  const { code, message, param } = factsOf(error);
  const isPassing = code === awayCode || code === "LL_FILE_BUSY";
  return {
    code,
    ...(message !== undefined && { message }),
    ...(param !== undefined && { param }),
    ...(isPassing && { retryAfterMs }),
  };
}

function recordAct(x: Exchange, audit: Part["audit"], action: string, id: string): void {
  const actor = actorOf(x);
  if (actor) audit.record({ ...actor, action, object: { type: "file", id }, outcome: "ok" });
}

/**
 * Keeps the record true where the store gave no word: first that the call failed, which names the
 * file; later that an upload was removed again, or that nobody knows.
 */
function doubtful(x: Exchange, audit: Part["audit"], action: string): OnDoubt {
  // The exchange is over when the last of it is known.
  const actor = actorOf(x);
  return (id, end) => {
    const object = { type: "file", id };
    if (!actor) return;
    if (end === "gone")
      audit.record({
        ...actor,
        action: "file.deleted",
        object,
        outcome: "ok",
        detail: { undone: true },
      });
    else {
      const acted = end === "open" ? action : "file.deleted";
      audit.record({ ...actor, action: acted, object, outcome: "failed", code: awayCode });
    }
  };
}

function actorOf(x: Exchange) {
  const p = x.principal;
  if (!p) return undefined;
  return {
    tenant: p.tenantId,
    actor: { id: p.id, kind: p.kind, via: p.via, credential: p.credentialId },
    ip: x.client.address,
    requestId: x.id,
    surface: x.operation.id,
  };
}
