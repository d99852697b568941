import type { StackContext, StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { listenersOf } from "../wire/proc.ts";
import { undeclared } from "./listeners-edges.ts";

type ListenersProbe = StackProbe<ServiceOf<"listeners">>;
type ListenersContext = StackContext<ServiceOf<"listeners">>;

const shared = { kind: "listeners", needs: [], checklist: ["R1-25"], severity: "high" } as const;
const category = "Security & Compliance";
const reproduce = ["ss", "-ltnp"];

/** Usual ports of data stores. */
const usualPorts: ReadonlyMap<number, string> = new Map([
  [1433, "SQL Server"],
  [2379, "etcd"],
  [3306, "MySQL"],
  [5432, "PostgreSQL"],
  [5984, "CouchDB"],
  [6333, "Qdrant"],
  [6379, "Redis"],
  [7474, "Neo4j"],
  [7687, "Neo4j"],
  [9000, "MinIO"],
  [9042, "Cassandra"],
  [9092, "Kafka"],
  [9200, "Elasticsearch"],
  [11_211, "memcached"],
  [27_017, "MongoDB"],
]);

const storeKinds = /^(redis|postgres|timescaledb|s3|minio|qdrant|neo4j)$/;

/** Ports of data stores: usual ones, declared ones, and those of the stack's own stores. */
function storePorts(context: ListenersContext): ReadonlyMap<number, string> {
  const own = Object.entries(context.stack.services).flatMap(([name, { kind, url }]) => {
    const port = Number(URL.parse(url)?.port ?? "");
    return storeKinds.test(kind) && port > 0 ? [[port, name] as const] : [];
  });
  const declared = context.service.stores.map((port) => [port, "a declared store"] as const);
  return new Map([...usualPorts, ...declared, ...own]);
}

const stores: ListenersProbe = {
  ...shared,
  check: "stores",
  summary: "data stores listen where they are meant to",
  claim: () => ({
    statement: "no data store of this machine listens beyond loopback",
    category,
    rationale: "A store that the network reaches is one password away from everybody.",
  }),
  saboteur: [{ when: "tcp", reply: "00000000:18EB" }],
  async run(context) {
    const ports = storePorts(context);
    const all = await listenersOf(context.service.procRoot);
    const open = all.filter(({ isLoopback, port }) => !isLoopback && ports.has(port));
    const named = open.map(({ address, port }) => `${ports.get(port) ?? ""} on ${address}:${port}`);
    const said = named.length === 0 ? "" : `: ${named.join(", ")}`;
    const seen = `${all.length} listeners, ${open.length} of data stores beyond loopback${said}.`;
    context.note({ listeners: all.slice(0, 200).map(({ address, port }) => `${address}:${port}`) });
    return [{ ok: all.length > 0 && open.length === 0, seen, reproduce }];
  },
};

const declared: ListenersProbe = {
  ...shared,
  check: "declared",
  summary: "nothing listens that was not declared",
  severity: "medium",
  claim: (service) =>
    service.allowed === undefined
      ? null
      : {
          statement: "only the declared ports listen beyond loopback",
          category,
          rationale: "A door nobody knows of is watched by nobody.",
        },
  saboteur: [{ when: "tcp", reply: "00000000:7A69" }],
  async run(context) {
    const { procRoot, allowed = [] } = context.service;
    const all = await listenersOf(procRoot);
    const other = all.filter(({ isLoopback, port }) => !isLoopback && !allowed.includes(port));
    const named = [...new Set(other.map(({ address, port }) => `${address}:${port}`))];
    const said = named.length === 0 ? "" : `: ${named.slice(0, 20).join(", ")}`;
    const seen = `${named.length} listeners beyond loopback are not declared${said}.`;
    return [{ ok: all.length > 0 && named.length === 0, seen, reproduce }];
  },
};

/** Checks of what listens on this machine. */
export const listenersProbes: readonly ListenersProbe[] = [stores, declared, undeclared];
