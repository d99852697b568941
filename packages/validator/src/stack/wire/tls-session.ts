import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { createEgress, hostOf } from "@loadline/kit/egress";
import { codeOf } from "@loadline/kit/errors";
import { createResponseParser, encodeRequest } from "@loadline/kit/http1";
import type { StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { NothingThere, WireFault } from "./fault.ts";

/** Bundles of all public authorities are a tenth of it. */
const authoritiesBytesMax = 4 * 1024 * 1024;

export type TlsContext = StackContext<ServiceOf<"tls">>;

/** A handshake that was made, or the word with which it was refused. */
export type Handshake =
  | { readonly ok: true; readonly socket: TLSSocket }
  | { readonly ok: false; readonly why: string };

/** Host and port of the door. */
export function tlsDoor({ url }: { readonly url: string }): URL {
  const parsed = new URL(url.replace(/^tls:/, "https:"));
  return new URL(`https://${parsed.host}`);
}

/** The name the certificate is to be good for. */
export const tlsName = (service: ServiceOf<"tls">): string =>
  service.serverName ?? hostOf(tlsDoor(service));

/** The authorities of the manifest; undefined for those of Node.js. @throws NothingThere without them. */
export async function tlsAuthorities({ ca }: ServiceOf<"tls">): Promise<string | undefined> {
  if (ca === undefined) return undefined;
  const unread = (why: string): never => {
    throw new NothingThere(`${ca} cannot be read (${why}), so nobody knows whom to trust.`);
  };
  // A pipe would let its reader wait for a writer.
  const found = await stat(ca).catch((cause: unknown) => unread(codeOf(cause)));
  if (!found.isFile() || found.size > authoritiesBytesMax) return unread("no small file");
  return await readFile(ca, "utf8").catch((cause: unknown) => unread(codeOf(cause)));
}

/**
 * One handshake with these options. Certificates are looked at by the caller, so that a bad one is
 * seen and named. @throws WireFault when nobody is there or the time is over.
 */
export async function handshake(
  context: TlsContext,
  options: Readonly<ConnectionOptions> = {},
): Promise<Handshake> {
  const door = tlsDoor(context.service);
  const host = hostOf(door);
  const name = tlsName(context.service);
  const plain = new URL(`http://${door.hostname}:${door.port === "" ? 443 : door.port}`);
  if (context.signal.aborted) throw new WireFault("timeout", `${door.host}: no time was left`);
  const under = createEgress({ allowHosts: [host] }).connect(plain);
  return await new Promise<Handshake>((resolve, reject) => {
    let isConnected = false;
    const socket = connect({
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...options,
      host: name,
      socket: under,
      rejectUnauthorized: false,
    });
    const end = (): void => {
      context.signal.removeEventListener("abort", onAbort);
      socket.on("error", () => socket.destroy());
    };
    const fail = (fault: WireFault): void => {
      end();
      under.destroy();
      socket.destroy();
      reject(fault);
    };
    const onAbort = (): void =>
      fail(new WireFault("timeout", `${door.host} made no handshake in time`));
    context.signal.addEventListener("abort", onAbort, { once: true });
    under.once("connect", () => {
      isConnected = true;
    });
    under.on("error", (cause: Error & { code?: string }) => {
      const why = cause.code ?? cause.message;
      if (!isConnected) {
        fail(new WireFault("refused", `${door.host} refused the connection (${why})`));
      }
    });
    socket.once("secureConnect", () => {
      end();
      resolve({ ok: true, socket });
    });
    const refused = (why: string): void => {
      end();
      under.destroy();
      socket.destroy();
      resolve({ ok: false, why });
    };
    socket.once("error", (cause: Error & { code?: string }) => {
      if (isConnected) refused(cause.code ?? cause.message);
    });
    socket.once("close", () => {
      if (isConnected) refused("it closed the connection");
    });
  });
}

/** Headers of the answer to `GET /` on a handshake, lower-case; ends the connection. */
export async function headOver(
  context: TlsContext,
  socket: TLSSocket,
): Promise<Readonly<Record<string, string>>> {
  const door = tlsDoor(context.service);
  return await new Promise((resolve, reject) => {
    const parser = createResponseParser();
    const end = (fault: WireFault | null, headers: Record<string, string> = {}): void => {
      context.signal.removeEventListener("abort", onAbort);
      parser.stop();
      socket.destroy();
      if (fault === null) resolve(headers);
      else reject(fault);
    };
    const onAbort = (): void =>
      end(new WireFault("timeout", `${door.host} gave no answer in time`));
    context.signal.addEventListener("abort", onAbort, { once: true });
    const broken = (detail: string): void =>
      end(new WireFault("protocol", `${door.host} does not speak HTTP: ${detail}`));
    parser.start("GET", {
      head(_status, flat) {
        const headers: Record<string, string> = {};
        for (let i = 0; i + 1 < flat.length; i += 2) {
          headers[(flat[i] ?? "").toLowerCase()] = flat[i + 1] ?? "";
        }
        end(null, headers);
      },
      data: () => undefined,
      end: () => undefined,
      fail: (_code, detail) => broken(detail),
    });
    socket.on("data", (chunk) => parser.feed(chunk)).once("close", () => broken("it closed"));
    const headers = ["host", door.host, "connection", "close"];
    socket.write(encodeRequest({ method: "GET", path: "/", headers }));
  });
}
