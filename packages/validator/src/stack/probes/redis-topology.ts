import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import {
  enterRedis,
  enterSentinel,
  infoFields,
  masterOf,
  redisCli,
  type RedisContext,
  type RedisSession,
  unknownCommand,
} from "../wire/redis-session.ts";
import { LacksFeature } from "../wire/fault.ts";
import { replyText, RespError } from "../wire/resp.ts";

type RedisProbe = StackProbe<ServiceOf<"redis">>;

const slots = 16_384;
const shared = { kind: "redis", needs: ["login"], severity: "high" } as const;
const category = "Architecture & Design";

async function clusterSeen(context: RedisContext, session: RedisSession): Promise<StackSeen> {
  const info = infoFields(await session.need("CLUSTER", "INFO"));
  const field = (name: string): string => info.get(`cluster_${name}`) ?? "unknown";
  const nodes = replyText(await session.need("CLUSTER", "NODES")).split("\n");
  const failing = nodes.filter((line) => /\bfail\b/.test(line.split(" ")[2] ?? ""));
  const whole = Number(field("slots_ok")) === slots;
  const ok = field("state") === "ok" && whole && failing.length === 0;
  const seen = `The cluster's state is ${field("state")}, ${field("slots_ok")} of ${slots} slots are in order, ${failing.length} of ${field("known_nodes")} nodes fail.`;
  return { ok, seen, reproduce: redisCli(context, "CLUSTER", "INFO") };
}

async function sentinelSeen(context: RedisContext): Promise<StackSeen> {
  using sentinel = await enterSentinel(context);
  const info = infoFields(await sentinel.need("INFO"));
  const masters = [...info].filter(([key]) => /^master\d+$/.test(key));
  const down = masters.filter(([, value]) => !/status=ok/.test(value));
  const name = await masterOf(context, sentinel);
  const quorum = await sentinel.ask("SENTINEL", "CKQUORUM", name);
  const said = quorum instanceof RespError ? quorum.message : replyText(quorum);
  if (unknownCommand.test(said)) throw new LacksFeature(`SENTINEL CKQUORUM: ${said}.`);
  const ok = masters.length > 0 && down.length === 0 && !(quorum instanceof RespError);
  const seen = `${masters.length - down.length} of ${masters.length} watched masters are in order; of ${name} it says: ${said}.`;
  const reproduce = redisCli(context, "SENTINEL", "CKQUORUM", name);
  return { ok, seen, raw: said, reproduce };
}

/** How the server at the address is run, in the words of the manifest. */
async function modeOf(context: RedisContext): Promise<string> {
  if (context.service.topology === "sentinel") {
    using sentinel = await enterSentinel(context);
    return infoFields(await sentinel.need("INFO")).get("redis_mode") ?? "unknown";
  }
  using session = await enterRedis(context);
  const mode = infoFields(await session.need("INFO")).get("redis_mode") ?? "unknown";
  return mode === "standalone" ? "single" : mode;
}

const topology: RedisProbe = {
  ...shared,
  check: "topology",
  summary: "single, sentinel or cluster",
  checklist: ["R1-04", "R1-36"],
  claim: (service) =>
    service.topology === undefined
      ? null
      : {
          statement: `it is run as declared (${service.topology}) and its members are in order`,
          category,
          rationale: "A cluster without all of its slots loses part of the keys.",
        },
  saboteur: [{ when: "INFO", reply: "#redis_mode:cluster" }],
  async run(context) {
    const mode = await modeOf(context);
    const reproduce = redisCli(context, "INFO", "server");
    if (mode !== context.service.topology) {
      return [{ ok: false, seen: `It is run as ${mode}.`, reproduce }];
    }
    if (mode === "sentinel") return [await sentinelSeen(context)];
    if (mode !== "cluster") return [{ ok: true, seen: "It is a single server.", reproduce }];
    using session = await enterRedis(context);
    return [await clusterSeen(context, session)];
  },
};

/** One `slaveN` line: whether it follows, and how far behind it is. */
function isFollowing(line: string, lagSecondsMax: number): boolean {
  const lag = Number(/\blag=(\d+)/.exec(line)?.[1] ?? Number.NaN);
  return /\bstate=online\b/.test(line) && lag <= lagSecondsMax;
}

const replicas: RedisProbe = {
  ...shared,
  check: "replicas",
  summary: "replicas that follow",
  checklist: ["R1-36"],
  claim: ({ replicas: count, lagSecondsMax }) =>
    count === undefined
      ? null
      : {
          statement: `at least ${count} replicas follow, at most ${lagSecondsMax} s behind`,
          category,
          rationale: "A replica that does not follow is found at the failover.",
        },
  saboteur: [{ when: "INFO", reply: "#slave0:ip=192.0.2.1,port=6379,state=online,lag=900" }],
  async run(context) {
    using session = await enterRedis(context);
    const info = infoFields(await session.need("INFO"));
    const { replicas: count = 0, lagSecondsMax } = context.service;
    const reproduce = redisCli(context, "INFO", "replication");
    const role = info.get("role") ?? "unknown";
    if (role !== "master") {
      const link = info.get("master_link_status") ?? "unknown";
      const seen = `It is a ${role} itself; its link to its master is ${link}.`;
      return [{ ok: false, seen, reproduce }];
    }
    const lines = [...info].filter(([key]) => /^slave\d+$/.test(key)).map(([, line]) => line);
    const following = lines.filter((line) => isFollowing(line, lagSecondsMax));
    const seen = `${following.length} of ${lines.length} replicas follow within ${lagSecondsMax} s.`;
    return [{ ok: following.length >= count, seen, raw: lines.join("\n"), reproduce }];
  },
};

/** Checks of how Redis is run, alone or with others. */
export const redisTopology: readonly RedisProbe[] = [topology, replicas];
