import { z } from "zod";
import { checkModelFile, type HostPlan, openSlots } from "../../models/index.ts";
import type { Provider } from "../provider.ts";
import { createLocalUpstream } from "./local-upstream.ts";

const minuteMs = 60_000;
const mebibyte = 1024 * 1024;
/** Above what the host serves and queues, so that it is the host that answers 503. */
const spareConnections = 8;

const schema = z.strictObject({
  provider: z.literal("llama"),
  model: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .describe("The model's name in answers: letters, digits, dot, dash, underscore."),
  path: z.string().min(1).describe("The GGUF file; a SHA256SUMS beside it is checked."),
  threads: z.int().min(1).max(64).default(1).describe("Threads; 1 below 100 M parameters."),
  sequences: z.int().min(1).max(64).default(2).describe("Answers generated at the same time."),
  contextTokens: z
    .int()
    .min(64)
    .max(131_072)
    .default(512)
    .describe("Tokens of prompt and answer together; at most what the model was trained on."),
  rssBytesMax: z
    .int()
    .min(64 * mebibyte)
    .optional()
    .describe(
      "Resident bytes of its process beyond which it is ended and started again; default: 1 GiB " +
        "and three times the file and its contexts.",
    ),
  embeddings: z
    .enum(["semantic", "any"])
    .default("semantic")
    .describe(
      "semantic: /v1/embeddings only of a model made for it, by its pooling type; any: vectors of " +
        "other models, too, which have the right shape and no meaning.",
    ),
  queueMax: z.int().min(0).max(4096).default(32).describe("Requests waiting for a sequence."),
  standby: z
    .boolean()
    .default(false)
    .describe("Started only when the backup pool of a route needs it."),
});

const paths = {
  chat: "/v1/chat/completions",
  embeddings: "/v1/embeddings",
  probe: "/v1/models",
} as const;

/** A GGUF file served by a child process of this gateway. */
export const llama: Provider = {
  id: "llama",
  summary: "A GGUF file in a model-host process behind a Unix socket.",
  paths,
  usage: { streamOption: true },
  end: "required",
  production: true,
  schema,
  async check(target, seen) {
    const { path } = schema.parse(target);
    if (seen.has(path)) return;
    await checkModelFile(path);
    seen.add(path);
  },
  open(name, target, deps) {
    const { path, model, ...limits } = schema.parse(target);
    const plan: HostPlan = {
      modelPath: path,
      modelName: model,
      threads: limits.threads,
      sequences: limits.sequences,
      contextTokens: limits.contextTokens,
      queueMax: limits.queueMax,
      rssBytesMax: limits.rssBytesMax,
      idleMs: minuteMs,
      embeddings: limits.embeddings,
    };
    const { clock, connectTimeoutMs } = deps;
    const hosts = deps.hosts ?? openSlots(deps);
    return createLocalUpstream({
      hosting: hosts.open(name, plan, limits.standby),
      paths,
      callsMax: limits.sequences,
      connectionsMax: limits.sequences + limits.queueMax + spareConnections,
      connectTimeoutMs,
      clock,
    });
  },
};
