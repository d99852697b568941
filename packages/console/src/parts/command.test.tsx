import { act } from "preact/test-utils";
import { describe, expect, it } from "vitest";
import { one, openPage } from "../../test/page/page.ts";
import { Command, copyText } from "./command.tsx";

describe("command", () => {
  it("copying takes the line alone, without the prompt, and says so", async () => {
    using page = openPage();
    const root = page.show(<Command line="loadline verify run" label="verify" />);
    await act(async () => {
      page.click(one(root, "[data-copy]"));
      await Promise.resolve();
    });
    expect(page.copied).toEqual(["loadline verify run"]);
    expect(one(root, ".said").textContent).toBe("copied");
    expect(one(root, ".prompt").getAttribute("aria-hidden")).toBe("true");
    expect(one(root, "button").textContent).toBe("copy verify");
  });

  it("without a clipboard the line is selected, without a line the reason is said", async () => {
    using page = openPage({ noClipboard: true });
    const root = page.show(<Command line="loadline verify run" label="verify" />);
    const code = root.querySelector("code");
    expect(await copyText("a", code)).toBe("selected");
    expect(page.selected).toEqual([code]);
    expect(await copyText("a", null)).toBe("not copied: TypeError");
  });

  it("hidden characters of a command are shown as codes", () => {
    using page = openPage();
    const root = page.show(<Command line={"echo \u202eyxorp"} label="x" />);
    expect(one(root, "code").textContent).toContain("echo [U+202E]yxorp");
  });

  it("no recorded command is said in words, with nothing to copy", () => {
    using page = openPage();
    const root = page.show(<Command line="" label="x" />);
    expect(root.textContent).toBe("No command was recorded.");
    expect(root.querySelector("button")).toBeNull();
  });
});
