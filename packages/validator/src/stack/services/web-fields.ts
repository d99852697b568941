import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

/** What every service that speaks HTTP may say of itself. */
export const webFields = {
  url: serviceUrl(["http", "https"]),
  token: secretRef.optional().describe("sent as authorization: Bearer"),
  user: z.string().min(1).max(100).optional().describe("user of basic authentication"),
  password: secretRef.optional(),
  ...serviceFields,
};

/** What is looked at on this machine has no address of its own. */
export const localFields = {
  url: z.literal("local:").default("local:").describe("looked at on this machine, by no address"),
  ...serviceFields,
};

/** An absolute path, or one below the folder the check runs in. */
export const filePath = z.string().min(1).max(1_000);

/** Where the kernel tells of processes and sockets. */
export const procRoot = filePath.default("/proc").describe("mount of procfs, such as /host/proc");
