import { hostOf } from "@loadline/kit/egress";
import type { z } from "zod";
import type { Secret } from "../config/values.ts";
import {
  createHttp1Upstream,
  type UpstreamOptions,
  type UpstreamPaths,
} from "../upstream/http1.ts";
import type { Proxy } from "../upstream/undici/dispatcher.ts";
import { createUndiciUpstream } from "../upstream/undici/index.ts";
import type { ParamRules, TargetRules, Upstream } from "../upstream/upstream.ts";
import type { Provider, ProviderDeps, TargetBase } from "./provider.ts";
import { type TransportSettings, usesUndici } from "./transport.ts";

export interface HttpTarget extends TransportSettings {
  readonly name: string;
  readonly baseUrl: string;
  readonly keys: readonly Secret[];
  readonly connectionsMax: number;
  readonly params?: ParamRules | undefined;
  /** What stands for `{name}` in the table's paths. */
  readonly variables: Readonly<Record<string, string>>;
  readonly rules: Omit<TargetRules, "params">;
}

/** Settings of a target that needs no others than every HTTP target has. */
interface TableTarget extends TargetBase, Omit<HttpTarget, "name" | "variables" | "rules"> {
  readonly unsupported: "reject" | "drop";
}

type Table = Omit<Provider, "open" | "schema">;

/** A provider that its table describes whole: its targets have the settings of every one. */
export function tableProvider(
  table: Table,
  schema: Provider["schema"] & z.ZodType<TableTarget>,
): Provider {
  return {
    ...table,
    schema,
    open(name, target, deps) {
      const { provider: _, unsupported, model, ...http } = schema.parse(target);
      const rules = { unsupported };
      return openHttpTarget(table, { name, ...http, variables: { model }, rules }, deps);
    },
  };
}

/** Opens a target that is reached over HTTP by its provider's table. */
export function openHttpTarget(table: Table, target: HttpTarget, deps: ProviderDeps): Upstream {
  const url = new URL(target.baseUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const fill = (paths: UpstreamPaths): UpstreamPaths => {
    const entries = Object.entries(paths).map(([operation, path]) => {
      return [operation, prefix + fillPath(path, target.variables)] as const;
    });
    return Object.fromEntries(entries);
  };
  const { auth, probe } = table;
  const { http2, compression } = target;
  const door = deps.egress.provider;
  const options: UpstreamOptions = {
    paths: fill({ ...table.paths, ...(probe && { probe: probe.path }) }),
    streamPaths: fill(table.streamPaths ?? {}),
    headers: table.headers ?? [],
    keys: auth
      ? target.keys.map((key, i) => ({
          id: `${target.name}/${i}`,
          headers: [auth.header, auth.prefix + key.reveal()],
        }))
      : [],
    connectionsMax: target.connectionsMax,
    connectTimeoutMs: deps.connectTimeoutMs,
    clock: deps.clock,
    answers: door.answersOf(target.name),
  };
  const proxy = proxyOf(target);
  const hosts = [url, ...(proxy ? [new URL(proxy.url)] : [])].map(hostOf);
  const { connect, lookup } = door.open(hosts);
  const { onConnection } = door;
  const upstream = usesUndici(target)
    ? createUndiciUpstream({ ...options, url, http2, compression, proxy, lookup, onConnection })
    : createHttp1Upstream({
        ...options,
        connect: (onread) => connect(url, onread),
        host: url.host,
      });
  return { ...upstream, rules: { ...target.rules, params: both(table.params, target.params) } };
}

function proxyOf({ proxy }: HttpTarget): Proxy | undefined {
  if (!proxy) return undefined;
  const credentials = proxy.auth && Buffer.from(proxy.auth.reveal()).toString("base64");
  return { url: proxy.url, authorization: credentials && `Basic ${credentials}` };
}

/** The provider's rules with the target's own added. */
function both(table: ParamRules = {}, own: ParamRules = {}): ParamRules | undefined {
  const rules = {
    keep: own.keep ?? table.keep,
    drop: [...(table.drop ?? []), ...(own.drop ?? [])],
    clamp: { ...table.clamp, ...own.clamp },
    rename: { ...table.rename, ...own.rename },
  };
  const isEmpty =
    rules.keep === undefined &&
    rules.drop.length + Object.keys(rules.clamp).length + Object.keys(rules.rename).length === 0;
  return isEmpty ? undefined : rules;
}

function fillPath(path: string, variables: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(variables[name] ?? ""),
  );
}
