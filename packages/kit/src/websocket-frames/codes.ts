/** Close codes of RFC 6455, section 7.4.1, that this package gives or takes. */
export const closeCodes = {
  normal: 1000,
  protocol: 1002,
  /** What a close frame without a code counts as; never on the wire. */
  none: 1005,
  invalidText: 1007,
  tooBig: 1009,
} as const;

/** Whether a code may stand in a close frame: registered ones, and 3000..4999. */
export function isCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
}

export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Longest payload of a control frame, in bytes. */
export const controlBytesMax = 125;
