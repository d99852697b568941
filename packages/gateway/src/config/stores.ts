import { z } from "zod";
import { limitStoreShape } from "../limits/config.ts";
import { objectStoreShape } from "../objects/config.ts";
import { sqlStoreShape } from "../state/config.ts";

/** Where shared and lasting state is kept. */
export const storesSection = z
  .strictObject({ ...limitStoreShape, ...sqlStoreShape, ...objectStoreShape })
  .prefault({});
