import type { IncomingMessage } from "node:http";

const bodyBytesMax = 1_048_576;

/** Hands over the text of a request's body; a body of more than 1 MiB ends its connection instead. */
export function readBody(request: IncomingMessage, take: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) request.destroy();
    else chunks.push(chunk);
  });
  request.on("end", () => take(Buffer.concat(chunks).toString("utf8")));
}
