import { McpClient } from "../clients/mcp/mcp-client.ts";
import { RagClient } from "../clients/rag/rag-client.ts";
import { Links } from "../clients/websocket/links.ts";
import { Rooms } from "../clients/websocket/rooms.ts";
import type { ExecContext } from "../engine/exec.ts";

/** Clients with more than requests to them, made when the first call needs one. */
export class Services {
  readonly #context: ExecContext;
  #mcp: McpClient | null = null;
  #rag: RagClient | null = null;
  #rooms: Rooms | null = null;
  #links: Links | null = null;

  constructor(context: ExecContext) {
    this.#context = context;
  }

  get mcp(): McpClient {
    const { mcp = { version: "2025-11-25" } } = this.#context.plan.target;
    return (this.#mcp ??= new McpClient(mcp, this.#context));
  }

  /** Throws TypeError for a target that tells nothing of its document store. */
  get rag(): RagClient {
    const { rag } = this.#context.plan.target;
    if (rag === undefined) throw new TypeError("target.rag is not set");
    return (this.#rag ??= new RagClient(rag, this.#context));
  }

  /** Throws TypeError for a target that tells nothing of its rooms. */
  get rooms(): Rooms {
    const { rooms } = this.#context.plan.target;
    if (rooms === undefined) throw new TypeError("target.rooms is not set");
    return (this.#rooms ??= new Rooms(rooms, this.#context));
  }

  /** Free sockets, to any path of the target. */
  get links(): Links {
    return (this.#links ??= new Links(this.#context));
  }

  /** Ends sessions, takes away what was planted, leaves rooms and sockets; at most 5 s. */
  async close(): Promise<void> {
    const all = [this.#mcp, this.#rag, this.#rooms, this.#links];
    await Promise.all(all.map(async (one) => await one?.close()));
  }
}
