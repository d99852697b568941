import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { openStream, streamTarget } from "./byte-stream.ts";
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

/** A connection nobody logged in on. @throws WireFault */
export async function openRedis(context: RedisContext): Promise<RedisSession> {
  const { url } = context.service;
  const target = streamTarget(url, 6379, url.startsWith("rediss:"));
  const stream = await openStream(target, context.signal);
  const ask = (...words: readonly string[]): Promise<RespValue> => command(stream, ...words);
  return {
    ask,
    async need(...words) {
      const reply = await ask(...words);
      if (!(reply instanceof RespError)) return reply;
      const said = `${words.slice(0, 2).join(" ")}: ${reply.message}`;
      if (/^ERR unknown (sub)?command/i.test(reply.message)) throw new LacksFeature(said);
      throw new WireFault("protocol", said, reply.message);
    },
    [Symbol.dispose]: () => stream[Symbol.dispose](),
  };
}

/** Logs in with `password`; null when it was let in, else what Redis said. */
export async function logIn(
  session: RedisSession,
  context: RedisContext,
  password: string,
): Promise<string | null> {
  const { user } = context.service;
  const reply = await session.ask("AUTH", ...(user === undefined ? [] : [user]), password);
  return reply instanceof RespError ? reply.message : null;
}

/** A connection logged in as the manifest says, on its database. @throws WireFault */
export async function enterRedis(context: RedisContext): Promise<RedisSession> {
  const session = await openRedis(context);
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
