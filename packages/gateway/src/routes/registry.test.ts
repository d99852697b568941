import { describe, expect, it } from "vitest";
import type { Surface } from "../identity/surface.ts";
import { runGateway } from "../../test/harness.ts";
import { permissions } from "../identity/permissions.ts";
import { allSurfaces, checkRegistry, registryProblems } from "./registry.ts";

const good: Surface = {
  id: "keys.create",
  kind: "http",
  methods: ["POST"],
  path: "/keys",
  permission: "keys:manage",
  writes: ["name"],
  limits: "admin",
  body: "admin",
  egress: "none",
  audit: "key.created",
};
const bad = (change: object): Surface => ({ ...good, ...change });
const problems = (...surfaces: Surface[]): string[] =>
  registryProblems({
    surfaces,
    handled: new Set(surfaces.map(({ id }) => id)),
    permissions: ["keys:manage"],
  });

describe("the surface registry", () => {
  it("holds every surface of the running gateway without a problem, and the start passes", async () => {
    await using g = await runGateway();
    expect(g.url).not.toBe("");
    const handled = new Set(allSurfaces().map(({ id }) => id));
    expect(registryProblems({ surfaces: allSurfaces(), handled })).toEqual([]);
  });

  it.each([
    ["an unknown permission", bad({ permission: "keys:steal" }), "unknown permission"],
    ["no permission", bad({ permission: undefined }), "no permission"],
    ["an unknown limit class", bad({ limits: "none" }), "unknown limit class"],
    ["an unknown body class", bad({ body: "xml" }), "unknown body class"],
    ["an unknown egress class", bad({ egress: "any" }), "unknown egress class"],
    ["a public entry outside the list", bad({ permission: { public: "handy" } }), "public"],
    ["a write without its members", bad({ writes: undefined }), "without its members"],
    ["a write without audit", bad({ audit: { none: "x" } }), "without audit"],
    ["no audit and no reason", bad({ audit: { none: "" } }), "no audit action"],
    [
      "a path left to nobody",
      bad({ permission: { below: "x" }, path: "/x/*" }),
      "no surface under",
    ],
    ["an unknown wider permission", bad({ object: { type: "k", ofOthers: "x" } }), "unknown perm"],
  ])("%s is named", (_name, surface, text) => {
    expect(problems(surface).join()).toContain(`keys.create: `);
    expect(problems(surface).join()).toContain(text);
  });

  it("two surfaces of one shape and two of one id are named, parameters by any name", () => {
    const one = bad({ id: "a.get", path: "/a/:id" });
    const other = bad({ id: "b.get", path: "/a/:name" });
    expect(problems(one, other)).toEqual(["http POST /a/:: two surfaces"]);
    expect(problems(good, bad({ path: "/other" }))).toContain("keys.create: declared twice");
  });

  it("an answer without a declaration, and a declaration without an answer, are named", () => {
    const input = { surfaces: [good], permissions: ["keys:manage"] };
    expect(registryProblems({ ...input, handled: new Set(["keys.create", "debug"]) })).toEqual([
      "debug: answered without a declaration",
    ]);
    expect(registryProblems({ ...input, handled: new Set() })).toEqual([
      "keys.create: nothing answers it",
    ]);
  });

  it("a permission that no surface uses or no role holds is named", () => {
    const handled = new Set(["keys.create"]);
    const found = registryProblems({
      surfaces: [good],
      handled,
      permissions: [...permissions, "root:all"],
    });
    expect(found).toContain("root:all: no surface uses it");
    expect(found).toContain("root:all: no role holds it");
    expect(found).toContain("audit:read: no surface uses it");
    expect(found).not.toContain("keys:manage: no surface uses it");
  });

  it("stages that answer nothing refuse the start and name all offenders", () => {
    expect(() => checkRegistry([])).toThrow(
      expect.objectContaining({
        code: "LL_ROUTE_UNDECLARED",
        message: expect.stringMatching(/chat: nothing answers it.*metrics: nothing answers it/),
        row: expect.objectContaining({ exit: 78 }),
      }),
    );
  });
});
