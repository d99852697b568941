import type { z } from "zod";
import type { McpOptions } from "../clients/mcp/options.ts";
import type { RagOptions } from "../clients/rag/options.ts";
import type { RoomDialect, RoomsOptions } from "../clients/websocket/options.ts";
import type { TargetServices } from "../types.ts";
import type { LoadBlock } from "./load-schema.ts";
import type { mcpSchema, ragSchema, roomsSchema } from "./service-schema.ts";

/** The services of a target; `fill` puts secrets into headers. */
export function compileServices(
  { mcp, rag, rooms }: LoadBlock["target"],
  fill: (text: string) => string,
): TargetServices {
  return {
    ...(mcp !== undefined && { mcp: mcpOf(mcp, fill) }),
    ...(rag !== undefined && { rag: ragOf(rag, fill) }),
    ...(rooms !== undefined && { rooms: roomsOf(rooms, fill) }),
  };
}

type Headers = Readonly<Record<string, string>>;

function filled(headers: Headers, fill: (text: string) => string): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
}

function mcpOf(mcp: z.output<typeof mcpSchema>, fill: (text: string) => string): McpOptions {
  return {
    version: mcp.version,
    path: mcp.path,
    ...(mcp.headers !== undefined && { headers: filled(mcp.headers, fill) }),
    ...(mcp.sessions !== undefined && { sessionsMax: mcp.sessions }),
    ...(mcp.expect !== undefined && { expect: mcp.expect }),
  };
}

type RouteFile = z.output<typeof ragSchema>["ingest"];

function ragOf(rag: z.output<typeof ragSchema>, fill: (text: string) => string): RagOptions {
  const route = ({ method, path, body }: RouteFile) => ({
    method,
    path,
    ...(body !== undefined && { body }),
  });
  return {
    ingest: route(rag.ingest),
    query: route(rag.query),
    remove: rag.remove === null ? null : route(rag.remove),
    tenants: rag.tenants.map(({ name, headers }) => ({ name, headers: filled(headers, fill) })),
    resultsPath: rag.resultsPath,
    textPath: rag.textPath,
    ...(rag.idPath !== undefined && { idPath: rag.idPath }),
    ...(rag.topK !== undefined && { topK: rag.topK }),
    ...(rag.poll !== undefined && { pollMs: rag.poll }),
    ...(rag.visibleWithin !== undefined && { visibleWithinMs: rag.visibleWithin }),
  };
}

function roomsOf(
  rooms: z.output<typeof roomsSchema>,
  fill: (text: string) => string,
): RoomsOptions {
  return {
    path: rooms.path,
    ...(rooms.rooms !== undefined && { rooms: rooms.rooms }),
    ...(rooms.headers !== undefined && { headers: filled(rooms.headers, fill) }),
    ...(rooms.dialect !== undefined && { dialect: dialectOf(rooms.dialect) }),
    ...(rooms.textBytes !== undefined && { textBytes: rooms.textBytes }),
    ...(rooms.deliverWithin !== undefined && { deliverWithinMs: rooms.deliverWithin }),
    ...(rooms.answerWithin !== undefined && { answerWithinMs: rooms.answerWithin }),
  };
}

type DialectFile = NonNullable<z.output<typeof roomsSchema>["dialect"]>;

/** Only what is given: an absent field keeps its default. */
function dialectOf(dialect: DialectFile): Partial<RoomDialect> {
  const given = Object.entries(dialect).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
