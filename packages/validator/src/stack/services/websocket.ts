import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

/** An endpoint for WebSocket. */
export const websocketService = z.strictObject({
  kind: z.literal("websocket"),
  url: serviceUrl(["ws", "wss"], { fillsQuery: true }),
  token: secretRef.optional().describe("sent as authorization: Bearer"),
  origin: z.string().min(1).max(300).optional().describe("origin header; default none"),
  exchange: z
    .strictObject({
      send: z.string().max(10_000).describe("a text message; $MARK in it is a name of this run"),
      expect: z.string().min(1).max(1_000).describe("what a message that comes back holds"),
    })
    .optional()
    .describe("a message and its answer; the same text for an echo"),
  rooms: z
    .strictObject({
      members: z.int().min(2).max(1_000).default(20).describe("sockets in one room, under load"),
    })
    .optional()
    .describe("it speaks rooms: {op: join, room}, {op: say, room, id, text} and their answers"),
  ...serviceFields,
});
