import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { z } from "zod";
import { secretValue } from "../../config/values.ts";
import { createHttp1Upstream } from "../../upstream/http1.ts";
import type { Provider } from "../provider.ts";

const schema = z.strictObject({
  provider: z.literal("openai-compatible"),
  model: z.string().min(1).max(256).describe("The model's name at the upstream."),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe("Base URL up to and including the version, such as https://host.test/v1."),
  keys: z
    .array(secretValue)
    .max(16)
    .default([])
    .describe("Secret references, each sent as a bearer token. Empty: none is sent."),
  connectionsMax: z.int().min(1).max(4096).default(256).describe("Connections per process."),
});

const paths = { chat: "/chat/completions", embeddings: "/embeddings" } as const;

/** Any server that speaks OpenAI's API at a base URL. */
export const openaiCompatible: Provider = {
  id: "openai-compatible",
  summary: "Any OpenAI-shaped server at a base URL; bytes pass through.",
  dialect: "openai.chat",
  paths,
  usage: { streamOption: true },
  end: "required",
  production: true,
  schema,
  open(name, target, deps) {
    const { baseUrl, keys, connectionsMax } = schema.parse(target);
    const url = new URL(baseUrl);
    const prefix = url.pathname.replace(/\/+$/, "");
    return createHttp1Upstream({
      connect: connectorOf(url),
      host: url.host,
      paths: { chat: prefix + paths.chat, embeddings: prefix + paths.embeddings },
      headers: [],
      keys: keys.map((key, i) => ({
        id: `${name}/${i}`,
        headers: ["authorization", `Bearer ${key.reveal()}`],
      })),
      connectionsMax,
      connectTimeoutMs: deps.connectTimeoutMs,
      clock: deps.clock,
    });
  },
};

function connectorOf(url: URL): () => Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "https:") {
    const port = Number(url.port || 443);
    return () => connectTls({ host, port, servername: host });
  }
  const port = Number(url.port || 80);
  return () => connectTcp({ host, port, noDelay: true });
}
