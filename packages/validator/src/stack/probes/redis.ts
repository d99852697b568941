import { replyText, RespError } from "../wire/resp.ts";
import { otherKind } from "../guess-kind.ts";
import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { WireFault } from "../wire/fault.ts";
import { inTurn } from "../wire/in-turn.ts";
import {
  enterFor,
  infoFields,
  logIn,
  openData,
  openRedis,
  redisCli,
  type RedisContext,
  type RedisSession,
} from "../wire/redis-session.ts";
import { orTakeBack } from "../wire/take-back.ts";

type RedisProbe = StackProbe<ServiceOf<"redis">>;

const shared = { kind: "redis", checklist: ["R1-04"] } as const;
const lockedKey = "loadline-locked";
const refusals = /^(NOAUTH|NOPERM|WRONGPASS|ERR invalid|ERR AUTH|-?DENIED)/i;

const answers: RedisProbe = {
  ...shared,
  check: "answers",
  summary: "is it Redis",
  needs: [],
  checklist: ["R1-04", "R1-17"],
  severity: "critical",
  claim: () => ({
    statement: "PING is answered as Redis answers it",
    category: "Operational Readiness",
    rationale: "Everything that caches or queues waits for this server.",
  }),
  saboteur: [{ when: "PING", reply: "HTTP/1.1 400 Bad Request\r\n" }],
  async run(context) {
    const reproduce = redisCli(context, "PING");
    try {
      using session = await openRedis(context);
      const reply = await session.ask("PING");
      const isLocked = reply instanceof RespError && refusals.test(reply.message);
      if (reply !== "PONG" && !isLocked) {
        const raw = reply instanceof RespError ? `-${reply.message}` : JSON.stringify(reply);
        return [{ ok: false, seen: `${otherKind(context, "Redis", raw)}.`, raw, reproduce }];
      }
      return [{ ok: true, seen: isLocked ? "It asks for a login." : "PONG.", reproduce }];
    } catch (error) {
      if (!(error instanceof WireFault) || error.code === "refused") throw error;
      const seen = error.raw === "" ? error.message : otherKind(context, "Redis", error.raw);
      return [{ ok: false, seen: `${seen}.`, raw: error.raw, reproduce }];
    }
  },
};

const login: RedisProbe = {
  ...shared,
  check: "login",
  summary: "the login of the manifest",
  needs: ["answers"],
  checklist: ["R1-04", "R1-17"],
  severity: "critical",
  claim: (service) => ({
    statement: `${service.password === undefined ? "commands are" : "the declared login is"} accepted`,
    category: "Operational Readiness",
    rationale: "A service with a wrong credential is down for whoever holds it.",
  }),
  saboteur: [{ when: "AUTH", reply: "-WRONGPASS invalid username-password pair\r\n" }],
  async run(context) {
    const reproduce = redisCli(context, "INFO", "server");
    using session = await openData(context);
    const password = context.secret(context.service.password);
    const refused = password === undefined ? null : await logIn(session, context, password);
    const info = refused ?? (await session.ask("INFO"));
    if (typeof info !== "string" || refused !== null) {
      const why = refused ?? (info instanceof RespError ? info.message : "no text for INFO");
      return [{ ok: false, seen: `The login was refused: ${why}.`, raw: why, reproduce }];
    }
    const fields = infoFields(info);
    const version = fields.get("redis_version") ?? "unknown";
    context.facts.set("version", fields.get("valkey_version") ?? version);
    const named = ["redis_version", "server_name", "valkey_version", "redis_mode", "role"];
    const kept = [...named, "maxmemory", "maxmemory_policy", "aof_enabled", "rdb_last_save_time"];
    const service = Object.fromEntries(kept.flatMap((key) => pair(key, fields.get(key))));
    context.note({ service: context.name, redis: service });
    return [{ ok: true, seen: `Redis ${version} let us in.`, reproduce }];
  },
};

const pair = (key: string, value: string | undefined): [string, string][] =>
  value === undefined ? [] : [[key, value]];

