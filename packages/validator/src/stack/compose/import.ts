import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { valueIn } from "../wire/shape.ts";
import { type ComposeFile, filled, filledOr, isOpen, readCompose, variablesOf } from "./file.ts";
import { kindOfImage } from "./kinds.ts";
import { createLogin, wordsOf } from "./login.ts";
import { type Published, readPorts } from "./ports.ts";
import { secretNames, unreadKeys } from "./unread.ts";

/** A stack as a compose file tells it, to be completed by its owner. */
export interface ComposeImport {
  readonly stack: Readonly<Record<string, unknown>>;
  /** What could not be told, one sentence each. */
  readonly notes: readonly string[];
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3 };

/** Bytes of a size such as 512m or 1.5gb; null for what is none, or a variable. */
function bytesOf(value: unknown): number | null {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(filled(value)) ?? [];
  const factor = units[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? null : Math.round(Number(digits) * factor);
}

const memoryOf = (service: JsonRecord): unknown =>
  valueIn(service, "deploy.resources.limits.memory") ?? service["mem_limit"];

/** What the file says of any kind of service: where it listens, its memory, whether it may be off. */
function declared(service: JsonRecord, doors: readonly Published[]): Record<string, unknown> {
  const bytes = bytesOf(memoryOf(service));
  const isOnDemand = Array.isArray(service["profiles"]) && service["profiles"].length > 0;
  const volumes = folders(service);
  const listeners = doors.flatMap(({ host, port }) => (host === null ? [] : [`${host}:${port}`]));
  return {
    ...(isOnDemand ? { required: false } : {}),
    ...(listeners.length === 0
      ? {}
      : { listeners: [...new Set(listeners)].slice(0, listenersMax) }),
    ...(bytes === null || bytes === 0 ? {} : { limits: { memoryBytes: bytes } }),
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

/** As many as a manifest takes. */
const listenersMax = 16;

const folders = (service: JsonRecord): string[] =>
  (Array.isArray(service["volumes"]) ? service["volumes"] : []).flatMap((row) => {
    if (isRecord(row)) return typeof row["target"] === "string" ? [row["target"]] : [];
    // A path alone is a volume without a name.
    const [first = "", second] = filled(row).split(":");
    return [second ?? first];
  });

function urlOf(kind: string, { host, port }: Published, service: JsonRecord): string {
  const at = `${host === null || host === "*" ? "127.0.0.1" : host}:${port}`;
  if (kind === "redis") return `redis://${at}`;
  if (kind !== "postgres" && kind !== "timescaledb") return `http://${at}`;
  const env = variablesOf(service);
  // The image names the database after the user unless it is told otherwise.
  const user = filledOr(env.get("POSTGRES_USER"), "postgres");
  return `postgres://${at}/${filledOr(env.get("POSTGRES_DB"), user)}`;
}

/** What was taken for something though the file leaves it open. */
function guesses(service: JsonRecord, kind: string): string[] {
  const env = variablesOf(service);
  const names = ["POSTGRES_USER", "POSTGRES_DB"].filter((name) => isOpen(env.get(name)));
  const said = names.map(
    (name) => `${name} is a variable without a default; correct what was taken.`,
  );
  const memory = memoryOf(service);
  if (isOpen(memory)) said.push("its limit of memory is a variable without a default: left out.");
  if (kind !== "redis" || bytesOf(memory) === null) return said;
  const bound = wordsOf(service).includes("--maxmemory")
    ? "its maxmemory is to be at most that"
    : "its command sets no --maxmemory, which is asked to be at most that";
  return [...said, `its limit of memory is that of its container; ${bound}.`];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly required?: false;
}

/** Services it needs, and whether it may start without them. */
function dependencies(from: string, service: JsonRecord): Edge[] {
  const given = service["depends_on"];
  if (Array.isArray(given)) return given.map((to) => ({ from, to: nameOf(String(to)) }));
  return Object.entries(isRecord(given) ? given : {}).map(([to, one]) => {
    const isOptional = isRecord(one) && one["required"] === false;
    return { from, to: nameOf(to), ...(isOptional ? { required: false } : {}) };
  });
}

const nameCharsMax = 40;

/** As a manifest writes names: small letters first, 40 characters at most. */
function nameOf(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-");
  return (/^[a-z]/.test(plain) ? plain : `s-${plain}`).slice(0, nameCharsMax);
}

interface Read {
  /** Null where no port of this machine leads to it. */
  readonly service: JsonRecord | null;
  readonly notes: readonly string[];
}

function readService(service: JsonRecord, { secrets }: ComposeFile): Read {
  const { kind, port, guess } = kindOfImage(filled(service["image"]));
  const { doors, notes } = readPorts(service);
  const login = createLogin(service, secrets);
  const door = doors.find(({ target }) => port === null || target === port);
  const unread = unreadKeys(service);
  const fields = door === undefined ? {} : login.of(kind);
  const lost = secretNames(service).filter((name) => !login.used.has(name));
  const named = [...unread, ...(lost.length === 0 ? [] : [`secrets (${lost.join(", ")})`])];
  const left = named.length === 0 ? [] : [`not read: ${named.join(", ")}.`];
  if (door === undefined) {
    const why = "no port of this machine leads to it, so it was left out.";
    return { service: null, notes: [...notes, why, ...left] };
  }
  const guessed = guess === null ? [] : [`${guess}, taken for http.`];
  const own = { kind, url: urlOf(kind, door, service), ...fields };
  return {
    service: { ...own, ...declared(service, doors) },
    notes: [...guessed, ...notes, ...guesses(service, kind), ...left],
  };
}

/**
 * Services with their kinds by image name, published ports as addresses and listeners, credentials
 * as references, volumes, limits of memory, and `depends_on` as edges; those of a profile are not
 * required. What it cannot tell, and every key it does not read, is a note. @throws LL_STACK_COMPOSE
 */
export function importCompose(text: string): ComposeImport {
  const file = readCompose(text);
  const notes: string[] = [];
  const services: Record<string, unknown> = {};
  const edges: Edge[] = [];
  for (const [given, held] of file.services) {
    const read = readService(held, file);
    notes.push(...read.notes.map((note) => `${given}: ${note}`));
    if (read.service === null) continue;
    const name = nameOf(given);
    if (Object.hasOwn(services, name)) {
      notes.push(`${given}: another service is named ${name} already, so it was left out.`);
      continue;
    }
    services[name] = read.service;
    edges.push(...dependencies(name, held));
  }
  notes.push(...file.unread.map((key) => `${key}: not read.`));
  if (notes.some((note) => /: not read: .*(extends|env_file)|^include/.test(note))) {
    notes.push(
      "`docker compose config` prints one file with extends, env_file and include in place.",
    );
  }
  return { stack: { services, edges: edges.filter(({ to }) => to in services) }, notes };
}
