import { isRecord } from "@loadline/kit/json";
import { readFileSync } from "node:fs";
import { codeOf } from "@loadline/kit/errors";
import type { ConfigProblem } from "./check.ts";
import type { ConfigValues, Environment } from "./load.ts";
import { Secret } from "./values.ts";

const referencePattern = /^\$\{(env|file):([^}]+)\}$/;

/**
 * Replaces references: of `targets.<name>.keys` and `.proxy.auth`, `auth.peppers`, `telemetry.traces.headers` and
 * `telemetry.errors.dsn` (a literal there is a problem) and of `stores.*`.
 */
export function resolveSecrets(
  values: ConfigValues,
  env: Environment,
  problems: ConfigProblem[],
): ConfigValues {
  const stores = {
    ...storeAddresses(values, { env, problems }),
    ...peppers(values, { env, problems }),
    ...telemetrySecrets(values, { env, problems }),
  };
  const targets = values["targets"];
  if (typeof targets !== "object" || targets === null) return { ...values, ...stores };
  const out: Record<string, unknown> = {};
  for (const [name, target] of Object.entries(targets)) {
    out[name] = isRecord(target) ? targetSecrets(name, target, { env, problems }) : target;
  }
  return { ...values, ...stores, targets: out };
}

/** Each of the keys and the proxy's password of one target; a literal is a problem. */
function targetSecrets(
  name: string,
  target: Readonly<Record<string, unknown>>,
  o: { env: Environment; problems: ConfigProblem[] },
): Record<string, unknown> {
  const { keys, proxy } = target;
  const secret = (value: unknown, path: readonly PropertyKey[]): unknown =>
    value instanceof Secret ? value : resolve(value, ["targets", name, ...path], o);
  const auth = isRecord(proxy) ? proxy["auth"] : undefined;
  return {
    ...target,
    ...(Array.isArray(keys) && { keys: keys.map((key, i) => secret(key, ["keys", i])) }),
    ...(isRecord(proxy) &&
      auth !== undefined && { proxy: { ...proxy, auth: secret(auth, ["proxy", "auth"]) } }),
  };
}

/** An address of a store may be a reference as a whole, because it may hold a password. */
function storeAddresses(
  values: ConfigValues,
  o: { env: Environment; problems: ConfigProblem[] },
): ConfigValues {
  const stores = values["stores"];
  if (!isRecord(stores)) return {};
  const resolved = Object.entries(stores).map(([name, value]) => {
    if (isRecord(value)) return [name, storePasswords(name, value, o)];
    const isReference = typeof value === "string" && referencePattern.test(value);
    return [name, isReference ? resolve(value, ["stores", name], o) : value];
  });
  return { stores: Object.fromEntries(resolved) };
}

/** A store of several servers has its passwords beside their addresses; a literal is a problem. */
function storePasswords(
  name: string,
  store: Record<string, unknown>,
  o: { env: Environment; problems: ConfigProblem[] },
): Record<string, unknown> {
  const resolved = Object.entries(store).map(([key, value]) => {
    const isPassword = typeof value === "string" && /(password|accessKey|secretKey)$/i.test(key);
    return [key, isPassword ? resolve(value, ["stores", name, key], o) : value];
  });
  return Object.fromEntries(resolved);
}

/** Each of `auth.peppers` is a reference; a literal is a problem. */
function peppers(
  values: ConfigValues,
  o: { env: Environment; problems: ConfigProblem[] },
): ConfigValues {
  const auth = values["auth"];
  const given = isRecord(auth) ? auth["peppers"] : undefined;
  if (!isRecord(auth) || !isRecord(given)) return {};
  const resolved = Object.entries(given).map(([version, value]) => {
    const path = ["auth", "peppers", version];
    return [version, value instanceof Secret ? value : resolve(value, path, o)];
  });
  return { auth: { ...auth, peppers: Object.fromEntries(resolved) } };
}

/** Each of `telemetry.traces.headers` and `telemetry.errors.dsn` is a reference. */
function telemetrySecrets(
  values: ConfigValues,
  o: { env: Environment; problems: ConfigProblem[] },
): ConfigValues {
  const telemetry = values["telemetry"];
  if (!isRecord(telemetry)) return {};
  const { traces, errors } = telemetry;
  const given = isRecord(traces) ? traces["headers"] : undefined;
  const dsn = isRecord(errors) ? errors["dsn"] : undefined;
  const secret = (value: unknown, path: readonly string[]): unknown =>
    value instanceof Secret ? value : resolve(value, ["telemetry", ...path], o);
  const headers =
    isRecord(given) &&
    Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        secret(value, ["traces", "headers", name]),
      ]),
    );
  return {
    telemetry: {
      ...telemetry,
      ...(isRecord(traces) && { traces: headers ? { ...traces, headers } : traces }),
      ...(isRecord(errors) && {
        errors: dsn === undefined ? errors : { ...errors, dsn: secret(dsn, ["errors", "dsn"]) },
      }),
    },
  };
}

function resolve(
  key: unknown,
  path: readonly PropertyKey[],
  o: { env: Environment; problems: ConfigProblem[] },
): Secret | undefined {
  const fail = (message: string): undefined => {
    o.problems.push({ code: "LL_CONFIG_SECRET", path, message });
    return undefined;
  };
  const [reference, kind, name = ""] = referencePattern.exec(String(key)) ?? [];
  if (reference === undefined) return fail("a secret is written as a reference.");
  if (kind === "env") {
    const value = o.env[name];
    return value ? new Secret(value, reference) : fail(`${reference} is not set.`);
  }
  try {
    const value = readFileSync(name, "utf8").trim();
    return value === "" ? fail(`${reference} is empty.`) : new Secret(value, reference);
  } catch (cause) {
    const reason = codeOf(cause, "unreadable");
    return fail(`${reference} cannot be read (${reason}).`);
  }
}
