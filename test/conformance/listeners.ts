/** Each front behind each kind of listener. */
export const listeners = [
  ["http1", "plain"],
  ["node", "plain"],
  ["http1", "TLS"],
  ["node", "TLS"],
] as const;
