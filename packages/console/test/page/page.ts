import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";
import { vi } from "vitest";
import { PageDocument, PageElement, PageEvent, PageInput } from "./nodes.ts";
import { createPaint } from "./paint.ts";

/** What may differ from a quiet page at its first address. */
export interface PageOptions {
  readonly hash?: string;
  readonly dark?: boolean;
  /** The clipboard refuses. */
  readonly noClipboard?: boolean;
}

/** Keys held beside the one pressed, and where. */
export interface PressOptions {
  readonly on?: Element;
  readonly ctrlKey?: boolean;
}

/** Charts are as wide as their place; nothing here changes size. */
class NoResize {
  observe(): void {}
  disconnect(): void {}
}

/** A page in place of the browser's; every change is flushed before a call returns. */
export function openPage(options: PageOptions = {}) {
  const page = new PageDocument();
  const copied: string[] = [];
  const selected: unknown[] = [];
  const lines = createPaint();
  const address = { hash: options.hash ?? "", href: `report.html${options.hash ?? ""}` };
  const globals: Readonly<Record<string, unknown>> = {
    document: page,
    window: globalThis,
    HTMLElement: PageElement,
    HTMLInputElement: PageInput,
    location: address,
    history: {
      replaceState: (_state: unknown, _title: string, to: string) => (address.hash = to),
    },
    navigator: {
      language: "en",
      clipboard: {
        writeText: (text: string) =>
          options.noClipboard === true
            ? Promise.reject(new TypeError("no clipboard here"))
            : Promise.resolve(void copied.push(text)),
      },
    },
    getSelection: () => ({ selectAllChildren: (node: unknown) => selected.push(node) }),
    getComputedStyle: (element: PageElement) => ({ color: element.style["color"] }),
    matchMedia: () => ({
      matches: options.dark === true,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }),
    addEventListener: page.window.add.bind(page.window),
    removeEventListener: page.window.remove.bind(page.window),
    dispatchEvent: () => true,
    scrollTo: () => undefined,
    devicePixelRatio: 1,
    ResizeObserver: NoResize,
    Path2D: class {
      constructor() {
        return lines.context;
      }
    },
  };
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  const root = document.createElement("div");
  document.body.append(root);
  const send = (target: unknown, event: PageEvent): PageEvent => {
    if (!(target instanceof PageElement)) throw new Error("the element is not of this page");
    void act(() => page.send(target, event));
    return event;
  };
  const close = (): void => {
    void act(() => render(null, root));
    vi.unstubAllGlobals();
  };
  return {
    root,
    copied,
    selected,
    address,
    /** Listeners of the whole window for an event. */
    listening: (name: string): number => page.window.count(name),
    show(view: ComponentChild): HTMLElement {
      void act(() => render(view, root));
      return root;
    },
    click: (element: Element | null): PageEvent => send(element, new PageEvent("click")),
    press(key: string, { on, ...held }: PressOptions = {}): PageEvent {
      return send(on ?? document.activeElement, new PageEvent("keydown", { key, ...held }));
    },
    scroll: (element: Element | null): PageEvent => send(element, new PageEvent("scroll")),
    input(element: Element | null, value: string): void {
      send(Object.assign(element ?? {}, { value }), new PageEvent("input"));
    },
    change(element: Element | null, values: Readonly<Record<string, unknown>>): void {
      send(Object.assign(element ?? {}, values), new PageEvent("change"));
    },
    /** An event of the window, such as `hashchange` or `beforeprint`. */
    fire(name: string): void {
      void act(() => page.window.call(globalThis, new PageEvent(name)));
    },
    goTo(hash: string): void {
      address.hash = hash;
      void act(() => page.window.call(globalThis, new PageEvent("hashchange")));
    },
    /** What the lines of all charts were told to go through. */
    lines: lines.calls,
    /** What the canvases of the page were told to paint. */
    painted: () => page.querySelectorAll("canvas").flatMap((canvas) => canvas.paint.calls),
    [Symbol.dispose]: close,
    /** For pages with charts, which paint once the current task is done. */
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.resolve();
      close();
    },
  };
}

/** The first element of a selector, which must be there. */
export function one(within: ParentNode, selector: string): Element {
  const found = within.querySelector(selector);
  if (found === null) throw new Error(`nothing matches ${selector}`);
  return found;
}

/** The texts of all elements of a selector. */
export const textsOf = (within: ParentNode, selector: string): readonly string[] =>
  [...within.querySelectorAll(selector)].map((element) => element.textContent ?? "");
