import { createWorld, Order, type OrderOptions, orderSettings } from "./orders.fixture.ts";

const sse = ["content-type", "text/event-stream"];
const json = ["content-type", "application/json"];
/** One event with this content. */
export const delta = (content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;
export const done = "data: [DONE]\n\n";
export const usage = 'data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":9}}\n\n';
export const whole = '{"choices":[{"index":0,"message":{"content":"hello"}}]}';

/** Settings without keep-alive, hedge or resume. */
export const base: OrderOptions = {
  isStream: true,
  settings: { ...orderSettings, isKeptAliveBeforeContent: false },
  hedgeAfterMs: -1,
  resumeMax: 0,
};

/** An order under way in a world with a clock of its own. */
export function begin(o: Partial<OrderOptions> = {}) {
  const world = createWorld();
  const order = new Order(world, { ...base, ...o });
  const lane = (index: number) => {
    const found = order.lanes[index];
    if (!found) throw new Error(`no attempt ${index}`);
    return {
      ...found,
      head: (status = 200, more: string[] = []) =>
        found.sink.head(status, [...(order.x.body?.isStream ? sse : json), ...more]),
      send: (text: string) => found.sink.data(Buffer.from(text)),
      end: () => found.sink.end(),
      fail: () => found.sink.fail("reset", "gone"),
      get isAborted() {
        return found.isAborted;
      },
    };
  };
  return { world, order, lane, client: order.client, x: order.x };
}
