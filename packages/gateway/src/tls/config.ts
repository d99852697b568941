import { z } from "zod";
import { durationMs } from "../config/values.ts";

const minuteMs = 60_000;
const yearSeconds = 31_536_000;
const pathCharsMax = 4096;

const path = z
  .string()
  .min(1)
  .max(pathCharsMax)
  .refine((text) => !text.includes("-----BEGIN"), "expected the path of a PEM file");

/** Most pairs beside the first; each is a context of its own in memory. */
const certificatesMax = 64;

const mtls = z.strictObject({
  ca: path.describe("PEM file of the authorities whose client certificates are taken."),
  mode: z
    .enum(["request", "require"])
    .default("require")
    .describe("require: no connection without one; request: keys bound to one need it."),
  crl: path.optional().describe("PEM file of revoked certificates, one list for each authority."),
});

/** TLS on the one listener; null serves plain HTTP. Changed files are taken while it serves. */
export const tlsSection = z
  .strictObject({
    files: z
      .strictObject({
        cert: path.describe("PEM file: the server's certificate, then those that vouch for it."),
        key: path.describe("PEM file: its private key, without a passphrase."),
      })
      .describe("Read again within 5 s of a change; the last good pair stays over a bad one."),
    certificates: z
      .array(
        z.strictObject({
          cert: path.describe("PEM file: a certificate, then those that vouch for it."),
          key: path.describe("PEM file: its private key, without a passphrase."),
        }),
      )
      .max(certificatesMax)
      .default([])
      .describe(
        "Further pairs, each for clients that ask for a DNS name of its certificate, *.name included; everybody else gets files.",
      ),
    minVersion: z.enum(["1.2", "1.3"]).default("1.2").describe("Oldest version of TLS."),
    pq: z
      .enum(["prefer", "require", "off"])
      .default("prefer")
      .describe("Key exchange X25519MLKEM768: first, alone, or not offered."),
    handshake: durationMs({ max: minuteMs, default: 10_000 }).describe(
      "Time for a handshake (ms).",
    ),
    hstsSeconds: z
      .int()
      .min(0)
      .max(2 * yearSeconds)
      .default(yearSeconds)
      .describe("max-age of Strict-Transport-Security; 0 sends none."),
    mtls: mtls.nullable().default(null).describe("Certificates of clients; null asks for none."),
  })
  .nullable()
  .default(null)
  .describe("TLS on the listener; null serves plain HTTP.");

export type TlsConfig = NonNullable<z.output<typeof tlsSection>>;
