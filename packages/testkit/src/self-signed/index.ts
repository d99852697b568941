/**
 * A certificate that nobody vouches for, made anew each time, for TLS servers of tests.
 *
 * ```ts
 * const server = createServer(selfSigned(), (socket) => socket.end("hi"));
 * ```
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { bitString, oid, pemOf, sequence, tlv } from "@loadline/kit/der";

/** Key and certificate as PEM, good for `localhost` and 127.0.0.1. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const name = sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from("localhost")))));
  const validity = sequence(utcTime("200101000000Z"), utcTime("491231235959Z"));
  const names = sequence(
    tlv(0x82, Buffer.from("localhost")),
    tlv(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const extensions = sequence(sequence(oid("551d11"), tlv(0x04, names)));
  const body = sequence(
    tlv(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const signature = bitString(sign("sha256", body, privateKey));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: pemOf("CERTIFICATE", sequence(body, algorithm, signature)),
  };
}

const integer = (value: number): Buffer => tlv(0x02, Buffer.from([value]));
const utcTime = (text: string): Buffer => tlv(0x17, Buffer.from(text));
