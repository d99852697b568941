import type { Delta } from "./neutral.ts";

/** A block of an answer that is open in a stream. */
export type BlockKind = "text" | "thinking" | "tool";

/** Takes the blocks of a stream, one after the other: open, any number of appends, close. */
export interface BlockSink {
  open(kind: BlockKind, id: string, name: string): string;
  append(kind: BlockKind, text: string): string;
  close(kind: BlockKind): string;
}

interface WaitingTool {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  text: string;
}

/**
 * Brings the deltas of a stream into blocks that never interleave. Calls of tools that overlap wait
 * for the first one's end, so that each is whole.
 */
export class BlockSequence {
  readonly #sink: BlockSink;
  #open: BlockKind | undefined;
  #openTool = -1;
  #waiting: WaitingTool[] = [];

  constructor(sink: BlockSink) {
    this.#sink = sink;
  }

  /** Text of the events that this delta leads to; deltas that are no content give none. */
  take(delta: Delta): string {
    switch (delta.kind) {
      case "text":
      case "thinking":
        return this.#switchTo(delta.kind) + this.#sink.append(delta.kind, delta.text);
      case "tool":
        return this.#tool({ index: delta.index, id: delta.id, name: delta.name, text: "" });
      case "arguments":
        return this.#arguments(delta.index, delta.text);
      default:
        return "";
    }
  }

  /** Closes what is open and sends what waited. */
  end(): string {
    let out = this.#close();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tool of waiting) out += this.#openFor(tool) + this.#close();
    return out;
  }

  #switchTo(kind: "text" | "thinking"): string {
    if (this.#open === kind) return "";
    const closed = this.end();
    this.#open = kind;
    return closed + this.#sink.open(kind, "", "");
  }

  #tool(tool: WaitingTool): string {
    if (this.#open !== "tool") return this.#close() + this.#openFor(tool);
    this.#waiting.push(tool);
    return "";
  }

  #openFor(tool: WaitingTool): string {
    this.#open = "tool";
    this.#openTool = tool.index;
    const opened = this.#sink.open("tool", tool.id, tool.name);
    return tool.text === "" ? opened : opened + this.#sink.append("tool", tool.text);
  }

  #arguments(index: number, text: string): string {
    if (this.#open === "tool" && this.#openTool === index) return this.#sink.append("tool", text);
    const waiting = this.#waiting.find((tool) => tool.index === index);
    if (waiting) waiting.text += text;
    return "";
  }

  #close(): string {
    const kind = this.#open;
    this.#open = undefined;
    return kind === undefined ? "" : this.#sink.close(kind);
  }
}
