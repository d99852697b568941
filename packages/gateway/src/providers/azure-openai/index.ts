import { z } from "zod";
import { baseUrl, httpSettings } from "../http-settings.ts";
import { openHttpTarget } from "../http-target.ts";
import { openaiErrors } from "../openai-errors.ts";
import type { Provider } from "../provider.ts";

const schema = z.strictObject({
  provider: z.literal("azure-openai"),
  baseUrl: baseUrl("Endpoint of the resource, such as https://name.openai.azure.com."),
  deployment: z.string().min(1).max(128).describe("Name of the deployment."),
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/)
    .default("2024-10-21")
    .describe("Value of api-version."),
  ...httpSettings,
});

const root = "/openai/deployments/{deployment}";
const version = "?api-version={apiVersion}";

const table = {
  id: "azure-openai",
  summary: "OpenAI models deployed on Azure: path by deployment, key in api-key.",
  telemetryName: "azure.ai.openai",
  paths: {
    chat: `${root}/chat/completions${version}`,
    completions: `${root}/completions${version}`,
    embeddings: `${root}/embeddings${version}`,
  },
  auth: { header: "api-key", prefix: "" },
  boundName: "max_completion_tokens",
  usage: { streamOption: true },
  errors: [
    { status: 400, code: /^(content_filter|ResponsibleAIPolicyViolation)$/, failure: "caller" },
    { status: 404, code: /^DeploymentNotFound$/, failure: "misconfigured" },
    ...openaiErrors,
  ],
  end: "required",
  probe: { path: `/openai/models${version}` },
  production: true,
} as const;

/** OpenAI's models on Azure. */
export const azureOpenai: Provider = {
  ...table,
  schema,
  open(name, target, deps) {
    const parsed = schema.parse(target);
    const { provider: _, unsupported, model, deployment, apiVersion, ...http } = parsed;
    const variables = { model, deployment, apiVersion };
    return openHttpTarget(table, { name, ...http, variables, rules: { unsupported } }, deps);
  },
};
