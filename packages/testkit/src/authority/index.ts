/**
 * An authority that issues and revokes certificates, made anew each time, for tests of TLS.
 *
 * ```ts
 * const authority = createAuthority("ours");
 * const server = authority.issue({ purpose: "server" });
 * const client = authority.issue({ purpose: "client", uris: ["spiffe://example.org/svc"] });
 * const list = authority.revoke([client]);
 * ```
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { systemClock } from "@loadline/kit/clock";
import { bitString, oid, pemOf, sequence, tlv } from "@loadline/kit/der";

export interface CertificateAsk {
  /** `any` names no purpose at all. */
  readonly purpose: "server" | "client" | "any";
  readonly name?: string;
  /** URI names. */
  readonly uris?: readonly string[];
  /** DNS names of a server; default: `localhost`. All are good for 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Wall-clock ms; default: from a day ago for 90 days. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** An RSA key of this size; default: P-256. */
  readonly rsaBits?: number;
  /** Signed over SHA-1, which nobody may take; default: SHA-256. */
  readonly isSha1?: boolean;
}

/** Key and certificate as PEM, and the certificate's `sha256:` thumbprint. */
export interface Issued {
  readonly key: string;
  readonly cert: string;
  readonly thumbprint: string;
  readonly serial: Buffer;
}

export interface Authority {
  /** Its own certificate as PEM. */
  readonly cert: string;
  /** Its private key as PEM. */
  readonly key: string;
  issue(ask: CertificateAsk): Issued;
  /** A list of revoked certificates as PEM, good for 90 days. */
  revoke(issued: readonly Issued[]): string;
}

const dayMs = 86_400_000;
const lifeDays = 90;
const serialBytes = 8;
const purposes = { server: "2b06010505070301", client: "2b06010505070302" } as const;
const ecdsaSha256 = sequence(oid("2a8648ce3d040302"));
const ecdsaSha1 = sequence(oid("2a8648ce3d0401"));

/** What a certificate says, beside who vouches for it. */
interface Parts {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly serial: Buffer;
  readonly times: readonly [number, number];
  readonly extensions: readonly Buffer[];
  readonly isSha1?: boolean | undefined;
}

/** An authority with a key of its own; two of one name are two authorities. */
export function createAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = nameOf(name);
  const seal = (body: Buffer, isSha1 = false): Buffer => sealed(body, privateKey, isSha1);
  const make = (o: Parts): Buffer =>
    seal(
      sequence(
        tlv(0xa0, integer(Buffer.from([2]))),
        integer(o.serial),
        o.isSha1 ? ecdsaSha1 : ecdsaSha256,
        subject,
        sequence(time(o.times[0]), time(o.times[1])),
        o.name,
        o.key.export({ type: "spki", format: "der" }),
        tlv(0xa3, sequence(...o.extensions)),
      ),
      o.isSha1,
    );
  const nowMs = systemClock().wallMs();
  const own = make({
    name: subject,
    key: publicKey,
    serial: newSerial(),
    times: [nowMs - dayMs, nowMs + lifeDays * dayMs],
    extensions: [
      extension("551d13", sequence(tlv(0x01, Buffer.from([0xff]))), true),
      extension("551d0f", tlv(0x03, Buffer.from([1, 0x06])), true),
    ],
  });
  return {
    cert: pemOf("CERTIFICATE", own),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    issue(ask) {
      const pair = keyPair(ask.rsaBits);
      const serial = newSerial();
      const der = make({
        name: nameOf(ask.name ?? ask.purpose),
        key: pair.publicKey,
        serial,
        times: [ask.fromMs ?? nowMs - dayMs, ask.untilMs ?? nowMs + lifeDays * dayMs],
        extensions: extensionsOf(ask),
        isSha1: ask.isSha1,
      });
      return {
        key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        cert: pemOf("CERTIFICATE", der),
        thumbprint: `sha256:${createHash("sha256").update(der).digest("hex")}`,
        serial,
      };
    },
    revoke(issued) {
      const since = time(nowMs - dayMs);
      const entries = issued.map((one) => sequence(integer(one.serial), since));
      const revoked = entries.length === 0 ? [] : [sequence(...entries)];
      const body = sequence(
        integer(Buffer.from([1])),
        ecdsaSha256,
        subject,
        since,
        time(nowMs + lifeDays * dayMs),
        ...revoked,
      );
      return pemOf("X509 CRL", seal(body));
    },
  };
}

/** A body with what its signature is made by, and the signature. */
function sealed(body: Buffer, key: KeyObject, isSha1: boolean): Buffer {
  const signature = bitString(sign(isSha1 ? "sha1" : "sha256", body, key));
  return sequence(body, isSha1 ? ecdsaSha1 : ecdsaSha256, signature);
}

function keyPair(rsaBits: number | undefined): { publicKey: KeyObject; privateKey: KeyObject } {
  if (rsaBits === undefined) return generateKeyPairSync("ec", { namedCurve: "P-256" });
  return generateKeyPairSync("rsa", { modulusLength: rsaBits });
}

function extensionsOf({ purpose, uris = [], hosts: of = ["localhost"] }: CertificateAsk): Buffer[] {
  const hosts =
    purpose === "server"
      ? [...of.map((name) => tlv(0x82, Buffer.from(name))), tlv(0x87, Buffer.from([127, 0, 0, 1]))]
      : [];
  const names = [...hosts, ...uris.map((uri) => tlv(0x86, Buffer.from(uri)))];
  return [
    extension("551d0f", tlv(0x03, Buffer.from([7, 0x80])), true),
    ...(names.length > 0 ? [extension("551d11", sequence(...names))] : []),
    ...(purpose === "any" ? [] : [extension("551d25", sequence(oid(purposes[purpose])))]),
  ];
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [tlv(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, tlv(0x04, value));
}

function nameOf(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(name)))));
}

const integer = (bytes: Buffer): Buffer => tlv(0x02, bytes);

/** Positive and of full length. */
function newSerial(): Buffer {
  const bytes = randomBytes(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

const utcTimeEnd = Date.UTC(2050, 0);

/** X.509 wants a UTCTime before 2050 and a GeneralizedTime from then on. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return ms < utcTimeEnd ? tlv(0x17, Buffer.from(text.slice(2))) : tlv(0x18, Buffer.from(text));
}
