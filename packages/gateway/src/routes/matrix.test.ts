import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGateway, type Running } from "../../test/harness.ts";
import { type Acting, operator } from "../index.ts";
import type { Permission } from "../identity/permissions.ts";
import { permissionsOfRole } from "../identity/roles.ts";
import type { Surface } from "../identity/surface.ts";
import { allSurfaces } from "./registry.ts";

/** Everybody who asks, with what they hold. */
const callers = ["anonymous", "viewer", "editor", "admin", "caller", "scraper", "custom"] as const;
type Caller = (typeof callers)[number];
const customHeld: readonly Permission[] = ["breakers:read", "keys:manage", "metrics:read"];

const objects = ["own", "same tenant", "other tenant", "absent"] as const;
type ObjectKind = (typeof objects)[number];

interface Person {
  readonly secret: string;
  readonly held: ReadonlySet<Permission>;
  /** Keys of theirs that may be changed and revoked. */
  readonly own: string;
}

let g: Running;
const people = new Map<Caller, Person>();
let othersKey = "";
let foreignKey = "";
let spareUser = "";
let spareGrant = "";
/** Who uploads the files of others. */
let othersSecret = "";
let foreignSecret = "";

const by: Acting = operator();

async function person(name: Caller): Promise<Person> {
  const { keys, users, roles } = g.gateway.identity;
  const isCustom = name === "custom";
  const user = await users.create(by, { subject: name, roles: isCustom ? [] : [name] });
  if (isCustom)
    for (const permission of customHeld)
      await roles.grantPermission(by, user.id, { permission, reason: "matrix" });
  const granted = isCustom ? { permissions: [...customHeld] } : { roles: [name] };
  const key = await keys.create(by, { name, ownerId: user.id, ...granted });
  const own = await keys.create(by, { name: `${name} own`, ownerId: user.id, ...granted });
  const held = isCustom ? new Set(customHeld) : permissionsOfRole(name);
  return { secret: key.secret, held, own: own.id };
}

beforeAll(async () => {
  g = await runGateway({ stores: { objects: "file:" } });
  const { keys, users, roles, tenants } = g.gateway.identity;
  for (const name of callers) if (name !== "anonymous") people.set(name, await person(name));
  await tenants.create(by, { id: "acme" });
  const other = await users.create(by, { subject: "other", roles: ["admin"] });
  const made = { name: "other", permissions: ["breakers:read"] };
  othersKey = (await keys.create(by, { ...made, ownerId: other.id })).id;
  foreignKey = (await keys.create(by, { ...made, tenantId: "acme" })).id;
  const caller = { name: "uploads", roles: ["caller"] };
  othersSecret = (await keys.create(by, caller)).secret;
  foreignSecret = (await keys.create(by, { ...caller, tenantId: "acme" })).secret;
  spareUser = (await users.create(by, { subject: "spare" })).id;
  const grant = { permission: "models:read", reason: "matrix" };
  spareGrant = (await roles.grantPermission(by, spareUser, grant)).id;
}, 60_000);
afterAll(() => g[Symbol.asyncDispose]());

const bodies: Readonly<Record<string, object>> = {
  chat: { model: "sim", messages: [{ role: "user", content: "x" }] },
  completions: { model: "sim", prompt: "x" },
  embeddings: { model: "sim", input: "x" },
  responses: { model: "sim", input: "x" },
  "keys.change": { name: "renamed" },
  messages: { model: "sim", max_tokens: 1, messages: [{ role: "user", content: "x" }] },
};

/** Kinds of object that can stand in a surface's path. */
function kindsOf(surface: Surface): readonly ObjectKind[] {
  return hasObject(surface) ? objects : ["same tenant"];
}

function hasObject({ object, path }: Surface): boolean {
  return object !== undefined && (path.includes("/:id") || path.endsWith("/*"));
}

/** A new file of whom the kind says; those who may not upload have none of their own. */
async function fileOf(kind: ObjectKind, own: string | undefined): Promise<string> {
  const secrets = {
    own: own ?? othersSecret,
    "same tenant": othersSecret,
    "other tenant": foreignSecret,
    absent: othersSecret,
  };
  const body = new FormData();
  body.set("purpose", "batch");
  body.set("file", new File(["x"], "x.jsonl"));
  const headers = { authorization: `Bearer ${secrets[kind]}` };
  const answer = await fetch(`${g.url}/v1/files`, { method: "POST", headers, body });
  const id = /"id":"(file-[0-9a-f]+)"/.exec(await answer.text())?.[1] ?? "";
  return kind === "absent" || id === "" ? `file-${"0".repeat(24)}` : id;
}

