import { writeFile } from "node:fs/promises";
import { createServer as createPlain, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createServer, type TlsOptions } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import type { StackRule } from "../probe.ts";
import { makeCertificate } from "./certificate.ts";
import { listening } from "./listening.ts";
import type { StackTwin } from "./twin.ts";

const dayMs = 86_400_000;
const secondsOfYear = 31_536_000;

function optionsOf(said: (when: string) => string | undefined): TlsOptions {
  const oldest = said("versions") === undefined ? "TLSv1.2" : "TLSv1";
  return {
    ...(oldest === "TLSv1" ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    minVersion: oldest,
    ecdhCurve: said("groups") ?? "X25519MLKEM768:X25519",
  };
}

/** A door of TLS on 127.0.0.1; a rule replaces its certificate, versions, groups or header. */
export async function startTlsTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const said = (when: string): string | undefined => rules.find((one) => one.when === when)?.reply;
  const nowMs = systemClock().wallMs();
  const certificates = {
    own: makeCertificate("twin", nowMs, nowMs + 300 * dayMs),
    ending: makeCertificate("ending", nowMs, nowMs + 2 * dayMs),
    stranger: makeCertificate("stranger", nowMs, nowMs + 300 * dayMs),
  };
  const folder = makeScratchFolder("loadline-tls-");
  const ca = join(folder.path, "ca.pem");
  await writeFile(ca, certificates.own.cert + certificates.ending.cert);
  const which = said("certificate");
  const own = which === "ending" || which === "stranger" ? which : "own";
  const serve = (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    const header = `strict-transport-security: ${said("hsts") ?? `max-age=${secondsOfYear}`}`;
    socket.once("data", () => {
      socket.end(`HTTP/1.1 200 OK\r\n${header}\r\ncontent-length: 0\r\n\r\n`);
    });
  };
  const plain = said("connect");
  const server: Server =
    plain === undefined
      ? createServer({ ...certificates[own], ...optionsOf(said) }, serve)
      : createPlain((socket) => socket.on("error", () => socket.destroy()).end(plain));
  const door = await listening(server);
  const url = `tls://127.0.0.1:${door.port}`;
  return {
    service: { kind: "tls", url, ca, hsts: true, postQuantum: true },
    secrets: {},
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
