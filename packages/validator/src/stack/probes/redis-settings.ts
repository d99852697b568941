import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, NothingThere, WireFault } from "../wire/fault.ts";
import {
  enterRedis,
  infoFields,
  redisCli,
  type RedisContext,
  textsOf,
} from "../wire/redis-session.ts";

type RedisProbe = StackProbe<ServiceOf<"redis">>;

const shared = { kind: "redis", needs: ["login"], checklist: ["R1-04"] } as const;

async function info(context: RedisContext): Promise<ReadonlyMap<string, string>> {
  using session = await enterRedis(context);
  return infoFields(await session.need("INFO"));
}

/** A setting; empty where it has none. @throws NothingThere where the user may not ask. */
async function setting(context: RedisContext, name: string): Promise<string> {
  using session = await enterRedis(context);
  const reply = await session.need("CONFIG", "GET", name).catch((error: unknown) => {
    if (!(error instanceof WireFault) || !error.raw.startsWith("NOPERM")) throw error;
    throw new NothingThere(`The login may not ask for CONFIG: ${error.raw}.`);
  });
  return (textsOf(reply)[1] ?? "").trim();
}

/** A setting as INFO tells it, or asked for where the version's INFO does not (maxclients before 6.2). */
async function toldOrAsked(
  context: RedisContext,
  fields: ReadonlyMap<string, string>,
  name: string,
): Promise<string> {
  const told = fields.get(name) || (await setting(context, name));
  if (told !== "") return told;
  const version = context.facts.get("version") ?? "";
  throw new LacksFeature(`Redis ${version} tells no ${name}, neither by INFO nor by CONFIG.`);
}

const persistence: RedisProbe = {
  ...shared,
  check: "persistence",
  summary: "what survives a restart",
  severity: "high",
  claim: (service) => ({
    statement:
      service.persistence === undefined
        ? "its last save and its append log are in order"
        : `it persists as declared (${service.persistence}), and the last save is in order`,
    category: "Disaster Recovery",
    rationale: "A failed save is noticed at the next restart, when it is too late.",
  }),
  saboteur: [{ when: "INFO", reply: "#rdb_last_bgsave_status:err" }],
  async run(context) {
    const fields = await info(context);
    const isAof = fields.get("aof_enabled") === "1";
    const mode = isAof ? "aof" : (await setting(context, "save")) !== "" ? "rdb" : "none";
    const states = ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"];
    const bad = states.filter((key) => !["ok", undefined].includes(fields.get(key)));
    if (fields.get("loading") === "1") bad.push("loading");
    const wanted = context.service.persistence ?? mode;
    const broken = bad.map((key) => `${key} is ${fields.get(key) ?? "unknown"}`).join(", ");
    const seen = `Persistence is ${mode}${broken === "" ? "" : `; ${broken}`}.`;
    const reproduce = redisCli(context, "INFO", "persistence");
    return [{ ok: mode === wanted && bad.length === 0, seen, reproduce }];
  },
};

const eviction: RedisProbe = {
  ...shared,
  check: "eviction",
  summary: "what happens when memory is full",
  severity: "medium",
  claim: (service) =>
    service.maxmemoryPolicy === undefined
      ? null
      : {
          statement: `memory is bounded and the policy is ${service.maxmemoryPolicy}`,
          category: "Performance & Capacity",
          rationale: "Without a bound a cache grows until the machine kills it.",
        },
  saboteur: [{ when: "INFO", reply: "#maxmemory_policy:noeviction" }],
  async run(context) {
    const fields = await info(context);
    // In CONFIG its name has another dash.
    const policy = fields.get("maxmemory_policy") || (await setting(context, "maxmemory-policy"));
    const bytes = Number(await toldOrAsked(context, fields, "maxmemory"));
    const ok = policy === context.service.maxmemoryPolicy && bytes > 0;
    const bound = bytes > 0 ? `${bytes} bytes` : "unbounded";
    const seen = `maxmemory is ${bound}, maxmemory-policy ${policy}.`;
    return [{ ok, seen, reproduce: redisCli(context, "INFO", "memory") }];
  },
};

const limits: RedisProbe = {
  ...shared,
  check: "limits",
  summary: "declared limits",
  checklist: ["R1-10"],
  severity: "medium",
  claim: ({ limits: { memoryBytes, connections } }) => {
    const texts = [
      ...(memoryBytes === undefined
        ? []
        : [`its maxmemory is set, to ${memoryBytes} bytes at most`]),
      ...(connections === undefined ? [] : [`it allows ${connections} connections`]),
    ];
    if (texts.length === 0) return null;
    return {
      statement: texts.join(" and "),
      category: "Performance & Capacity",
      rationale:
        "At its maxmemory a Redis evicts or refuses; without one it grows until the machine or the limit of its container ends it.",
    };
  },
  saboteur: [{ when: "INFO", reply: "#maxclients:10" }],
  async run(context) {
    const fields = await info(context);
    const { memoryBytes, connections } = context.service.limits;
    const said: string[] = [];
    let ok = true;
    if (memoryBytes !== undefined) {
      const bytes = Number(await toldOrAsked(context, fields, "maxmemory"));
      ok &&= bytes > 0 && bytes <= memoryBytes;
      const how = `not set: it grows until something ends it, at ${memoryBytes} bytes where that is the limit of its container`;
      said.push(`maxmemory is ${bytes === 0 ? how : `${bytes} bytes`}`);
    }
    if (connections !== undefined) {
      const clients = Number(await toldOrAsked(context, fields, "maxclients"));
      ok &&= clients >= connections;
      said.push(`maxclients is ${clients}`);
    }
    return [{ ok, seen: `${said.join("; ")}.`, reproduce: redisCli(context, "INFO") }];
  },
};

/** Checks of what Redis says of its own configuration. */
export const redisSettings: readonly RedisProbe[] = [persistence, eviction, limits];