function pathOf(surface: Surface, kind: ObjectKind, own: string): string {
  const keyIds = {
    own,
    "same tenant": othersKey,
    "other tenant": foreignKey,
    absent: "x".repeat(12),
  };
  const id = surface.object ? keyIds[kind] : spareUser;
  return surface.path
    .replace("*", surface.id === "admin" ? "nothing" : "sim")
    .replace(":id", id)
    .replace(":grantId", spareGrant)
    .replace(/:[^/]+/g, "viewer");
}

/** What the registry says, worked out from roles alone. */
function expected(surface: Surface, caller: Caller, kind: ObjectKind): number | "allowed" {
  const { permission, object, platform } = surface;
  if (typeof permission !== "string" && "public" in permission) return "allowed";
  const who = people.get(caller);
  if (!who) return 401;
  if (typeof permission !== "string") return 404;
  if (platform) return 403;
  const isAll = object !== undefined && who.held.has(object.ofOthers);
  if (!isAll && !who.held.has(permission)) return 403;
  if (!hasObject(surface)) return "allowed";
  if (kind === "other tenant" || kind === "absent") return 404;
  return isAll || kind === "own" ? "allowed" : 403;
}

interface Case {
  readonly surface: Surface;
  readonly method: string;
  readonly caller: Caller;
  readonly kind: ObjectKind;
}

function everyCase(): Case[] {
  return allSurfaces().flatMap((surface) =>
    callers.flatMap((caller) =>
      kindsOf(surface).flatMap((kind) =>
        surface.methods.map((method) => ({ surface, method, caller, kind })),
      ),
    ),
  );
}

function nameOf({ surface, method, caller, kind }: Case): string {
  return `${method} ${surface.id} by ${caller} on ${kind}`;
}

async function ask({ surface, method, caller, kind }: Case) {
  const who = people.get(caller);
  const isFile = surface.id === "files.one";
  const path = isFile
    ? surface.path.replace("*", await fileOf(kind, who?.secret))
    : pathOf(surface, kind, who?.own ?? othersKey);
  const isBody = method !== "GET" && method !== "HEAD" && method !== "DELETE";
  const answer = await fetch(g.url + path, {
    method,
    headers: {
      ...(who && { authorization: `Bearer ${who.secret}` }),
      ...(isBody && { "content-type": "application/json" }),
    },
    ...(isBody && { body: JSON.stringify(bodies[surface.id] ?? {}) }),
  });
  return { status: answer.status, text: await answer.text() };
}

describe("every surface, by every caller, on every kind of object, over the socket", () => {
  it("answers what the registry says: 0 surprises [R0-07, R0-22]", async () => {
    const surprises: string[] = [];
    for (const one of everyCase()) {
      const want = expected(one.surface, one.caller, one.kind);
      const { status } = await ask(one);
      const isRefused = [401, 403, 404].includes(status);
      if (want === "allowed" ? isRefused : status !== want)
        surprises.push(`${nameOf(one)}: ${status}, not ${want}`);
    }
    expect(surprises).toEqual([]);
    expect(everyCase().length).toBeGreaterThan(400);
  }, 120_000);

  it("another tenant's object answers with the body of one that does not exist", async () => {
    const surface = allSurfaces().find(({ id }) => id === "keys.get");
    if (!surface) throw new Error("no surface keys.get");
    const shape = (text: string): string =>
      text
        .replaceAll(/req_[0-9a-f]{24}/g, "ID")
        .replaceAll(/x{12}|[0-9A-Za-z]{12}(?=\b)/g, "OBJECT");
    const foreign = await ask({ surface, method: "GET", caller: "admin", kind: "other tenant" });
    const absent = await ask({ surface, method: "GET", caller: "admin", kind: "absent" });
    expect(shape(foreign.text).replaceAll(foreignKey, "OBJECT")).toBe(shape(absent.text));
  });

  it("no page of another origin may call any of them or read an answer [R0-22]", async () => {
    const allowed: string[] = [];
    const secret = people.get("admin")?.secret ?? "";
    for (const { path, methods } of allSurfaces()) {
      for (const method of ["OPTIONS", ...methods]) {
        const headers = {
          origin: "https://elsewhere.example",
          "access-control-request-method": methods[0] ?? "GET",
          authorization: `Bearer ${secret}`,
        };
        const answer = await fetch(g.url + path.replaceAll(/:[^/]+|\*/g, "none"), {
          method,
          headers,
        });
        await answer.arrayBuffer();
        const names = [...answer.headers.keys()].filter((name) =>
          name.startsWith("access-control-"),
        );
        if (names.length > 0 || (method === "OPTIONS" && answer.ok))
          allowed.push(`${method} ${path}`);
      }
    }
    expect(allowed).toEqual([]);
  });

  it("paths nobody declared are 404 for everybody, with a key or without", async () => {
    for (const path of ["/v1/batches", "/admin", "/internal/debug", "/.env"]) {
      expect((await fetch(g.url + path)).status).toBe(404);
      expect((await g.get(path)).status).toBe(404);
    }
  });
});
