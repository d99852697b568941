import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createEgress, hostOf } from "@loadline/kit/egress";
import { createResponseParser, encodeRequest } from "@loadline/kit/http1";
import { parseJson } from "@loadline/kit/json";
import { otherKind } from "../guess-kind.ts";
import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import { filledUrl, shownUrl } from "./query-secrets.ts";
import { LacksFeature, printable, WireFault } from "./fault.ts";

const bodyBytesMax = 8 * 1024 * 1024;
/** Characters of a body in a command; a longer one is left out. */
const shownBodyMax = 2_048;

/** A request to a service that speaks HTTP. */
export interface WebRequest {
  /** Default GET. */
  readonly method?: string;
  /** Below the service's url, or a whole URL of the same host. */
  readonly path: string;
  /** Flat: name, value, ... */
  readonly headers?: readonly string[];
  readonly json?: unknown;
  /** `none` leaves the credentials of the manifest out; a pair is tried in their place. */
  readonly login?: "manifest" | "none" | { readonly user: string; readonly password: string };
  /** Ends reading once the text so far is enough; default reads to the end. */
  readonly isEnough?: (text: string) => boolean;
}

/** What came back, and how to ask again. */
export interface WebAnswer {
  readonly status: number;
  /** Lower-case names; the last of equal names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  readonly curl: readonly string[];
}

/** The parts of a service that `askWeb` reads. */
interface WebService {
  readonly url: string;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Authorities in PEM in place of those of Node.js. */
  readonly ca?: string | undefined;
}

type WebContext = Pick<StackContext, "secret" | "signal" | "excerpt"> & {
  readonly service: WebService;
};

/** The URL of a path below the service's url; an empty path is the url itself, with its query. */
export function webUrl(service: { readonly url: string }, path: string): URL {
  const base = new URL(service.url.replace(/^ws/, "http"));
  if (/^https?:/.test(path)) return new URL(path);
  if (path === "" && base.search !== "") return new URL(base.pathname + base.search, base.origin);
  return new URL(`${base.pathname.replace(/\/+$/, "")}${path}`, base.origin);
}

/** The login of a request as it is sent, and as it is shown. */
function loginOf(context: WebContext, request: WebRequest): { sent: string[]; shown: string[] } {
  const { login = "manifest" } = request;
  const { token, user, password } = context.service;
  const basic = (name: string, word: string): string =>
    `Basic ${Buffer.from(`${name}:${word}`).toString("base64")}`;
  if (login === "none") return { sent: [], shown: [] };
  if (login !== "manifest") {
    const sent = ["authorization", basic(login.user, login.password)];
    return { sent, shown: ["-u", `${login.user}:${login.password}`] };
  }
  if (token !== undefined) {
    const sent = ["authorization", `Bearer ${context.secret(token) ?? ""}`];
    return { sent, shown: ["-H", `authorization: Bearer ${shownSecret(token)}`] };
  }
  if (user === undefined) return { sent: [], shown: [] };
  const sent = ["authorization", basic(user, context.secret(password) ?? "")];
  return { sent, shown: ["-u", `${user}:${shownSecret(password)}`] };
}

/** The request as a curl argument list; secrets by name. */
function curlOf(url: string, request: WebRequest, shown: readonly string[]): string[] {
  const argv = ["curl", "-sS", "-i", "-m", "10", ...shown];
  if ((request.method ?? "GET") !== "GET") argv.push("-X", request.method ?? "GET");
  const { headers = [] } = request;
  for (let i = 0; i + 1 < headers.length; i += 2)
    argv.push("-H", `${headers[i]}: ${headers[i + 1]}`);
  if (request.json !== undefined) {
    if (!headers.includes("content-type")) argv.push("-H", "content-type: application/json");
    const body = JSON.stringify(request.json);
    if (body.length <= shownBodyMax) argv.push("--data-binary", body);
  }
  argv.push(url);
  return argv;
}

/** Asks the service and nobody else; no redirect, no retry. @throws WireFault when no answer came. */
export async function askWeb(context: WebContext, request: WebRequest): Promise<WebAnswer> {
  const { service } = context;
  const { path } = request;
  // The service's own URL alone: a path may hold words of an answer, which name no secret.
  const own = filledUrl(service.url, context.secret);
  const url = webUrl({ url: own }, path === service.url ? own : path);
  const { sent, shown } = loginOf(context, request);
  const headers = ["host", url.host, "accept-encoding", "identity", "connection", "close", ...sent];
  if (!(request.headers ?? []).includes("accept")) headers.push("accept", "*/*");
  headers.push(...(request.headers ?? []));
  if (request.json !== undefined && !headers.includes("content-type")) {
    headers.push("content-type", "application/json");
  }
  const method = request.method ?? "GET";
  const body =
    request.json === undefined ? {} : { body: Buffer.from(JSON.stringify(request.json)) };
  const bytes = encodeRequest({ method, path: url.pathname + url.search, headers, ...body });
  const { ca } = service;
  const sending = { method, bytes, open: () => openWeb(url, ca) };
  const raw = await exchange(url, sending, request.isEnough, context);
  const text = raw.body.toString("utf8");
  const named = webUrl(service, path).href;
  const again = path === "" || path === service.url ? shownUrl(named, shownSecret) : named;
  return { ...raw, text, json: parseJson(text), curl: curlOf(again, request, shown) };
}

interface Raw {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** A new connection to the host of `url`; TLS is verified, by `ca` where there is one. */
function openWeb(url: URL, ca: string | undefined): Socket {
  const host = hostOf(url);
  const egress = createEgress({ allowHosts: [host] });
  if (ca === undefined || url.protocol !== "https:") return egress.connect(url);
  const under = egress.connect(new URL(`http://${url.hostname}:${url.port || "443"}`));
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ ...name, host, ca, socket: under, ALPNProtocols: ["http/1.1"] });
  under.on("error", (cause) => socket.destroy(cause));
  return socket;
}

