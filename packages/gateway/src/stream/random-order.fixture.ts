import type { Random } from "@loadline/kit/random";
import {
  faults,
  type Lane,
  Order,
  orderSettings,
  type OrderOptions,
  type World,
} from "./orders.fixture.ts";

const stepsMax = 16;

/** Text of one event of each kind; those that are passed on carry a number of their own. */
const events = [
  (id: number) => delta(id, ""),
  (id: number) => delta(id, "word"),
  word,
  word,
  word,
  (id: number) => delta(id, "", "stop"),
  (id: number) => delta(id, "last", "stop"),
  () => 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
  () => "data: [DONE]\n\n",
  () => 'data: {"error":{"message":"x"}}\n\n',
  () => "data: {nope\n\n",
  () => ": a comment\n\n",
];

function delta(id: number, content: string, finish: string | null = null): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: `e${id}`, choices })}\n\n`;
}

/** Differs from the others of its kind in nothing but its text. */
function word(id: number): string {
  return `data: ${JSON.stringify({ id: "x", choices: [{ delta: { content: `word e${id}` } }] })}\n\n`;
}

const whole = '{"choices":[{"index":0}],"usage":{"prompt_tokens":1,"completion_tokens":1}}';

function feed(random: Random, order: Order, lane: Lane, number: number): void {
  const isStream = order.x.body?.isStream ?? false;
  if (!lane.hasHead) {
    lane.hasHead = true;
    const status = random.below(8) === 0 ? 500 : 200;
    lane.sink.head(status, ["content-type", isStream ? "text/event-stream" : "application/json"]);
    return;
  }
  if (!isStream) {
    lane.sink.data(Buffer.from(random.below(3) === 0 ? "x".repeat(3000) : whole));
    return;
  }
  const pick = events[random.below(events.length)] ?? events[0];
  const text = pick?.(number) ?? "";
  if (idsOf(text).length > 0) lane.given.push(`e${number}`);
  send(random, lane, text);
}

/** One event, which may come as a chunk of its own or in two pieces. */
function send(random: Random, lane: Lane, text: string): void {
  if (random.below(2) === 0 && offered(lane, text)) return;
  const at = random.below(4) === 0 ? random.below(text.length) : 0;
  if (at > 0) lane.sink.data(Buffer.from(text.slice(0, at)));
  lane.sink.data(Buffer.from(text.slice(at)));
}

/** Whether the event was taken as a chunk in its framing. */
function offered(lane: Lane, text: string): boolean {
  const size = `${text.length.toString(16)}\r\n`;
  const framed = Buffer.from(`${size}${text}\r\n`);
  return lane.sink.wholeChunk?.(framed, 0, size.length, framed.length) ?? false;
}

function step(random: Random, world: World, order: Order, number: number): void {
  const live = order.lanes.filter((lane) => !lane.isAborted);
  const lane = live[random.below(live.length)];
  const dice = random.below(40);
  if (dice < 28 && lane) feed(random, order, lane, number);
  else if (dice < 31 && lane) {
    lane.isAborted = true;
    if (lane.hasHead && random.below(2) === 0) lane.sink.end();
    else lane.sink.fail(faults[random.below(faults.length)] ?? "reset", "");
  } else if (dice < 37) world.clock.advance([20, 60, 250, 600][random.below(4)] ?? 20);
  else if (dice < 38) order.client.drain();
  else if (dice < 39) leave(order);
  else if (random.below(4) === 0) order.x.cancel?.("revoked");
}

function leave(order: Order): void {
  if (order.x.isOver) return;
  order.client.isGone = true;
  order.x.cancel?.("client_left");
}

/** One random order of events, to its end. */
export function play(random: Random, world: World, sabotage: Partial<OrderOptions> = {}): Order {
  const order = new Order(world, {
    isStream: random.below(8) !== 0,
    settings: { ...orderSettings, isKeptAliveBeforeContent: random.below(2) === 0 },
    hedgeAfterMs: random.below(4) === 0 ? 100 : -1,
    resumeMax: random.below(4) === 0 ? 1 : 0,
    ...sabotage,
  });
  for (let i = 0; i < stepsMax && !order.x.isOver; i++) step(random, world, order, i);
  if (!order.x.isOver) order.x.cancel?.("drained");
  // What still arrives after the end reaches nobody.
  for (const lane of order.lanes) feed(random, order, lane, stepsMax);
  return order;
}

/** What is wrong with an order, or "". */
export function judge(order: Order): string {
  const { client, exits, lanes, x } = order;
  if (exits.length !== 1) return `${exits.length} exits`;
  if (client.wordsAfterEnd > 0) return "a word after the end";
  if (lanes.length !== order.ended.length) return "a permit was not given back once";
  if (x.attempts.length !== lanes.length) return "an attempt without a record";
  if (x.attempts.some(({ usage }) => usage === undefined)) return "an attempt without usage";
  const isOk = exits[0]?.reason === "ok";
  // A whole answer's connection gets a moment to end by itself.
  if (lanes.filter((lane) => !lane.isAborted).length > (isOk ? 1 : 0))
    return "an upstream works for nobody";
  if (!(x.body?.isStream ?? false)) return "";
  return judgeEnd(client.text, isOk) || judgePrefix(order, isOk);
}

function judgeEnd(text: string, isOk: boolean): string {
  if (text.includes("[DONE]") !== isOk) return "an end marker that is not the truth";
  const errors = text.split('"error"').length - 1;
  if (errors > 1 || (isOk && errors > 0)) return `${errors} errors`;
  const hasEvents = text.includes('"id":');
  if (hasEvents && !/"content":"(word|last)|"finish_reason":"stop"/.test(text))
    return "a preamble without content";
  const isLast = errors === 0 || /"error"[^\n]*\n*$/.test(text);
  return isLast ? "" : "something after the error";
}

/** What was sent is the beginning of what one upstream gave, then of what its successor gave. */
function judgePrefix(order: Order, isOk: boolean): string {
  const [first = "", second] = order.client.text.split(/: resumed target=\w after=\d+\n\n/);
  const sent = idsOf(first);
  const source = order.lanes.find(({ given }) => isPrefix(sent, given));
  if (sent.length > 0 && !source) return `sent ${sent.join()} is no prefix`;
  if (second === undefined) {
    return isOk && sent.length !== beforeExtra(source?.given).length ? "a whole answer cut" : "";
  }
  const more = idsOf(second);
  const successor = order.lanes.find(({ given }) => given.join().includes(more.join()));
  return successor ? "" : `continued ${more.join()} is no part`;
}

function beforeExtra(given: readonly string[] = []): readonly string[] {
  return given.filter((id) => id !== `e${stepsMax}`);
}

function idsOf(text: string): string[] {
  return [...text.matchAll(/"id":"(e\d+)"|"word (e\d+)"/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

function isPrefix(part: readonly string[], all: readonly string[]): boolean {
  return part.every((id, i) => all[i] === id);
}
