import type { Random } from "@loadline/kit/random";

/** Bytes that mean something to a reader of JSON or of server-sent events, and some that do not. */
const alphabet = Buffer.from(
  "\"{}[],:\\/ \t\r\n0123456789eE+-.trufalsn'#*dat\u0000\u0001\u00e9\ufeff",
);
const editsMax = 4;

/** `text` with one to four bytes changed, put in, cut out, or a piece of it moved. */
export function mutate(text: Buffer, random: Random): Buffer {
  let bytes = text;
  for (let n = 1 + random.below(editsMax); n > 0; n--) bytes = mutateOnce(bytes, random);
  return bytes;
}

function mutateOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.below(12));
  const byte = Buffer.from([alphabet[random.below(alphabet.length)] ?? 0x20]);
  const head = bytes.subarray(0, at);
  switch (random.below(5)) {
    case 0:
      return Buffer.concat([head, byte, bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([head, byte, bytes.subarray(at)]);
    case 2:
      return Buffer.concat([head, bytes.subarray(to)]);
    case 3:
      return Buffer.concat([head, bytes.subarray(at, to), bytes.subarray(at)]);
    default: {
      const from = random.below(bytes.length + 1);
      const piece = bytes.subarray(from, from + random.below(40));
      return Buffer.concat([head, piece, bytes.subarray(at)]);
    }
  }
}
