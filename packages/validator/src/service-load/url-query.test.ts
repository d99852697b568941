import { describe, expect, it } from "vitest";
import { loadSchema } from "../plan/manifest.ts";
import { mcpService } from "../stack/services/mcp.ts";
import { websocketService } from "../stack/services/websocket.ts";
import { webUrl } from "../stack/wire/web.ts";
import { mcpTraffic } from "./mcp.ts";
import { roomsTraffic } from "./rooms.ts";

const terms = { load: loadSchema.parse({}), secret: () => "" };

describe("the query of a service's URL", () => {
  it("is asked for by every request of a load on MCP", () => {
    const service = mcpService.parse({ kind: "mcp", url: "https://it.invalid/mcp?v=2" });
    const { target, scenario } = mcpTraffic(service, terms);
    expect(target.baseUrl).toBe("https://it.invalid");
    expect(scenario).toMatchObject({ exec: { options: { path: "/mcp?v=2" } } });
  });

  it("is asked for by every socket of a load on rooms", () => {
    const service = websocketService.parse({ kind: "websocket", url: "wss://it.invalid/ws?v=2" });
    const { target, scenario } = roomsTraffic(service, { members: 2 }, terms);
    expect(target.baseUrl).toBe("https://it.invalid");
    expect(scenario).toMatchObject({ exec: { options: { path: "/ws?v=2" } } });
  });

  it("is filled where it refers to a secret, in what is sent", () => {
    const named = { ...terms, secret: (reference?: string) => `<${reference}>` };
    const path = "?v=2&token=%3C%24%7Benv%3AT%7D%3E";
    const mcp = mcpService.parse({ kind: "mcp", url: "https://it.invalid/mcp?v=2&token=${env:T}" });
    expect(mcpTraffic(mcp, named).scenario).toMatchObject({
      exec: { options: { path: `/mcp${path}` } },
    });
    const url = "wss://it.invalid/ws?v=2&token=${env:T}";
    const room = websocketService.parse({ kind: "websocket", url });
    expect(roomsTraffic(room, { members: 2 }, named).scenario).toMatchObject({
      exec: { options: { path: `/ws${path}` } },
    });
  });

  it("belongs to the URL itself, and to no path below it", () => {
    const service = { url: "https://it.invalid/mcp/?v=2" };
    expect(webUrl(service, "").href).toBe("https://it.invalid/mcp/?v=2");
    expect(webUrl(service, "/a?b=1").href).toBe("https://it.invalid/mcp/a?b=1");
    expect(webUrl({ url: "https://it.invalid/mcp/" }, "").href).toBe("https://it.invalid/mcp");
    expect(webUrl(service, "https://it.invalid/c").href).toBe("https://it.invalid/c");
  });
});
