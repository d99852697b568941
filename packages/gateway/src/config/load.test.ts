import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "./load.ts";
import { variableName } from "./environment.ts";

const dir = mkdtempSync(join(tmpdir(), "ll-config-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(dir, "loadline.yaml");
  writeFileSync(path, text);
  return path;
}

describe("loadConfig", () => {
  it("an unknown key is named with its path, line and the nearest key", () => {
    const path = file("listen:\n  port: 1\n  hosst: x\n");
    expect(() => loadConfig(path, {})).toThrow(
      expect.objectContaining({
        code: "LL_CONFIG_UNKNOWN_KEY",
        message: `listen.hosst: unknown key. Did you mean "host"? (${path}:3)`,
      }),
    );
  });

  it("an unknown key of a target is found by its provider's schema", () => {
    const path = file("targets:\n  a:\n    provider: simulator\n    latncy: 5ms\n");
    expect(() => loadConfig(path, {})).toThrow(
      expect.objectContaining({
        message: `targets.a.latncy: unknown key. Did you mean "latency"? (${path}:4)`,
      }),
    );
  });

  it("a misspelt key is named before the one that is missing because of it", () => {
    const path = file("limits:\n  - { scope: key, resource: requests, limt: 5 }\n");
    expect(() => loadConfig(path, {})).toThrow(
      /limits\[0\]\.limt: unknown key\. Did you mean "limit"/,
    );
    const route = file("routes:\n  chat:\n    models: [m]\n    grups: []\n");
    expect(() => loadConfig(route, {})).toThrow(
      /routes\.chat\.grups: unknown key\. Did you mean "groups"/,
    );
  });

  it("a key that has to be there is said to be missing, and of which kind it is", () => {
    const path = file("limits:\n  - { scope: key, resource: requests }\n");
    expect(() => loadConfig(path, {})).toThrow("limits[0].limit: a value is missing (number).");
  });

  it("a file that cannot be read or is not YAML is refused by name", () => {
    const code = (path: string): unknown => {
      try {
        return loadConfig(path, {});
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : error;
      }
    };
    expect(code(join(dir, "absent.yaml"))).toBe("LL_CONFIG_FILE");
    expect(code(file("a: [1"))).toBe("LL_CONFIG_SYNTAX");
    expect(code(file("- 1"))).toBe("LL_CONFIG_SYNTAX");
    expect(code(file("listen:\n  port: 99999"))).toBe("LL_CONFIG_INVALID");
  });

  it("overrides beat the environment, which beats the file, which beats the defaults", () => {
    const path = file("listen: {port: 1, host: file.test}\ndrain: {grace: 7s}\n");
    const env = { LOADLINE_LISTEN_PORT: "2", LOADLINE_LISTEN_HOST: "env.test" };
    const config = loadConfig(path, env, { listen: { port: 3 } });
    expect(config.listen).toEqual({ port: 3, host: "env.test" });
    expect(config.drain).toEqual({ accept: 2000, grace: 7000 });
    expect(variableName(["http", "bodyBytesMax"])).toBe("LOADLINE_HTTP_BODY_BYTES_MAX");
  });

  it("secrets are references, resolved, and show themselves nowhere", () => {
    const target = { provider: "openai-compatible", model: "m", baseUrl: "http://a.test/v1" };
    const withKey = (key: string): Record<string, unknown> => ({
      targets: { a: { ...target, keys: [key] } },
    });
    const config = loadConfig(undefined, { K: "hush" }, withKey("${env:K}"));
    expect(JSON.stringify(config)).not.toContain("hush");
    const refused = expect.objectContaining({ code: "LL_CONFIG_SECRET" });
    for (const key of ["literal", "${env:ABSENT}", "${file:/nonexistent}"])
      expect(() => loadConfig(undefined, {}, withKey(key))).toThrow(refused);
  });

  it.each([
    "http://u:pw@a.test/v1",
    "http://token@a.test",
    "http://a.test/?key=k",
    "http://a.test/#k",
  ])(
    "an upstream's address that carries more than host and path is refused, and not repeated: %s",
    (baseUrl) => {
      const targets = { a: { provider: "openai-compatible", model: "m", baseUrl } };
      const load = (): unknown => loadConfig(undefined, {}, { targets });
      expect(load).toThrow(/targets\.a\.baseUrl: .*a credential is written in keys/);
      expect(load).not.toThrow(baseUrl);
    },
  );

  it.each([
    ["sql", "postgres://u:hunter2@db.test/x"],
    ["sql", "postgres://u@db.test/x?password=hunter2"],
    ["sql", "postgres://u@db.test/x?sslmode=require&sslpassword=hunter2"],
    ["redis", "redis://:hunter2@a.test:6379"],
    ["redis", "redis://a.test:6379?password=hunter2"],
  ])("a literal password in the address of stores.%s is refused, and not repeated", (name, url) => {
    const load = (): unknown => loadConfig(undefined, {}, { stores: { [name]: url } });
    expect(load).toThrow(expect.objectContaining({ code: "LL_CONFIG_INVALID" }));
    expect(load).toThrow(`stores.${name}`);
    expect(load).not.toThrow("hunter2");
  });

  it.each(["/", "?", "#"])(
    "an address whose password holds a bare %s is refused unread",
    (sign) => {
      const url = (password: string): Record<string, string> => ({
        U: `redis://:${password}@a.test:1`,
      });
      const stores = { redis: "${env:U}" };
      expect(() => loadConfig(undefined, url(`hun${sign}ter2`), { stores })).toThrow(
        "stores.redis",
      );
      const escaped = url(`hun${encodeURIComponent(sign)}ter2`);
      expect(loadConfig(undefined, escaped, { stores }).stores.redis).not.toBe(null);
    },
  );

  it("contradictions are refused at load: unknown target, model twice, simulator in production", () => {
    const targets = { abc: { provider: "simulator" } };
    const route = (target: string): unknown => ({ models: ["m"], groups: [{ targets: [target] }] });
    expect(() => loadConfig(undefined, {}, { targets, routes: { r: route("abd") } })).toThrow(
      'Did you mean "abc"?',
    );
    const twice = { r: route("abc"), q: route("abc") };
    expect(() => loadConfig(undefined, {}, { targets, routes: twice })).toThrow("already served");
    expect(() => loadConfig(undefined, {}, { targets, profile: "production" })).toThrow(
      "refused in production",
    );
  });
});
