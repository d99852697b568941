import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";
import { filePath } from "./web-fields.ts";

const dnsName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);

/** Manifests of Kubernetes, and the live objects behind them where a cluster answers. */
export const kubernetesService = z.strictObject({
  kind: z.literal("kubernetes"),
  url: z
    .union([z.literal("local:"), serviceUrl(["http", "https"])])
    .default("local:")
    .describe("the API server; local: for manifests alone"),
  token: secretRef.optional().describe("token of a service account, sent as a bearer token"),
  ca: secretRef.optional().describe("the cluster's authority in PEM; default those of Node.js"),
  manifests: z
    .array(filePath)
    .max(50)
    .default([])
    .describe("YAML files, or folders of them, as they are applied (rendered, no templates)"),
  namespace: dnsName.default("default").describe("namespace of objects that name none"),
  external: z
    .array(z.string().regex(/^[A-Z][A-Za-z]*\/[a-z0-9][a-z0-9.-]*$/, "give Kind/name"))
    .max(500)
    .default([])
    .describe("objects that are made elsewhere and may be referred to, such as Secret/db"),
  singles: z.array(dnsName).max(100).default([]).describe("workloads that are meant to run as one"),
  replicasMin: z.int().min(1).max(1_000).default(2).describe("least replicas of every other one"),
  restartsMax: z.int().min(0).max(1_000).default(0).describe("restarts of a container, accepted"),
  eventsSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(3_600)
    .describe("how far back warnings of the cluster count, seconds; most clusters keep an hour"),
  dryRun: z
    .boolean()
    .default(false)
    .describe(
      "true: ask the cluster whether it would take the manifests, by PATCH with dryRun=All, which it is not to keep; needs the right to patch",
    ),
  ...serviceFields,
});
