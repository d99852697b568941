import { z } from "zod";
import { gatewayErrors } from "../../errors.ts";
import {
  fileRoles,
  modelStates,
  ownFile,
  registeredFile,
  swapCheckIds,
} from "../../models/index.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import type { AdminServices } from "../services.ts";
import { idParams, isoTime } from "./shapes.ts";

const model = z.object({
  target: z.string(),
  model: z.string().describe("The model's name in answers."),
  files: z
    .array(
      z.object({
        name: z.string().describe("Its name in models.registered; configured: the target's own."),
        path: z.string(),
        state: z.enum(modelStates),
        role: z.enum(fileRoles).describe("rollback: loaded to go back to; past: was before."),
        since: isoTime.nullable(),
      }),
    )
    .readonly(),
  rollbackUntil: isoTime.nullable().describe("Until when there is a file to go back to."),
  checks: z
    .array(
      z.object({
        id: z.enum(swapCheckIds),
        outcome: z.enum(["passed", "failed", "not_tested"]),
        detail: z.string(),
      }),
    )
    .readonly()
    .describe("Results of the last swap."),
});

/** Every process knows the targets; their hosts may be another one's. */
function checkTarget({ config }: AdminServices, id: string): void {
  if (!Object.hasOwn(config().targets, id)) throw gatewayErrors.make("LL_OBJECT_UNKNOWN");
}

export const modelRoutes: readonly AdminRoute[] = [
  defineRoute({
    id: "models.files",
    method: "GET",
    path: "/models",
    summary: "List in-process models: what serves, what a rollback restores, what is registered",
    permission: "models:swap",
    platform: true,
    answer: z.object({ data: z.array(model).readonly() }),
    handle: async ({ models }) => ({ data: await models.list() }),
  }),
  defineRoute({
    id: "models.swap",
    method: "POST",
    path: "/models/:id/swap",
    summary:
      "Load a registered file, or the target's own, beside the model of a target; after five checks it serves",
    permission: "models:swap",
    platform: true,
    audit: { action: "model.swapped", by: "plane" },
    params: idParams,
    body: z.strictObject({ to: z.string().min(1).max(64) }),
    answer: model,
    errors: [
      "LL_MODEL_DAMAGED",
      "LL_MODEL_SWAP_CHECKS",
      "LL_MODEL_SWAP_RUNNING",
      "LL_OBJECT_UNKNOWN",
    ],
    example: { to: "next" },
    objectOf: (raw) => ({ type: "model", id: idParams.safeParse(raw.params).data?.id ?? "" }),
    check(services, { params, body }) {
      checkTarget(services, params.id);
      if (body.to !== ownFile) registeredFile(services.config().models.registered, body.to);
    },
    handle: ({ models }, { params, body }) => models.swap(params.id, body.to),
  }),
  defineRoute({
    id: "models.rollback",
    method: "POST",
    path: "/models/:id/rollback",
    summary: "Go back to the file that served before the last swap",
    permission: "models:swap",
    platform: true,
    audit: { action: "model.rolled_back", by: "plane" },
    params: idParams,
    answer: model,
    errors: ["LL_MODEL_ROLLBACK_NONE", "LL_MODEL_ROLLBACK_DOWN", "LL_OBJECT_UNKNOWN"],
    objectOf: (raw) => ({ type: "model", id: idParams.safeParse(raw.params).data?.id ?? "" }),
    check: (services, { params }) => checkTarget(services, params.id),
    handle: ({ models }, { params }) => models.rollback(params.id),
  }),
];
