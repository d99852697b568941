import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";

/** Answer of a call; `text` is what came before its end or its break. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  /** It ended without a whole answer, or never began. */
  readonly isBroken: boolean;
  /** `sha256:` thumbprint of the server's certificate on its connection. */
  readonly server: string;
  /** Local port of its connection. */
  readonly port: number;
}

export interface AskerOptions {
  readonly url: string;
  readonly key: string;
  readonly ca: string;
  /** Of the client. */
  readonly pair?: { readonly cert: string; readonly key: string };
  /** One connection for all calls; default: one for each. */
  readonly isKept?: boolean;
}

const messages = [{ role: "user", content: "hi" }];
const lost: Answered = { status: 0, text: "", isBroken: true, server: "", port: 0 };

/** Calls over TLS that verify the server. */
export class Asker implements Disposable {
  readonly #o: AskerOptions;
  readonly #agent: Agent | false;

  constructor(o: AskerOptions) {
    this.#o = o;
    this.#agent = o.isKept === true ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
  }

  chat(model: string, o: { stream?: boolean; chars?: number } = {}): Promise<Answered> {
    const text = "x".repeat(o.chars ?? 1);
    const body = { model, messages: [...messages, { role: "user", content: text }] };
    return this.ask("/v1/chat/completions", { ...body, stream: o.stream ?? false });
  }

  /** Resolves also when the connection breaks; `onData` may break it. */
  ask(
    path: string,
    body?: object,
    onData: (answer: IncomingMessage) => void = () => undefined,
  ): Promise<Answered> {
    const { url, key, ca, pair } = this.#o;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const method = body === undefined ? "GET" : "POST";
    const options = { method, headers, ca, agent: this.#agent, servername: "localhost", ...pair };
    return new Promise((resolve) => {
      const sent = request(`${url}${path}`, options, (answer) => {
        const { server, port } = connectionOf(answer);
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
          onData(answer);
        });
        answer.on("error", () => undefined);
        answer.on("close", () => {
          const status = answer.statusCode ?? 0;
          resolve({ status, text, isBroken: !answer.complete, server, port });
        });
      });
      sent.on("error", () => resolve(lost));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  [Symbol.dispose](): void {
    if (this.#agent !== false) this.#agent.destroy();
  }
}

function connectionOf(answer: IncomingMessage): { server: string; port: number } {
  const socket = answer.socket as TLSSocket;
  const hex = socket.getPeerCertificate().fingerprint256 ?? "";
  return {
    server: `sha256:${hex.replaceAll(":", "").toLowerCase()}`,
    port: socket.localPort ?? 0,
  };
}
