import type { Exchange, Exit, SentHow } from "./exchange.ts";

const sliceBytes = 262_144;
const reasons: Record<SentHow, Exit["reason"]> = {
  sent: "ok",
  left: "client_left",
  stalled: "client_stalled",
};

/**
 * Sends a body in slices as fast as it is taken and ends the exchange once it is: until then the
 * promise, and whatever waits for it, holds the bytes. `headers` name no length.
 */
export function sendContent(x: Exchange, headers: readonly string[], bytes: Buffer): Promise<void> {
  const { client } = x;
  const { promise, resolve } = Promise.withResolvers<void>();
  let cancelled: Exit["reason"] | undefined;
  const onSent = (how: SentHow): void => {
    x.exit({ reason: cancelled ?? reasons[how], status: 200 });
    resolve();
  };
  x.cancel = (why) => {
    if (why !== "client_left") cancelled = "cut";
    client.destroy();
  };
  if (client.method === "HEAD") client.answer(200, headers, bytes);
  else client.open(200, [...headers, "content-length", String(bytes.length)]);
  if (client.onSent) client.onSent(onSent);
  if (client.method !== "HEAD") feed(x, bytes, 0);
  if (!client.onSent) onSent("sent");
  return promise;
}

/** In slices, as a front sees by whole writes only what is taken. */
function feed(x: Exchange, bytes: Buffer, from: number): void {
  const { client } = x;
  for (let at = from; !client.isGone; at += sliceBytes) {
    const slice = bytes.subarray(at, at + sliceBytes);
    if (at + sliceBytes >= bytes.length) return client.end(slice);
    if (!client.write(slice)) return client.onDrain(() => feed(x, bytes, at + sliceBytes));
  }
}
