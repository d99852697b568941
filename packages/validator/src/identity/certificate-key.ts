import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock } from "@loadline/kit/clock";
import { sha256 } from "../evidence/sha256.ts";

/**
 * SHA-256 of the public key (SPKI, DER) that the certificate behind a connection carries, hex; null
 * when no handshake ends within `timeoutMs`. Closes the connection.
 */
export async function certificateKey(
  socket: Socket,
  o: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string | null> {
  if (!(socket instanceof TLSSocket)) {
    socket.destroy();
    return null;
  }
  const end = (): void => void socket.destroy();
  const timer = o.clock.after(o.timeoutMs, end);
  o.signal.addEventListener("abort", end, { once: true });
  try {
    return await new Promise((resolve) => {
      socket.once("secureConnect", () => {
        const key = socket.getPeerX509Certificate()?.publicKey;
        resolve(key === undefined ? null : sha256(key.export({ type: "spki", format: "der" })));
      });
      // Whether a target can be reached is judged by its probes.
      socket.once("error", () => resolve(null));
      socket.once("close", () => resolve(null));
      if (o.signal.aborted) end();
    });
  } finally {
    timer.cancel();
    o.signal.removeEventListener("abort", end);
    socket.destroy();
  }
}