const locked: RedisProbe = {
  ...shared,
  check: "locked",
  summary: "nobody comes in without the password",
  needs: ["login"],
  checklist: ["R1-26"],
  severity: "critical",
  claim: (service) =>
    service.password === undefined
      ? null
      : {
          statement: "no login, a wrong password and common passwords are refused",
          category: "Security & Compliance",
          rationale: "An open Redis runs anybody's commands.",
          parts: ["no login", "wrong password", "common passwords"],
        },
  saboteur: [
    { when: "AUTH loadline-wrong", reply: "+OK\r\n" },
    { when: "GET loadline-locked", reply: "$-1\r\n" },
    { when: "AUTH redis", reply: "+OK\r\n" },
  ],
  async run(context) {
    const without = async (passwords: readonly string[], part: string) => {
      for (const password of passwords) {
        using session = await openData(context);
        if (password !== "") await logIn(session, context, password);
        const reply = await session.ask("GET", lockedKey);
        // Any other refusal, such as MOVED, is that of somebody who was let in.
        if (!(reply instanceof RespError) || !refusals.test(reply.message)) {
          const seen = `Redis answered a GET to ${part}.`;
          return { ok: false, seen, part, reproduce: asStranger(context, password) };
        }
      }
      return { ok: true, seen: `Refused: ${part}.`, part, reproduce: redisCli(context, "PING") };
    };
    const own = context.secret(context.service.password);
    const common = ["redis", "password", "foobared", "admin"].filter((one) => one !== own);
    return [
      await without([""], "no login"),
      await without(["loadline-wrong-password"], "wrong password"),
      own !== undefined && own.length < 8 && /^(redis|password|foobared|admin)$/.test(own)
        ? {
            ok: false,
            seen: "The declared password is a common one.",
            part: "common passwords",
            reproduce: redisCli(context, "PING"),
          }
        : await without(common, "common passwords"),
    ];
  },
};

/** The command of somebody with this password; empty for none. */
function asStranger({ service }: RedisContext, password: string): string[] {
  const env = password === "" ? [] : ["env", `REDISCLI_AUTH=${password}`];
  const as = service.user === undefined || password === "" ? [] : ["--user", service.user];
  return [...env, "redis-cli", "-u", service.url, ...as, "GET", lockedKey];
}

async function erase(session: RedisSession, key: string): Promise<void> {
  await session.need("DEL", key);
}

const readBack: RedisProbe = {
  ...shared,
  check: "read_back",
  summary: "write, read back, delete",
  needs: ["login"],
  severity: "critical",
  claim: () => ({
    statement: "a value written is read back equal, and gone after DEL",
    category: "Operational Readiness",
    rationale: "A cache that is full, read-only or a replica answers PING as well.",
  }),
  saboteur: [{ when: "SET", reply: "-READONLY You can't write against a read only replica.\r\n" }],
  async run(context) {
    const key = `${context.mark}:read_back`;
    const value = Buffer.from(context.random.bytes(64)).toString("base64");
    const reproduce = redisCli(context, "SET", key, "1", "EX", "60");
    using session = await enterFor(context, key);
    const said = await session.ask("SET", key, value, "EX", "60");
    if (said !== "OK") {
      const why = said instanceof RespError ? said.message : JSON.stringify(said);
      return [{ ok: false, seen: `SET answered ${why}.`, raw: why, reproduce }];
    }
    const back = await session.need("GET", key);
    await erase(session, key);
    const after = await session.need("GET", key);
    const ok = back === value && after === null;
    const what = back === value ? "it was still there after DEL" : "another value came back";
    return [
      { ok, seen: ok ? "Read back equal, then gone." : `SET, GET, DEL: ${what}.`, reproduce },
    ];
  },
};

const expiry: RedisProbe = {
  ...shared,
  check: "expiry",
  summary: "TTL and EXPIRE",
  needs: ["read_back"],
  severity: "high",
  claim: () => ({
    statement: "EXPIRE sets what TTL shows, and a key is gone once its time is over",
    category: "Operational Readiness",
    rationale: "Keys that never expire fill the memory.",
  }),
  saboteur: [{ when: "TTL", reply: ":-1\r\n" }],
  async run(context) {
    const key = `${context.mark}:expiry`;
    const set60 = redisCli(context, "SET", key, "1", "EX", "60");
    const reproduce = inTurn(set60, redisCli(context, "TTL", key));
    using session = await enterFor(context, key);
    const undo = async (own: RedisContext): Promise<void> => {
      using again = await enterFor(own, key);
      await erase(again, key);
    };
    const { none, set, gone } = await orTakeBack(context, { left: key, undo }, async () => {
      await session.need("SET", key, "1");
      const before = await session.need("TTL", key);
      await session.need("EXPIRE", key, "60");
      const after = await session.need("TTL", key);
      await session.need("PEXPIRE", key, "50");
      await context.clock.sleep(80, context.signal);
      const isGone = (await session.need("GET", key)) === null;
      await erase(session, key);
      return { none: before, set: after, gone: isGone };
    });
    const isSet = none === -1 && typeof set === "number" && set > 55 && set <= 60;
    const seen = `TTL ${replyText(none)} before and ${replyText(set)} after EXPIRE 60; ${gone ? "gone" : "still there"} 80 ms after PEXPIRE 50.`;
    return [{ ok: isSet && gone, seen, reproduce }];
  },
};

/** Checks of Redis, in the order they run. */
export const redisBasics: readonly RedisProbe[] = [answers, login, locked, readBack, expiry];
