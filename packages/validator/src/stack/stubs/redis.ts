import type { Socket } from "node:net";
import { type Clock, systemClock } from "@loadline/kit/clock";
import type { StackRule } from "../probe.ts";
import type { StackStub } from "./stub.ts";
import { startTcpStub } from "./tcp.ts";

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
  connected_slaves: "1",
  slave0: "ip=192.0.2.1,port=6379,state=online,offset=7,lag=0",
};

/** INFO with the fields of a rule such as `#aof_enabled:0;role:slave` in place of its own. */
function infoText(rule: string): string {
  const pairs = rule
    .slice(1)
    .split(";")
    .map((text): readonly [string, string] => {
      const [key = "", value = ""] = text.split(":");
      return [key, value];
    });
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

/** The keys of one twin. */
class Dictionary {
  readonly #store = new Map<string, Held>();
  readonly #clock: Clock = systemClock();

  set(key: string, value: string): string {
    this.#store.set(key, { value, until: null });
    return "+OK\r\n";
  }

  get(key: string): string {
    const found = this.#held(key);
    return found === undefined ? "$-1\r\n" : bulk(found.value);
  }

  delete(key: string): string {
    return `:${this.#store.delete(key) ? 1 : 0}\r\n`;
  }

  ttl(key: string): string {
    const found = this.#held(key);
    if (found === undefined) return ":-2\r\n";
    if (found.until === null) return ":-1\r\n";
    return `:${Math.round((found.until - this.#clock.monotonicMs()) / 1000)}\r\n`;
  }

  expire(key: string, ms: number): string {
    const found = this.#held(key);
    if (found !== undefined) found.until = this.#clock.monotonicMs() + ms;
    return found === undefined ? ":0\r\n" : ":1\r\n";
  }

  #held(key: string): Held | undefined {
    const found = this.#store.get(key);
    if (found === undefined || found.until === null) return found;
    if (found.until > this.#clock.monotonicMs()) return found;
    this.#store.delete(key);
    return undefined;
  }
}

function answer(keys: Dictionary, words: readonly string[]): string {
  const [name = "", key = "", value = ""] = words;
  switch (name.toUpperCase()) {
    case "PING":
      return "+PONG\r\n";
    case "SET":
      return keys.set(key, value);
    case "GET":
      return keys.get(key);
    case "EXISTS":
      return keys.get(key).startsWith("$-1") ? ":0\r\n" : ":1\r\n";
    case "DEL":
      return keys.delete(key);
    case "TTL":
      return keys.ttl(key);
    case "EXPIRE":
      return keys.expire(key, Number(value) * 1000);
    case "PEXPIRE":
      return keys.expire(key, Number(value));
    case "INFO":
      return bulk(infoText("#"));
    case "CONFIG":
      return `*2\r\n${bulk(value)}${bulk("3600 1")}`;
    default:
      return `-ERR unknown command '${name}'\r\n`;
  }
}

interface Twin {
  readonly rules: readonly StackRule[];
  readonly password: string | null;
  readonly keys: Dictionary;
}

/** One command of a connection: the rules first, then the login, then the dictionary. */
function reply(twin: Twin, words: readonly string[], session: { isIn: boolean }): string {
  const line = words.join(" ");
  const rule = twin.rules.find(({ when }) => line.startsWith(when));
  if (words[0] === "AUTH") {
    const isRight = words.at(-1) === twin.password || rule?.reply.startsWith("+OK") === true;
    session.isIn ||= isRight;
    if (rule === undefined) return isRight ? "+OK\r\n" : "-WRONGPASS no\r\n";
  }
  if (rule !== undefined) {
    return rule.reply.startsWith("#") ? bulk(infoText(rule.reply)) : rule.reply;
  }
  return session.isIn ? answer(twin.keys, words) : "-NOAUTH Authentication required.\r\n";
}

function serve(twin: Twin, socket: Socket): void {
  const session = { isIn: twin.password === null };
  let buffer: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    const { commands, rest } = commandsIn(Buffer.concat([buffer, chunk]));
    buffer = rest;
    for (const words of commands) socket.write(reply(twin, words, session));
  });
}

/** A Redis of one test: a dictionary, one password, and the rules of a saboteur before it. */
export function startRedisStub(
  rules: readonly StackRule[],
  password: string | null,
): Promise<StackStub> {
  const twin: Twin = { rules, password, keys: new Dictionary() };
  return startTcpStub({
    serve: (socket) => serve(twin, socket),
    url: (port) => `redis://127.0.0.1:${port}`,
  });
}
