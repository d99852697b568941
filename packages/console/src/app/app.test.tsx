import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { hostileTexts } from "../../test/hostile-texts.ts";
import { one, openPage, type PageOptions, textsOf } from "../../test/page/page.ts";
import { interruptedWords } from "../model/first-screen.ts";
import { reportKeys } from "./keys.ts";
import type { ReportApp } from "./report-app.tsx";

const left = { records: 0, findings: 0, texts: 0 };

describe("report app", () => {
  let App: typeof ReportApp;
  // The charts' library looks for a window once, when it is loaded.
  beforeAll(async () => {
    using page = openPage();
    App = (await import("./report-app.tsx")).ReportApp;
    expect(page.root.textContent).toBe("");
  });
  afterEach(() => vi.unstubAllGlobals());

  const open = (options: PageOptions = {}, model = fixtureModel()) => {
    const page = openPage(options);
    page.show(<App model={model} left={left} />);
    return page;
  };
  const title = (page: ReturnType<typeof openPage>): string | null =>
    one(page.root, "main h1").textContent;

  it.each([
    ["", "Verdict"],
    ["#/claims", "Claims"],
    ["#/not-tested", "Not tested"],
    ["#/findings", "Findings"],
    ["#/load", "Load"],
    ["#/chaos", "Chaos"],
    ["#/audit", "Audit"],
    ["#/drills", "Drills"],
    ["#/slo", "SLO"],
    ["#/scorecard", "Scorecard"],
    ["#/evidence", "Evidence"],
    ["#/run", "Run"],
  ])("address %j shows its view, its outcome and the way to all others", async (hash, name) => {
    await using page = open({ hash });
    expect(title(page)?.trim()).toBe(name === "Verdict" ? "NOT_READY" : name);
    expect(one(page.root, ".top-outcome").textContent).toBe(" NOT_READY");
    expect(textsOf(page.root, '[aria-current="page"]')).toEqual([name]);
    expect(page.root.querySelectorAll('nav[aria-label="Report"] a')).toHaveLength(12);
  });

  it("a run that was ended before its plan says so on every screen, another on none", () => {
    const [first] = fixtureModel().records;
    if (first === undefined) throw new Error("the fixture has records");
    const closedBy = (reason: string) => ({
      ...fixtureModel(),
      records: [{ ...first, kind: "run.closed" as const, data: { reason } }],
    });
    const noticesOf = (hash: string, reason: string): readonly string[] => {
      using page = open({ hash }, closedBy(reason));
      return textsOf(page.root, "main .notice");
    };
    for (const hash of ["", "#/claims", "#/run"]) {
      expect(noticesOf(hash, "cancelled")[0]).toBe(interruptedWords);
      expect(noticesOf(hash, "done")).not.toContain(interruptedWords);
    }
  });

  it("the order of the claims goes into the address beside the filter", () => {
    using page = open({ hash: "#/claims?q=chat" });
    page.change(one(page.root, ".sort select"), { value: "worst" });
    expect(page.address.hash).toBe("#/claims?q=chat&sort=worst");
    const words = textsOf(page.root, ".claim-row .verdict-word");
    expect(words[0]).toBe("failed");
    page.change(one(page.root, ".sort select"), { value: "nonsense" });
    expect(page.address.hash).toBe("#/claims?q=chat");
  });

  it("an unknown address names itself as text and the nearest page", () => {
    using page = open({ hash: "#/clams" });
    expect(one(page.root, ".notice").textContent).toBe(
      "This report has no page clams; the nearest is claims.",
    );
  });

  it("another address changes the view, and no listener is left behind at the end", () => {
    const page = open();
    page.goTo("#/run");
    expect(title(page)).toBe("Run");
    expect(page.listening("hashchange")).toBe(1);
    expect(page.listening("keydown")).toBe(1);
    page[Symbol.dispose]();
    const names = ["hashchange", "keydown", "beforeprint", "afterprint"];
    expect(names.map((name) => page.listening(name))).toEqual([0, 0, 0, 0]);
  });

  it("typing into the filter narrows the list and goes into the address", () => {
    using page = open({ hash: "#/claims" });
    page.input(one(page.root, "[data-filter]"), "verdict:not_tested");
    expect(page.address.hash).toBe("#/claims?q=verdict%3Anot_tested");
    expect(new Set(textsOf(page.root, ".rows .verdict-word"))).toEqual(new Set(["not_tested"]));
  });

  it("on paper every view stands once, in the colours of paper, and the page returns after", async () => {
    await using page = open({ hash: "#/run", dark: true });
    page.fire("beforeprint");
    expect(textsOf(page.root, "main h1").map((text) => text.trim())).toEqual([
      "NOT_READY",
      "Claims",
      "Not tested",
      "Findings",
      "Load",
      "Chaos",
      "Audit",
      "Drills",
      "SLO",
      "Scorecard",
      "Evidence",
      "Run",
    ]);
    expect(page.root.querySelectorAll(".twin").length).toBe(5);
    page.fire("afterprint");
    expect(textsOf(page.root, "main h1")).toEqual(["Run"]);
  });

  it.each(hostileTexts)("$name makes no element, handler or address anywhere", async ({ text }) => {
    await using page = open(
      { hash: "#/run" },
      fixtureModel({ text, claims: 9, records: 9, slices: 5 }),
    );
    page.fire("beforeprint");
    expect(page.root.querySelectorAll("script, img, iframe, style, object")).toHaveLength(0);
    for (const element of page.root.querySelectorAll("[href]")) {
      expect(element.getAttribute("href")).toMatch(/^#\//);
    }
    const allowed =
      /^(aria-|data-)|^(class|href|id|role|for|type|tabIndex|title|scope|open|style)$/;
    const unlike = /^(onmouseover|onload|onerror|src|srcdoc|action)$/i;
    for (const element of page.root.querySelectorAll("main a, main span, main bdi, main li")) {
      for (const { name } of element.attributes) {
        expect(name).toMatch(allowed);
        expect(name).not.toMatch(unlike);
      }
    }
    const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
    expect(hidden.exec(page.root.textContent ?? "")?.[0]).toBeUndefined();
  });

  describe("keys", () => {
    const rowOf = (selector: string): number =>
      [...document.querySelectorAll(selector)].findIndex((row) =>
        row.contains(document.activeElement),
      );

    it("j and k walk the rows one by one and stop at both ends", () => {
      using page = open({ hash: "#/not-tested" });
      const rows = page.root.querySelectorAll("[data-row]").length;
      expect(rows).toBeGreaterThan(3);
      const walk = (key: string, times: number): number => {
        for (let step = 0; step < times; step += 1) page.press(key);
        return rowOf("[data-row]");
      };
      expect([walk("j", 1), walk("j", 1), walk("k", 1), walk("k", 3)]).toEqual([0, 1, 0, 0]);
      expect(walk("j", rows + 5)).toBe(rows - 1);
    });

    it("n and p go from stopper to stopper, never to what is proven", () => {
      const some = fixtureModel();
      const claims = some.verdict.claims.filter((claim, index) => index < 5);
      using page = open({}, { ...some, verdict: { ...some.verdict, claims } });
      const stoppers = page.root.querySelectorAll(".stoppers .stop").length;
      expect(stoppers).toBe(2);
      expect(page.root.querySelectorAll(".proven .stop").length).toBeGreaterThan(0);
      for (let step = 0; step < 6; step += 1) page.press("n");
      expect(rowOf(".stoppers .stop")).toBe(stoppers - 1);
      expect(rowOf(".proven .stop")).toBe(-1);
      page.press("p");
      expect(rowOf(".stoppers .stop")).toBe(stoppers - 2);
    });

    it("a key moves nothing where there are no rows", () => {
      using page = open({ hash: "#/scorecard" });
      const event = page.press("j");
      expect(document.activeElement).toBe(document.body);
      expect(event.defaultPrevented).toBe(true);
    });

    it("a letter typed into the filter is a letter", () => {
      using page = open({ hash: "#/claims" });
      page.press("/");
      const box = one(page.root, "[data-filter]");
      expect(document.activeElement).toBe(box);
      expect(page.press("t").defaultPrevented).toBe(false);
      expect(page.press("?").defaultPrevented).toBe(false);
      expect(document.documentElement.dataset["theme"]).toBeUndefined();
    });

    it("Esc clears the filter, then leaves the part, the claim and the list, in that order", () => {
      using page = open({ hash: "#/claims/chat.c0/route%3Dchat?q=x" });
      const seen = [1, 2, 3, 4].map(() => {
        page.press("Escape");
        page.goTo(page.address.hash);
        return page.address.hash;
      });
      expect(seen).toEqual(["#/claims/chat.c0/route%3Dchat", "#/claims/chat.c0", "#/claims", "#/"]);
    });

    it("a key with Ctrl is the browser's, an open dialog has the keyboard", () => {
      using page = open();
      expect(page.press("t", { ctrlKey: true }).defaultPrevented).toBe(false);
      page.press("?");
      expect(one(page.root, "dialog").getAttribute("open")).toBe("");
      expect(page.press("t").defaultPrevented).toBe(false);
      page.click(one(page.root, "dialog p button"));
      expect(page.press("t").defaultPrevented).toBe(true);
    });

    it("the help lists every key, and its switch turns all off but the one for help", () => {
      using page = open();
      expect(textsOf(page.root, "kbd")).toEqual(reportKeys.map(([key]) => key));
      page.change(one(page.root, 'dialog input[type="checkbox"]'), { checked: false });
      for (const [key] of reportKeys) {
        const acted = page.press(key).defaultPrevented;
        expect({ key, acted }).toEqual({ key, acted: key === "?" });
      }
    });

    it("t and the button turn the colours over, from those of the system", () => {
      using page = open({ dark: true });
      page.press("t");
      expect(document.documentElement.dataset["theme"]).toBe("light");
      page.click(one(page.root, ".tools button"));
      expect(document.documentElement.dataset["theme"]).toBe("dark");
      expect(textsOf(page.root, ".tools button")[0]).toBe("light");
    });
  });
});
