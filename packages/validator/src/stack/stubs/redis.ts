import { createServer, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import type { StackRule } from "../probe.ts";
import type { StackStub } from "./stub.ts";

const info: Readonly<Record<string, string>> = {
  redis_version: "7.0.15",
  redis_mode: "standalone",
  role: "master",
  loading: "0",
  maxmemory: "1048576",
  maxmemory_policy: "allkeys-lru",
  maxclients: "10000",
  aof_enabled: "1",
  rdb_last_bgsave_status: "ok",
  aof_last_write_status: "ok",
};

/** INFO with the fields of a rule such as `#aof_enabled:0;role:slave` in place of its own. */
function infoText(rule: string): string {
  const pairs = rule
    .slice(1)
    .split(";")
    .map((text) => text.split(":"));
  const fields = { ...info, ...Object.fromEntries(pairs.filter(([key]) => key !== "")) };
  return Object.entries(fields)
    .map(([key, value]) => `${key}:${value}`)
    .join("\r\n");
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

interface Held {
  value: string;
  /** ms of the process; null = for ever. */
  until: number | null;
}

/** Commands as arrays of bulk strings; anything else ends the connection. */
function commandsIn(buffer: Buffer): { commands: string[][]; rest: Buffer } {
  const commands: string[][] = [];
  let at = 0;
  for (;;) {
    const head = /^\*(\d+)\r\n/.exec(buffer.subarray(at, at + 32).toString("latin1"));
    if (head === null) return { commands, rest: buffer.subarray(at) };
    let next = at + head[0].length;
    const words: string[] = [];
    for (let i = 0; i < Number(head[1]); i++) {
      const size = /^\$(\d+)\r\n/.exec(buffer.subarray(next, next + 32).toString("latin1"));
      const end = size === null ? Infinity : next + size[0].length + Number(size[1]) + 2;
      if (size === null || end > buffer.length) return { commands, rest: buffer.subarray(at) };
      words.push(buffer.subarray(next + size[0].length, end - 2).toString("utf8"));
      next = end;
    }
    commands.push(words);
    at = next;
  }
}

/** A Redis of one test: a dictionary, one password, and the rules of a saboteur before it. */
export async function startRedisStub(
  rules: readonly StackRule[],
  password: string | null,
): Promise<StackStub> {
  const store = new Map<string, Held>();
  const clock = systemClock();
  const nowMs = (): number => clock.monotonicMs();
  const held = (key: string): Held | undefined => {
    const found = store.get(key);
    if (found === undefined || found.until === null || found.until > nowMs()) return found;
    store.delete(key);
    return undefined;
  };
  const keep = (key: string, ms: number): string => {
    const found = held(key);
    if (found !== undefined) found.until = nowMs() + ms;
    return found === undefined ? ":0\r\n" : ":1\r\n";
  };
  const answer = (words: readonly string[]): string => {
    const [name = "", key = "", value = ""] = words;
    switch (name.toUpperCase()) {
      case "PING":
        return "+PONG\r\n";
      case "SET":
        store.set(key, { value, until: null });
        return "+OK\r\n";
      case "GET": {
        const found = held(key);
        return found === undefined ? "$-1\r\n" : bulk(found.value);
      }
      case "DEL":
        return `:${store.delete(key) ? 1 : 0}\r\n`;
      case "TTL": {
        const found = held(key);
        if (found === undefined) return ":-2\r\n";
        return `:${found.until === null ? -1 : Math.round((found.until - nowMs()) / 1000)}\r\n`;
      }
      case "EXPIRE":
        return keep(key, Number(value) * 1000);
      case "PEXPIRE":
        return keep(key, Number(value));
      case "INFO":
        return bulk(infoText("#"));
      case "CONFIG":
        return `*2\r\n${bulk(value)}${bulk("3600 1")}`;
      default:
        return `-ERR unknown command '${name}'\r\n`;
    }
  };
  const serve = (words: readonly string[], session: { isIn: boolean }): string => {
    const line = words.join(" ");
    const rule = rules.find(({ when }) => line.startsWith(when));
    if (words[0] === "AUTH") {
      const isRight = words.at(-1) === password || rule?.reply.startsWith("+OK") === true;
      session.isIn ||= isRight;
      if (rule === undefined) return isRight ? "+OK\r\n" : "-WRONGPASS no\r\n";
    }
    if (rule !== undefined) {
      return rule.reply.startsWith("#") ? bulk(infoText(rule.reply)) : rule.reply;
    }
    return session.isIn || words[0] === "AUTH"
      ? answer(words)
      : "-NOAUTH Authentication required.\r\n";
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const session = { isIn: password === null };
    let buffer: Buffer = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      const { commands, rest } = commandsIn(Buffer.concat([buffer, chunk]));
      buffer = rest;
      for (const words of commands) socket.write(serve(words, session));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