interface Sending {
  readonly method: string;
  readonly bytes: Buffer;
  open(): Socket;
}

function exchange(
  url: URL,
  request: Sending,
  isEnough: WebRequest["isEnough"],
  context: Pick<WebContext, "signal" | "excerpt">,
): Promise<Raw> {
  const { signal } = context;
  const at = url.host;
  if (signal.aborted) return Promise.reject(new WireFault("timeout", `${at}: no time was left`));
  return new Promise((resolve, reject) => {
    const socket = request.open();
    const parser = createResponseParser();
    const got: Omit<Raw, "body"> = { status: 0, headers: {} };
    const chunks: Buffer[] = [];
    let bytes = 0;
    let first: Buffer = Buffer.alloc(0);
    let isConnected = false;
    const done = (fault: WireFault | null): void => {
      signal.removeEventListener("abort", onAbort);
      parser.stop();
      socket.removeAllListeners("close").removeAllListeners("error");
      socket.on("error", () => socket.destroy()).destroy();
      if (fault === null) resolve({ ...got, body: Buffer.concat(chunks) });
      else reject(fault);
    };
    const onAbort = (): void =>
      done(new WireFault("timeout", `${at} gave no whole answer in time`, printable(first)));
    signal.addEventListener("abort", onAbort, { once: true });
    parser.start(request.method, {
      head(status, headers) {
        got.status = status;
        for (let i = 0; i + 1 < headers.length; i += 2) {
          got.headers[(headers[i] ?? "").toLowerCase()] = headers[i + 1] ?? "";
        }
      },
      data(chunk) {
        chunks.push(Buffer.from(chunk));
        bytes += chunk.length;
        if (bytes > bodyBytesMax) {
          done(new WireFault("protocol", `${at} sent a body over ${bodyBytesMax} bytes`));
        } else if (isEnough?.(Buffer.concat(chunks).toString("utf8")) === true) done(null);
      },
      end: () => done(null),
      fail(_code, detail) {
        const other = (): string => otherKind(context, "HTTP", printable(first));
        const seen = got.status === 0 ? other() : `${at}: ${detail}`;
        done(new WireFault("protocol", seen, printable(first)));
      },
    });
    socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
      isConnected = true;
      socket.write(request.bytes);
    });
    socket.on("data", (chunk) => {
      if (first.length < 200) first = Buffer.concat([first, chunk]);
      parser.feed(chunk);
    });
    socket.once("error", (cause: Error & { code?: string }) => {
      const why = cause.code ?? cause.message;
      const said = isConnected ? `${at}: ${why}` : `${at} refused the connection (${why})`;
      done(new WireFault(isConnected ? "closed" : "refused", said, printable(first)));
    });
    socket.once("close", () => {
      parser.eof();
      if (!parser.done) done(new WireFault("closed", `${at} closed the connection`));
    });
  });
}

/** Whether an answer says that there is no such route, or none for its method. */
export const lacksRoute = ({ status }: Pick<WebAnswer, "status">): boolean =>
  [404, 405, 501].includes(status);

/**
 * An answer that is JSON with a 2xx. @throws LacksFeature where the service has no such route (404,
 * 405, 501), WireFault for every other status and for what is no JSON.
 */
export function readJson(request: Pick<WebRequest, "method" | "path">, answer: WebAnswer) {
  const line = `${request.method ?? "GET"} ${request.path} answered ${answer.status}`;
  if (lacksRoute(answer)) throw new LacksFeature(`${line}: the service has no such route.`);
  if (answer.status < 200 || answer.status > 299) {
    throw new WireFault("protocol", line, answer.text);
  }
  if (answer.json === undefined) {
    throw new WireFault("protocol", `${line} without JSON`, answer.text);
  }
  return answer;
}

/** As `readJson`, of the answer to a request. @throws as `readJson` and `askWeb` */
export const needJson = async (context: WebContext, request: WebRequest): Promise<WebAnswer> =>
  readJson(request, await askWeb(context, request));
