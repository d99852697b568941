import type { Exchange } from "./exchange.ts";
import type { TargetOptions } from "./options.ts";

const body = '{"ok":true}';

/** Fixed delay, quota, error share and broken connections, for every path without a part. */
export function answerPlain(exchange: Exchange): void {
  const { options } = exchange.state;
  const number = exchange.state.plain++;
  const fault = pickFault(exchange, options);
  const isSlow = exchange.drawn(options.slow?.share);
  // Drawn as it comes, so that equal seeds give equal answers whatever is answered first.
  const isError = exchange.drawn(options.errors?.share);
  const ownMs = isSlow ? options.slow?.delayMs : options.delayMs;
  const delayMs = (ownMs ?? 0) * exchange.slower;
  exchange.after(delayMs, () => {
    if (fault !== null) breakWith(exchange, fault);
    else if (options.quota !== undefined && number >= options.quota.after)
      refuse(exchange, options);
    else if (isError) {
      exchange.json(options.errors?.status ?? 500, { error: { message: "planned" } });
    } else agree(exchange, options);
  });
}

function agree(exchange: Exchange, options: TargetOptions): void {
  const hiddenMs = options.hiddenDelayMs ?? 0;
  if (hiddenMs === 0) {
    exchange.answer(200, body, { "content-type": "application/json" });
    return;
  }
  // The lie: stamped as done now, written later.
  exchange.done(200);
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`;
  exchange.after(hiddenMs, () => void exchange.socket.write(`${head}${body}`));
}

function refuse(exchange: Exchange, options: TargetOptions): void {
  const seconds = options.quota?.retryAfterSeconds;
  const headers = seconds === undefined ? {} : { "retry-after": String(seconds) };
  exchange.json(429, { error: { message: "quota", type: "rate_limit" } }, headers);
}

const faultNames = ["reset", "truncate", "close", "garbage"] as const;
type Fault = (typeof faultNames)[number];

/** One draw decides among all faults, so that their shares add up. */
function pickFault(exchange: Exchange, { faults }: TargetOptions): Fault | null {
  if (faults === undefined) return null;
  let left = exchange.state.random.unit();
  for (const name of faultNames) {
    left -= faults[name] ?? 0;
    if (left < 0) return name;
  }
  return null;
}

function breakWith(exchange: Exchange, fault: Fault): void {
  exchange.state.ledger.count(`fault_${fault}`);
  exchange.broken((socket) => {
    if (fault === "reset") socket.resetAndDestroy();
    else if (fault === "close") socket.end();
    else if (fault === "garbage") socket.end("this is no HTTP\r\n\r\n");
    else socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 4)}`);
  });
}
