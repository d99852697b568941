import type { RagOptions } from "./options.ts";

/** The reference target's store of documents, for two tenants. */
export const referenceDocuments = {
  ingest: { method: "POST", path: "/rag/documents", body: { id: "${id}", text: "${text}" } },
  query: { method: "POST", path: "/rag/query", body: { query: "${query}", top_k: "${k}" } },
  remove: { method: "DELETE", path: "/rag/documents/${id}" },
  tenants: [
    { name: "a", headers: { "x-tenant": "a" } },
    { name: "b", headers: { "x-tenant": "b" } },
  ],
  resultsPath: "results",
  textPath: "text",
} as const satisfies RagOptions;
