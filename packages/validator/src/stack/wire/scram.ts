import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import type { Login } from "./postgres.ts";
import { LacksFeature, WireFault } from "./fault.ts";

const iterationsMax = 1_000_000;

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)));

const fields = (message: string): Map<string, string> =>
  new Map(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));

function sized(mechanism: string, first: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.byteLength(first));
  return Buffer.concat([Buffer.from(`${mechanism}\0`), size, Buffer.from(first)]);
}

function md5(login: Login, salt: Buffer): Buffer {
  const inner = createHash("md5")
    .update(`${login.password ?? ""}${login.user}`)
    .digest("hex");
  const outer = createHash("md5").update(inner).update(salt).digest("hex");
  return Buffer.from(`md5${outer}\0`);
}

/**
 * Answers of one login to the server's requests: clear text, MD5 and SCRAM-SHA-256, whose server
 * has to prove that it knows the password too. null where nothing is to be sent.
 */
export function answerOf(login: Login): (request: Buffer) => Buffer | null {
  const nonce = Buffer.from(login.nonce).toString("base64");
  const bare = `n=,r=${nonce}`;
  let proof = "";
  const proven = (rest: string): Buffer => {
    const said = fields(rest);
    const [salt = "", serverNonce = ""] = [said.get("s"), said.get("r")];
    const rounds = Number(said.get("i"));
    if (!serverNonce.startsWith(nonce) || !(rounds >= 1 && rounds <= iterationsMax)) {
      throw new WireFault("protocol", "its SCRAM challenge is not an answer to ours");
    }
    const salted = pbkdf2Sync(
      login.password ?? "",
      Buffer.from(salt, "base64"),
      rounds,
      32,
      "sha256",
    );
    const clientKey = hmac(salted, "Client Key");
    const final = `c=biws,r=${serverNonce}`;
    const all = `${bare},${rest},${final}`;
    const stored = createHash("sha256").update(clientKey).digest();
    proof = hmac(hmac(salted, "Server Key"), all).toString("base64");
    return Buffer.from(`${final},p=${xor(clientKey, hmac(stored, all)).toString("base64")}`);
  };
  return (request) => {
    const rest = request.subarray(4);
    switch (request.readInt32BE(0)) {
      case 0:
        return null;
      case 3:
        return Buffer.from(`${login.password ?? ""}\0`);
      case 5:
        return md5(login, rest);
      case 10:
        return sized("SCRAM-SHA-256", `n,,${bare}`);
      case 11:
        return proven(rest.toString("utf8"));
      case 12: {
        const said = Buffer.from(fields(rest.toString("utf8")).get("v") ?? "");
        const wanted = Buffer.from(proof);
        if (said.length === wanted.length && timingSafeEqual(said, wanted)) return null;
        throw new WireFault("protocol", "the server did not prove that it knows the password");
      }
      default:
        throw new LacksFeature("The server asks for a login other than a password.");
    }
  };
}
