import { generateKeyPairSync, sign } from "node:crypto";

/** Key and certificate as PEM. */
export interface MadeCertificate {
  readonly key: string;
  readonly cert: string;
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 128) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const size = Buffer.from([0x82, value.length >> 8, value.length & 255]);
  return Buffer.concat([Buffer.from([tag]), size, value]);
}

const set = (hex: string, value: Buffer): Buffer =>
  der(0x31, der(0x30, der(0x06, Buffer.from(hex, "hex")), value));

/** `YYYYMMDDhhmmssZ`, a GeneralizedTime. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(text));
}

/** A certificate for 127.0.0.1 that vouches for itself, good from a day ago until `untilMs`. */
export function makeCertificate(name: string, nowMs: number, untilMs: number): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsa = der(0x30, der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  const subject = der(0x30, set("550403", der(0x0c, Buffer.from(name))));
  const addresses = der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])));
  const alternative = der(0x30, der(0x06, Buffer.from("551d11", "hex")), der(0x04, addresses));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsa,
    subject,
    der(0x30, time(nowMs - 86_400_000), time(untilMs)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, alternative)),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const base64 = der(0x30, body, ecdsa, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}
