import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { openStream, type StreamTarget, streamTarget } from "./byte-stream.ts";
import { LacksFeature, WireFault } from "./fault.ts";
import { command, RespError, type RespValue } from "./resp.ts";

export type RedisContext = StackContext<ServiceOf<"redis">>;

/** One connection to Redis; ends with its block. */
export interface RedisSession extends Disposable {
  /** The reply, error replies included. */
  ask(...words: readonly string[]): Promise<RespValue>;
  /** The reply; @throws WireFault for an error reply, LacksFeature for a command it has not. */
  need(...words: readonly string[]): Promise<RespValue>;
}

/** How every version says that it has no such command, or none of its parts. */
export const unknownCommand = /^ERR unknown (sentinel )?(sub)?command/i;

/** A connection nobody logged in on, to the service's address. @throws WireFault */
export function openRedis(context: RedisContext): Promise<RedisSession> {
  const { url } = context.service;
  return openAt(context, streamTarget(url, 6379, url.startsWith("rediss:")));
}

async function openAt(context: RedisContext, target: StreamTarget): Promise<RedisSession> {
  const stream = await openStream(target, context.signal);
  const ask = (...words: readonly string[]): Promise<RespValue> => command(stream, ...words);
  return {
    ask,
    async need(...words) {
      const reply = await ask(...words);
      if (!(reply instanceof RespError)) return reply;
      const said = `${words.slice(0, 2).join(" ")}: ${reply.message}`;
      if (unknownCommand.test(reply.message)) throw new LacksFeature(said);
      throw new WireFault("protocol", said, reply.message);
    },
    [Symbol.dispose]: () => stream[Symbol.dispose](),
  };
}

/**
 * Logs in with `password`; null when it was let in, else what Redis said. @throws LacksFeature for a
 * user where the version knows none.
 */
export async function logIn(
  session: RedisSession,
  context: RedisContext,
  password: string,
): Promise<string | null> {
  const { user } = context.service;
  const reply = await session.ask("AUTH", ...(user === undefined ? [] : [user]), password);
  if (
    user !== undefined &&
    reply instanceof RespError &&
    /^ERR wrong number of arguments/i.test(reply.message)
  ) {
    throw new LacksFeature(`It knows no users, which came with Redis 6: ${reply.message}.`);
  }
  return reply instanceof RespError ? reply.message : null;
}

/** A connection to the sentinel, logged in where it asks for that. @throws WireFault */
export async function enterSentinel(context: RedisContext): Promise<RedisSession> {
  const session = await openRedis(context);
  const password = context.secret(context.service.sentinelPassword);
  const reply = password === undefined ? "OK" : await session.ask("AUTH", password);
  if (!(reply instanceof RespError)) return session;
  throw new WireFault("protocol", `the sentinel refused the login: ${reply.message}`);
}

/** Texts of a reply that is a list. */
export const textsOf = (reply: RespValue): string[] =>
  Array.isArray(reply) ? reply.flatMap((one) => (typeof one === "string" ? [one] : [])) : [];

/** What a sentinel says of its masters. @throws WireFault for a server that is none. */
async function askSentinel(sentinel: RedisSession, ...words: readonly string[]) {
  const reply = await sentinel.ask("SENTINEL", ...words);
  if (!(reply instanceof RespError)) return reply;
  const isNone = /^ERR unknown command/i.test(reply.message);
  const seen = isNone
    ? "the server is no sentinel"
    : `SENTINEL ${words[0] ?? ""}: ${reply.message}`;
  throw new WireFault("protocol", seen, reply.message);
}

/** The name of the master that is watched. @throws WireFault */
export async function masterOf(context: RedisContext, sentinel: RedisSession): Promise<string> {
  const { master } = context.service;
  if (master !== undefined) return master;
  const masters = await askSentinel(sentinel, "MASTERS");
  const [first] = Array.isArray(masters) ? masters : [];
  const name = textsOf(first ?? null)[1];
  if (name !== undefined) return name;
  throw new WireFault("protocol", "the sentinel watches no master");
}

/** A connection nobody logged in on, to what keeps the data: a sentinel's master. @throws WireFault */
export async function openData(context: RedisContext): Promise<RedisSession> {
  const { topology, url } = context.service;
  if (topology !== "sentinel") return await openRedis(context);
  using sentinel = await enterSentinel(context);
  const name = await masterOf(context, sentinel);
  const found = await askSentinel(sentinel, "GET-MASTER-ADDR-BY-NAME", name);
  const [host, port] = textsOf(found);
  if (host === undefined || port === undefined) {
    throw new WireFault("protocol", `the sentinel knows no master ${name}`);
  }
  return await openAt(context, { host, port: Number(port), tls: url.startsWith("rediss:") });
}

/** A connection logged in as the manifest says, on its database. @throws WireFault */
export async function enterRedis(context: RedisContext): Promise<RedisSession> {
  return await entered(context, await openData(context));
}

/**
 * As `enterRedis`, to the node of a cluster that keeps the key; one redirection is followed.
 * @throws WireFault
 */
export async function enterFor(context: RedisContext, key: string): Promise<RedisSession> {
  const session = await enterRedis(context);
  const reply = await session.ask("GET", key);
  const [, at] = /^MOVED \d+ (\S+)/.exec(reply instanceof RespError ? reply.message : "") ?? [];
  if (at === undefined) return session;
  session[Symbol.dispose]();
  const { url } = context.service;
  const own = streamTarget(url, 6379, url.startsWith("rediss:"));
  const host = at.slice(0, at.lastIndexOf(":")).replaceAll(/[[\]]/g, "");
  const port = Number(at.slice(at.lastIndexOf(":") + 1));
  const node = { ...own, host: host === "" ? own.host : host, port };
  return await entered(context, await openAt(context, node));
}

async function entered(context: RedisContext, session: RedisSession): Promise<RedisSession> {
  const password = context.secret(context.service.password);
  const refused = password === undefined ? null : await logIn(session, context, password);
  if (refused !== null) throw new WireFault("protocol", `the login was refused: ${refused}`);
  const database = new URL(context.service.url).pathname.slice(1);
  if (database !== "") await session.need("SELECT", database);
  return session;
}

/** `redis-cli` with the login of the manifest; the password is named, never shown. */
export function redisCli(context: RedisContext, ...words: readonly string[]): string[] {
  const { url, user, password } = context.service;
  const env = password === undefined ? [] : ["env", `REDISCLI_AUTH=${shownSecret(password)}`];
  const as = user === undefined ? [] : ["--user", user];
  return [...env, "redis-cli", "-u", url, ...as, ...words];
}

/** The lines `key:value` of INFO. */
export function infoFields(text: RespValue): ReadonlyMap<string, string> {
  const lines = typeof text === "string" ? text.split(/\r?\n/) : [];
  const pairs = lines.filter((line) => /^[a-z0-9_]+:/i.test(line));
  return new Map(
    pairs.map((line) => [line.split(":")[0] ?? "", line.slice(line.indexOf(":") + 1)]),
  );
}
