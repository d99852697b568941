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

  it("belongs to the URL itself, and to no path below it", () => {
    const service = { url: "https://it.invalid/mcp/?v=2" };
    expect(webUrl(service, "").href).toBe("https://it.invalid/mcp/?v=2");
    expect(webUrl(service, "/a?b=1").href).toBe("https://it.invalid/mcp/a?b=1");
    expect(webUrl({ url: "https://it.invalid/mcp/" }, "").href).toBe("https://it.invalid/mcp");
    expect(webUrl(service, "https://it.invalid/c").href).toBe("https://it.invalid/c");
  });
});
