import { z } from "zod";
import { holdsPassword, Secret, secretValue } from "../config/values.ts";

const urlPattern = /^rediss?:\/\/.+/;
const seedsMax = 32;
const databaseMax = 1023;

/** A literal address may hold no password; a reference may. */
const url = z
  .union([z.string(), secretValue])
  .refine((value) => urlPattern.test(value instanceof Secret ? value.reveal() : value), {
    message: "expected redis://host:port or rediss://host:port",
  })
  .refine((value) => value instanceof Secret || !holdsPassword(value), {
    message: "an address with a password is written as ${env:NAME} or ${file:PATH}",
  })
  // What a driver takes for host or path instead would stand in its errors.
  .refine((value) => URL.canParse(value instanceof Secret ? value.reveal() : value), {
    message: "is no address: / ? # of a password are written as %2F %3F %23",
  });

const seeds = z
  .array(
    z
      .string()
      .regex(
        /^rediss?:\/\/[^/@]+$/,
        "expected redis://host:port; credentials are keys of their own",
      ),
  )
  .min(1)
  .max(seedsMax);

const credentials = {
  username: z.string().min(1).optional().describe("User of the data nodes; default: none."),
  password: secretValue.optional().describe("Password of the data nodes, as a reference."),
};

const sentinel = z.strictObject({
  sentinels: seeds.describe("redis:// addresses of Sentinels; rediss:// for TLS to them."),
  master: z.string().min(1).max(256).describe("Name under which Sentinel watches the master."),
  ...credentials,
  sentinelPassword: secretValue.optional().describe("Password of the Sentinels, as a reference."),
  tls: z.boolean().default(false).describe("TLS to the master as well."),
  database: z.int().min(0).max(databaseMax).default(0).describe("Number of its database."),
});

const cluster = z.strictObject({
  cluster: seeds.describe("redis:// addresses of some nodes; rediss:// for TLS to all."),
  ...credentials,
});

/** Redis or Valkey: one server, the master that Sentinels name, or a cluster. */
export const redisStore = z.union([url, sentinel, cluster]);

export type RedisStoreConfig = z.output<typeof redisStore>;
