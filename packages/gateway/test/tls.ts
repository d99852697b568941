import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { createAuthority, type Issued } from "../../testkit/src/authority/index.ts";

/** A folder with a server's certificate and key, and with the authority of clients. */
export class TlsFolder implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "ll-tls-"));
  readonly servers = createAuthority("servers");
  readonly clients = createAuthority("clients");
  own = this.servers.issue({ purpose: "server" });

  constructor() {
    this.put(this.own);
    this.write("ca.pem", this.clients.cert);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** In one step, as mounted volumes do. */
  write(name: string, text: string): void {
    writeFileSync(this.path(`${name}.new`), text);
    renameSync(this.path(`${name}.new`), this.path(name));
  }

  put({ cert, key }: Pick<Issued, "cert" | "key">): void {
    this.write("tls.crt", cert);
    this.write("tls.key", key);
  }

  /** Puts another certificate there. */
  renew(): Issued {
    this.own = this.servers.issue({ purpose: "server" });
    this.put(this.own);
    return this.own;
  }

  /** The section of a configuration over this folder. */
  section(more: Record<string, unknown> = {}): Record<string, unknown> {
    return { files: { cert: this.path("tls.crt"), key: this.path("tls.key") }, ...more };
  }

  mtls(mode: "request" | "require", more: Record<string, unknown> = {}): Record<string, unknown> {
    return { mtls: { ca: this.path("ca.pem"), mode, ...more } };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** An encrypted connection that keeps what came. */
export class TlsPeer implements Disposable {
  readonly socket: TLSSocket;
  text = "";
  isClosed = false;
  /** Code of the error it ended with. */
  fault = "";

  constructor(url: string, o: ConnectionOptions) {
    const port = Number(new URL(url).port);
    this.socket = connect({ host: "127.0.0.1", port, servername: "localhost", ...o });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk: string) => void (this.text += chunk));
    this.socket.on("close", () => void (this.isClosed = true));
    this.socket.on("error", (cause: NodeJS.ErrnoException) => {
      this.fault = cause.code ?? cause.message;
      this.socket.destroy();
    });
  }

  /** Status codes of the answers so far. */
  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1] ?? "");
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
