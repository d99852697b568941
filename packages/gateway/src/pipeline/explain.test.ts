import { describe, expect, it } from "vitest";
import { runGateway, temporaryDir } from "../../test/harness.ts";
import { loadConfig } from "../config/load.ts";
import { explainStages } from "./explain.ts";
import type { Stage } from "./stage.ts";
import { explain } from "./stages.ts";

const traffic = {
  targets: { s: { provider: "simulator" } },
  routes: { r: { models: ["m"], groups: [{ targets: ["s"] }] } },
};

describe("what `serve --explain` prints", () => {
  it.each([
    ["the defaults", {}],
    [
      "everything that can be switched",
      {
        stores: { objects: "file:" },
        addressLimit: { requestsPerMinute: 1000 },
        auditLog: { requests: "all" },
        selfProbe: { enabled: false },
      },
    ],
  ])("is what a running gateway does with each operation, with %s", async (_, settings) => {
    let running: readonly Stage[] = [];
    await using g = await runGateway({ ...traffic, ...settings }, temporaryDir(), {
      stages(table) {
        running = table;
        return table;
      },
    });
    expect((await fetch(`${g.url}/healthz`)).status).toBe(200);
    const told = explainStages(loadConfig(undefined, {}, { ...traffic, ...settings }));
    expect(told).toEqual(explain(running));
    const chat = told.find(({ operation }) => operation === "chat");
    expect(chat?.stages.map(({ id }) => id)).toEqual([
      "request-id",
      "accept",
      "overload",
      "audit-ready",
      "address-limit",
      "authenticate",
      "read",
      "authorize",
      "reserve",
      "route",
      "call",
      "settle",
      "meter",
      "audit",
      "metrics",
    ]);
  });
});
