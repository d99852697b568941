import type { Client, ExchangeHost } from "./exchange.ts";

/** A client that takes everything and says nothing. */
export const nobody: Client = {
  method: "POST",
  target: "/v1/chat/completions",
  headers: [],
  isHttp11: true,
  address: "127.0.0.1",
  hasBody: true,
  read: () => undefined,
  answer: () => undefined,
  open: () => undefined,
  write: () => true,
  end: () => undefined,
  destroy: () => undefined,
  onDrain: () => undefined,
  isGone: false,
  pendingBytes: 0,
  takenBytes: 0,
};

/** Who is told of an exchange and does nothing about it. */
export const deafHost: ExchangeHost = {
  onExit: () => undefined,
  onSecondExit: () => undefined,
  onResume: () => undefined,
  onFault: () => undefined,
};
