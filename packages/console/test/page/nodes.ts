/** As much of a document as the report's components use, so that they can be drawn without a browser. */
import { createPaint, type Paint } from "./paint.ts";
import { matchesSelector } from "./selector.ts";

type Listener = (this: unknown, event: PageEvent) => void;

/** An event as listeners see it. */
export class PageEvent {
  readonly type: string;
  target: PageElement | null = null;
  currentTarget: PageElement | null = null;
  defaultPrevented = false;
  stopped = false;

  constructor(type: string, more: Readonly<Record<string, unknown>> = {}) {
    this.type = type;
    Object.assign(this, more);
  }
  preventDefault(): void {
    this.defaultPrevented = true;
  }
  stopPropagation(): void {
    this.stopped = true;
  }
}

/** Listeners by event name. */
export class Listeners {
  readonly #byName = new Map<string, Set<Listener>>();

  add(name: string, listener: Listener): void {
    this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(listener));
  }
  remove(name: string, listener: Listener): void {
    this.#byName.get(name)?.delete(listener);
  }
  count(name: string): number {
    return this.#byName.get(name)?.size ?? 0;
  }
  call(owner: unknown, event: PageEvent): void {
    for (const listener of this.#byName.get(event.type) ?? []) listener.call(owner, event);
  }
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A node in the tree; only elements have children. */
export abstract class PageNode {
  abstract readonly nodeType: number;
  parentNode: PageElement | null = null;
  abstract get textContent(): string;
  abstract get outerHTML(): string;

  get nextSibling(): PageNode | null {
    const near = this.parentNode?.childNodes ?? [];
    return near[near.indexOf(this) + 1] ?? null;
  }
  remove(): void {
    this.parentNode?.removeChild(this);
  }
}

/** Text; never markup. */
export class PageText extends PageNode {
  readonly nodeType = 3;
  data: string;

  constructor(data: string) {
    super();
    this.data = data;
  }
  get textContent(): string {
    return this.data;
  }
  get outerHTML(): string {
    return escaped(this.data);
  }
}

/** An element; what the page sets on it stays an attribute, so that it can be read back. */
export class PageElement extends PageNode {
  readonly nodeType = 1;
  readonly localName: string;
  readonly ownerDocument: PageDocument;
  readonly childNodes: PageNode[] = [];
  readonly style: Record<string, string> = {};
  readonly dataset: Record<string, string> = {};
  readonly listeners = new Listeners();
  readonly #attributes = new Map<string, string>();
  /** What was painted, for a canvas. */
  readonly paint: Paint = createPaint();
  clientWidth = 640;
  clientHeight = 400;
  scrollTop = 0;

  constructor(localName: string, ownerDocument: PageDocument) {
    super();
    this.localName = localName;
    this.ownerDocument = ownerDocument;
  }
  get firstChild(): PageNode | null {
    return this.childNodes[0] ?? null;
  }
  get parentElement(): PageElement | null {
    return this.parentNode;
  }
  get children(): PageElement[] {
    return this.childNodes.filter((node) => node instanceof PageElement);
  }
  get attributes(): { readonly name: string; readonly value: string }[] {
    return [...this.#attributes].map(([name, value]) => ({ name, value }));
  }
  get classList() {
    const read = (): Set<string> =>
      new Set((this.getAttribute("class") ?? "").split(" ").filter((name) => name !== ""));
    const write = (names: Set<string>): void => this.setAttribute("class", [...names].join(" "));
    return {
      contains: (name: string): boolean => read().has(name),
      add: (name: string): void => write(read().add(name)),
      remove: (name: string): void => write(new Set([...read()].filter((own) => own !== name))),
    };
  }
  get textContent(): string {
    return this.childNodes.map((node) => node.textContent).join("");
  }
  set textContent(text: string) {
    this.replaceChildren(...(text === "" ? [] : [new PageText(text)]));
  }
  get innerHTML(): string {
    return this.childNodes.map((node) => node.outerHTML).join("");
  }
  get outerHTML(): string {
    const own = this.attributes.map(({ name, value }) => ` ${name}="${escaped(value)}"`).join("");
    return `<${this.localName}${own}>${this.innerHTML}</${this.localName}>`;
  }
  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
  }
  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }
  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }
  insertBefore(node: PageNode, before: PageNode | null): PageNode {
    node.remove();
    const at = before === null ? this.childNodes.length : this.childNodes.indexOf(before);
    this.childNodes.splice(at, 0, node);
    node.parentNode = this;
    return node;
  }
  appendChild(node: PageNode): PageNode {
    return this.insertBefore(node, null);
  }
  append(...nodes: readonly PageNode[]): void {
    for (const node of nodes) this.appendChild(node);
  }
  prepend(node: PageNode): void {
    this.insertBefore(node, this.firstChild);
  }
  removeChild(node: PageNode): PageNode {
    this.childNodes.splice(this.childNodes.indexOf(node), 1);
    node.parentNode = null;
    return node;
  }
  replaceChildren(...nodes: readonly PageNode[]): void {
    for (const node of this.childNodes.slice()) this.removeChild(node);
    this.append(...nodes);
  }
  contains(node: PageNode | null): boolean {
    return node !== null && (node === this || this.contains(node.parentNode));
  }
  matches(selector: string): boolean {
    return matchesSelector(this, selector);
  }
  closest(selector: string): PageElement | null {
    return this.matches(selector) ? this : (this.parentNode?.closest(selector) ?? null);
  }
  querySelectorAll(selector: string): PageElement[] {
    return this.children.flatMap((child) => [
      ...(child.matches(selector) ? [child] : []),
      ...child.querySelectorAll(selector),
    ]);
  }
  querySelector(selector: string): PageElement | null {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  addEventListener(name: string, listener: Listener): void {
    this.listeners.add(name, listener);
  }
  removeEventListener(name: string, listener: Listener): void {
    this.listeners.remove(name, listener);
  }
  click(): void {
    this.ownerDocument.send(this, new PageEvent("click"));
  }
  focus(): void {
    this.ownerDocument.activeElement = this;
  }
  blur(): void {
    this.ownerDocument.activeElement = this.ownerDocument.body;
  }
  scrollIntoView(): void {
    this.ownerDocument.scrolledTo = this;
  }
  showModal(): void {
    this.setAttribute("open", "");
  }
  close(): void {
    this.removeAttribute("open");
  }
  getBoundingClientRect() {
    return { left: 0, top: 0, width: this.clientWidth, height: this.clientHeight };
  }
  getContext(): Paint["context"] {
    return this.paint.context;
  }
}

