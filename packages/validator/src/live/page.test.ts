import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { livePage } from "./page.ts";

type Listener = (event: { readonly data: string; readonly lastEventId: string }) => void;

/** An element that keeps what it is told. */
function element() {
  const classList = { toggle: () => undefined };
  return { textContent: "", classList, append: () => undefined, querySelectorAll: () => [] };
}

/** The script of a page beside a source of frames in a state that is set by hand. */
function start() {
  const html = livePage({ title: "a run", editable: [] }, "n");
  const script = /<script nonce="n">([^]*)<\/script>/.exec(html)?.[1] ?? "";
  const elements = new Map<string, ReturnType<typeof element>>();
  const at = (id: string): ReturnType<typeof element> => {
    const found = elements.get(id) ?? element();
    elements.set(id, found);
    return found;
  };
  at("facts").textContent = JSON.stringify({ title: "a run", editable: [] });
  const listeners = new Map<string, Listener>();
  const source = {
    readyState: 0,
    addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
    close: () => undefined,
  };
  runInNewContext(script, {
    document: { getElementById: at, querySelector: element, querySelectorAll: () => [] },
    // What a constructor returns takes the place of what it makes.
    EventSource: function make() {
      return source;
    },
    performance: { now: () => 0 },
    setInterval: () => 0,
    requestAnimationFrame: () => 0,
  });
  const say = (name: string, readyState: number, data = ""): string => {
    source.readyState = readyState;
    listeners.get(name)?.({ data, lastEventId: "1" });
    return at("status").textContent;
  };
  return { say, title: () => at("title").textContent };
}

describe("the page of a live run", () => {
  it("tells a connection that is tried again from one that is closed for good", () => {
    const { say, title } = start();
    expect(title()).toBe("a run");
    expect(say("error", 0)).toBe("no connection to the run; trying again");
    expect(say("open", 1)).toBe("");
    expect(say("error", 2)).toBe("the connection is closed; reload the page");
  });

  it("says how the run ended", () => {
    expect(start().say("end", 1, '"the run is over"')).toBe("the run is over");
  });
});
