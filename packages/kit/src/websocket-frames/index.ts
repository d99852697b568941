/**
 * WebSocket frames (RFC 6455) of both roles, and the opening handshake: an incremental parser, an
 * encoder, no extensions. Strict: what the RFC forbids is refused with its close code, never
 * repaired. No promise and no object per frame.
 *
 * ```ts
 * const parser = createFrameParser({ role: "client" }, { message: (payload, binary) => use(payload),
 *   ping: (payload) => socket.write(encodeFrame("pong", payload, 7)), pong: () => {},
 *   close: (code) => end(code), fail: (code, detail) => give(up) });
 * parser.feed(chunk);
 * ```
 */
export { encodeClose, encodeFrame, type FrameOptions, type Opcode } from "./encode.ts";
export {
  acceptOf,
  encodeUpgrade,
  encodeUpgradeAnswer,
  readUpgrade,
  type UpgradeAnswer,
} from "./handshake.ts";
export {
  createFrameParser,
  type FrameParser,
  type FrameParserOptions,
  type FrameSink,
} from "./parser.ts";
