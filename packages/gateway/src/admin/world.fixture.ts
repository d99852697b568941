import { z } from "zod";
import type { Controls } from "../controls.ts";
import { operator } from "../identity/acting.ts";
import type { NewKey } from "../identity/keys/fields.ts";
import { tinyModelPath } from "../models/model-file.fixture.ts";
import { runGateway, type Running, temporaryDir } from "../../test/harness.ts";

/** What these tests look at of an entry. */
export const entrySchema = z.looseObject({
  seq: z.number(),
  action: z.string(),
  outcome: z.string(),
  code: z.string().nullable(),
  surface: z.string().nullable(),
  ip: z.string().nullable(),
  actor: z.looseObject({ id: z.string(), credential: z.string() }),
  object: z.object({ type: z.string(), id: z.string() }),
  detail: z.record(z.string(), z.unknown()),
});
export type Entry = z.output<typeof entrySchema>;
const entriesSchema = z.object({ data: z.array(entrySchema) });

/** An answer of the admin API, read. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** Settings with a model beside the simulated one, and a file to swap it to. */
export const withModel = {
  targets: {
    s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 },
    local: { provider: "llama", model: "tiny", path: tinyModelPath },
  },
  routes: {
    sim: { models: ["sim"], groups: [{ targets: ["s"] }] },
    tiny: { models: ["tiny"], groups: [{ targets: ["local"] }] },
  },
  models: { registered: { next: { path: tinyModelPath } } },
};

/** A gateway with keys of every rank, asked over its socket. */
export interface World extends AsyncDisposable {
  readonly running: Running;
  /** Platform admin, admin of tenant `default`, caller of it, admin of tenant `other`. */
  readonly keys: Readonly<Record<"platform" | "admin" | "caller" | "other", string>>;
  /** A call with a key; an empty key sends none. */
  ask(
    call: string,
    o?: { key?: string; body?: unknown; raw?: string; type?: string },
  ): Promise<Answer>;
  /** Entries of a tenant's chain, oldest first. */
  entries(tenant?: string, query?: string): Promise<readonly Entry[]>;
  makeKey(key: NewKey): Promise<{ id: string; secret: string }>;
}

export async function openWorld(
  overrides: Record<string, unknown> = {},
  controls: Partial<Controls> = {},
): Promise<World> {
  const running = await runGateway(overrides, temporaryDir(), controls);
  const { identity } = running.gateway;
  const tenants = await identity.tenants.list(operator());
  if (!tenants.some((tenant) => tenant.id === "other"))
    await identity.tenants.create(operator(), { id: "other" });
  const makeKey = (key: NewKey) => identity.keys.create(operator(), key);
  const make = async (key: NewKey): Promise<string> => (await makeKey(key)).secret;
  const keys = {
    platform: await make({ name: "platform", roles: ["admin"], tenantId: "*" }),
    admin: await make({ name: "admin", roles: ["admin"] }),
    caller: await make({ name: "caller", roles: ["caller"] }),
    other: await make({ name: "other", roles: ["admin"], tenantId: "other" }),
  };
  const ask: World["ask"] = async (call, o = {}) => {
    const [method = "GET", path = "/"] = call.split(" ");
    const key = o.key ?? keys.platform;
    const body = o.raw ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
    const response = await fetch(running.url + path, {
      method,
      headers: {
        ...(key !== "" && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { "content-type": o.type ?? "application/json" }),
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const value: unknown = type.includes("json") && text !== "" ? JSON.parse(text) : undefined;
    return { status: response.status, type, headers: response.headers, text, body: value };
  };
  return {
    running,
    keys,
    ask,
    makeKey,
    async entries(tenant = "default", query = "") {
      const path = `/admin/v1/audit?tenantId=${encodeURIComponent(tenant)}&order=asc&limit=1000`;
      const { body } = await ask(`GET ${path}${query}`);
      return entriesSchema.parse(body).data;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

const idSchema = z.looseObject({ id: z.string() });

/** The id in an answer. */
export function idOf(answer: Answer): string {
  return idSchema.parse(answer.body).id;
}

/** One call of every operation, by its id, over objects of tenant `default` made for it. */
export async function callsOfAll(
  world: World,
): Promise<Readonly<Record<string, { call: string; body?: unknown }>>> {
  const { ask, keys } = world;
  const made = async (path: string, body: unknown): Promise<string> =>
    idOf(await ask(`POST /admin/v1${path}`, { key: keys.admin, body }));
  const key = await made("/keys", { name: "one" });
  const gone = await made("/keys", { name: "two" });
  const user = await made("/users", { subject: "alex", roles: ["viewer"] });
  const left = await made("/users", { subject: "sam" });
  const grant = await made(`/users/${user}/grants`, { permission: "usage:read", reason: "why" });
  return {
    "keys.list": { call: "GET /admin/v1/keys" },
    "keys.create": { call: "POST /admin/v1/keys", body: { name: "three" } },
    "keys.get": { call: `GET /admin/v1/keys/${key}` },
    "keys.change": { call: `PATCH /admin/v1/keys/${key}`, body: { name: "renamed" } },
    "keys.rotate": { call: `POST /admin/v1/keys/${key}/rotate`, body: { overlapMs: 1000 } },
    "keys.revoke": { call: `POST /admin/v1/keys/${gone}/revoke`, body: { reason: "left" } },
    "users.list": { call: "GET /admin/v1/users" },
    "users.create": { call: "POST /admin/v1/users", body: { subject: "kim" } },
    "users.get": { call: `GET /admin/v1/users/${user}` },
    "users.disable": { call: `POST /admin/v1/users/${left}/disable` },
    "users.enable": { call: `POST /admin/v1/users/${left}/enable` },
    "roles.grant": { call: `POST /admin/v1/users/${user}/roles/editor` },
    "roles.revoke": { call: `DELETE /admin/v1/users/${user}/roles/viewer` },
    "grants.list": { call: `GET /admin/v1/users/${user}/grants` },
    "grants.add": {
      call: `POST /admin/v1/users/${user}/grants`,
      body: { permission: "audit:read", reason: "review" },
    },
    "grants.remove": { call: `DELETE /admin/v1/users/${user}/grants/${grant}` },
    "tenants.list": { call: "GET /admin/v1/tenants" },
    "tenants.create": { call: "POST /admin/v1/tenants", body: { id: "third" } },
    "tenants.policy": { call: "PATCH /admin/v1/tenants/other/policy", body: { models: ["sim"] } },
    "tenants.disable": { call: "POST /admin/v1/tenants/other/disable" },
    "tenants.enable": { call: "POST /admin/v1/tenants/other/enable" },
    "targets.list": { call: "GET /admin/v1/targets" },
    "routes.list": { call: "GET /admin/v1/routes" },
    "limits.list": { call: "GET /admin/v1/limits" },
    "breakers.list": { call: "GET /admin/v1/breakers" },
    "breakers.override": { call: "POST /admin/v1/breakers/s/override", body: { to: "closed" } },
    "models.files": { call: "GET /admin/v1/models" },
    "models.swap": { call: "POST /admin/v1/models/local/swap", body: { to: "next" } },
    "models.rollback": { call: "POST /admin/v1/models/local/rollback" },
    "usage.sums": { call: "GET /admin/v1/usage?by=model&by=day" },
    "audit.query": { call: "GET /admin/v1/audit?limit=3" },
    "config.show": { call: "GET /admin/v1/config" },
    "config.reload": { call: "POST /admin/v1/config/reload" },
    "settings.show": { call: "GET /admin/v1/settings" },
  };
}