/** An element that is typed into. */
export class PageInput extends PageElement {}

/** The document: one body, the focus, and what listens to the whole window. */
export class PageDocument {
  readonly documentElement: PageElement = new PageElement("html", this);
  readonly body: PageElement = new PageElement("body", this);
  activeElement: PageElement = this.body;
  scrolledTo: PageElement | null = null;
  readonly window = new Listeners();

  constructor() {
    this.documentElement.append(this.body);
  }
  createElement(name: string): PageElement {
    return new PageElement(name, this);
  }
  createElementNS(_namespace: string, name: string): PageElement {
    return name === "input" ? new PageInput(name, this) : new PageElement(name, this);
  }
  createTextNode(data: string): PageText {
    return new PageText(data);
  }
  getElementById(id: string): PageElement | null {
    return this.querySelector(`[id="${id}"]`);
  }
  querySelector(selector: string): PageElement | null {
    return this.documentElement.querySelector(selector);
  }
  querySelectorAll(selector: string): PageElement[] {
    return this.documentElement.querySelectorAll(selector);
  }
  /** Calls the listeners of an element, of those around it, then of the window. */
  send(target: PageElement, event: PageEvent): void {
    event.target = target;
    for (let at: PageElement | null = target; at !== null && !event.stopped; at = at.parentNode) {
      event.currentTarget = at;
      at.listeners.call(at, event);
    }
    if (!event.stopped) this.window.call(globalThis, event);
  }
}
