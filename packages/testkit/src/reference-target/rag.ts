import { isRecord, parseJson } from "@loadline/kit/json";
import type { Exchange } from "./exchange.ts";

interface Held {
  readonly tenant: string;
  readonly text: string;
  readonly visibleAtMs: number;
  readonly forgotten: boolean;
}

const documentsMax = 100_000;

/**
 * A store of documents with words: `POST /rag/documents {id?, text}`, `POST /rag/query {query,
 * top_k?}`, `DELETE /rag/documents/ID`; the tenant is the header `x-tenant`. A query finds the
 * documents that hold its whole text.
 */
export class RagStore {
  readonly #held = new Map<string, Held>();
  #next = 0;

  answer(exchange: Exchange): void {
    const { method, path } = exchange.request;
    if (method === "DELETE" && path.startsWith("/rag/documents/")) this.#remove(exchange, path);
    else if (method === "POST" && path === "/rag/documents") this.#ingest(exchange);
    else if (method === "POST" && path === "/rag/query") this.#query(exchange);
    else exchange.json(404, { error: { message: "no such route" } });
  }

  get size(): number {
    return this.#held.size;
  }

  #ingest(exchange: Exchange): void {
    const { options, clock, ledger } = exchange.state;
    const body = bodyOf(exchange);
    const text = body["text"] ?? body["content"];
    if (typeof text !== "string" || this.#held.size >= documentsMax) {
      exchange.json(400, { error: { message: "no text, or too many documents" } });
      return;
    }
    const id = typeof body["id"] === "string" ? body["id"] : `doc-${this.#next++}`;
    const forgotten = exchange.drawn(options.rag?.forget);
    if (forgotten) ledger.count("rag_forgotten");
    ledger.count("rag_ingested");
    exchange.after((options.delayMs ?? 0) * exchange.slower, () => {
      const visibleAtMs = clock.monotonicMs() + (options.rag?.visibleMs ?? 0);
      this.#held.set(id, { tenant: tenantOf(exchange), text, visibleAtMs, forgotten });
      exchange.json(201, { id });
    });
  }

  #query(exchange: Exchange): void {
    const { options, ledger } = exchange.state;
    const body = bodyOf(exchange);
    const query = typeof body["query"] === "string" ? body["query"] : "";
    const top = typeof body["top_k"] === "number" ? body["top_k"] : 5;
    exchange.after((options.delayMs ?? 0) * exchange.slower, () => {
      const results = this.#find(exchange, query).slice(0, top);
      ledger.count("rag_queries");
      ledger.count("rag_foreign", results.filter((one) => one.foreign).length);
      exchange.json(200, { results: results.map(({ id, text }) => ({ id, text, score: 1 })) });
    });
  }

  #find(exchange: Exchange, query: string): { id: string; text: string; foreign: boolean }[] {
    const { options, clock } = exchange.state;
    const tenant = tenantOf(exchange);
    const nowMs = clock.monotonicMs();
    const found: { id: string; text: string; foreign: boolean }[] = [];
    for (const [id, held] of this.#held) {
      const foreign = held.tenant !== tenant;
      if (foreign && options.rag?.leak !== true) continue;
      if (held.forgotten || held.visibleAtMs > nowMs || !held.text.includes(query)) continue;
      found.push({ id, text: held.text, foreign });
    }
    return found;
  }

  #remove(exchange: Exchange, path: string): void {
    const there = this.#held.delete(decodeURIComponent(path.slice("/rag/documents/".length)));
    exchange.state.ledger.count("rag_removed", there ? 1 : 0);
    exchange.json(there ? 200 : 404, { removed: there });
  }
}

const tenantOf = (exchange: Exchange): string => exchange.request.headers.get("x-tenant") ?? "";

/** The body as an object; empty when it is none. */
export function bodyOf(exchange: Exchange): Readonly<Record<string, unknown>> {
  const body = parseJson(exchange.request.body.toString("utf8"));
  return isRecord(body) ? body : {};
}
