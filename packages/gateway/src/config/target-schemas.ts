import type { z } from "zod";
import { providers } from "../providers/index.ts";
import { targetRoutingConfig } from "../routing/config.ts";

/** What a target of one provider may hold. */
export interface TargetSchema {
  readonly id: string;
  readonly summary: string;
  /** Strict; the keys of routing are part of it. */
  readonly schema: z.ZodObject;
}

/** One row per provider: its own keys, and those that routing reads of every target. */
export function targetSchemas(): readonly TargetSchema[] {
  return providers.map(({ id, summary, schema }) => {
    return { id, summary, schema: schema.extend(targetRoutingConfig.shape) };
  });
}
