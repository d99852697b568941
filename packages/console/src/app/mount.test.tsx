import { act } from "preact/test-utils";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { one, openPage } from "../../test/page/page.ts";
import { packRecords } from "../model/packing.ts";
import { ErrorBoundary } from "./error-boundary.tsx";
import type { mountReport } from "./mount.tsx";

const model = fixtureModel({ claims: 3, records: 3, slices: 3 });
const left = { records: 0, findings: 0, texts: 0 };
const packed = { ...model, left, records: packRecords(model.records) };

describe("mount", () => {
  let mount: typeof mountReport;
  // The charts' library looks for a window once, when it is loaded.
  beforeAll(async () => {
    using page = openPage();
    mount = (await import("./mount.tsx")).mountReport;
    expect(page.root.textContent).toBe("");
  });
  afterEach(() => vi.unstubAllGlobals());

  const open = (data: unknown) => {
    const page = openPage();
    const app = document.createElement("div");
    app.setAttribute("id", "app");
    app.textContent = "static first screen";
    const script = document.createElement("script");
    script.setAttribute("id", "model");
    script.textContent = JSON.stringify(data);
    page.root.append(app, script);
    void act(() => mount(document));
    return { page, app };
  };

  it("the static first screen gives way to the page of the same model", () => {
    const { page, app } = open(packed);
    using _page = page;
    expect(app.textContent).not.toContain("static first screen");
    expect(one(app, ".context-target").textContent).toBe(model.verdict.target);
    expect(one(app, ".print-footer code").textContent).toBe(model.verdict.chainHead);
  });

  it("data of another schema leaves the static screen and says why before it", () => {
    const { page, app } = open({ ...packed, schema: "loadline-report/v9" });
    using _page = page;
    expect(app.textContent).toMatch(/LL_CONSOLE_SCHEMA.*static first screen$/s);
    expect(app.querySelector("header")).toBeNull();
  });

  it("a page without data stays as it is", () => {
    using page = openPage();
    mount(document);
    expect(page.root.textContent).toBe("");
  });
});

describe("error boundary", () => {
  const Broken = (): never => {
    throw new Error("<img src=x> \u202e broke");
  };

  it("a broken view is drawn again on demand", () => {
    using page = openPage();
    let isBroken = true;
    const Sometimes = () => (isBroken ? <Broken /> : <p>drawn</p>);
    const root = page.show(
      <ErrorBoundary place="#/load">
        <Sometimes />
      </ErrorBoundary>,
    );
    page.click(one(root, ".notice button"));
    expect(one(root, ".notice").textContent).toContain("LL_CONSOLE_VIEW");
    isBroken = false;
    page.click(one(root, ".notice button"));
    expect(root.textContent).toBe("drawn");
  });

  it("a broken view says its code and the error as text, and another place is whole again", () => {
    using page = openPage();
    const root = page.show(
      <ErrorBoundary place="#/load">
        <Broken />
      </ErrorBoundary>,
    );
    const notice = one(root, ".notice");
    expect(notice.getAttribute("role")).toBe("alert");
    expect(notice.textContent).toContain("LL_CONSOLE_VIEW");
    expect(one(notice, "bdi").textContent).toBe("<img src=x> [U+202E] broke");
    expect(root.querySelector("img")).toBeNull();
    const whole = page.show(
      <ErrorBoundary place="#/run">
        <p>whole</p>
      </ErrorBoundary>,
    );
    expect(whole.textContent).toBe("whole");
  });
});
