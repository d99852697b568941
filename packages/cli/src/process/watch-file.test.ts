import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { watchFile } from "./watch-file.ts";

function setup(write: (dir: string) => string) {
  const dir = mkdtempSync(join(tmpdir(), "ll-watch-"));
  const path = write(dir);
  const clock = new TestClock();
  let changes = 0;
  const onFailure = (cause: unknown): void => expect.fail(String(cause));
  const watched = watchFile(path, { clock, onChange: () => void changes++, onFailure });
  return {
    dir,
    path,
    clock,
    watched,
    changes: () => changes,
    [Symbol.dispose]() {
      watched[Symbol.dispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function plain(dir: string): string {
  const path = join(dir, "loadline.yaml");
  writeFileSync(path, "a: 1\n");
  return path;
}

describe("a watched file", () => {
  it("tells of another content once 200 ms passed without a further write", () => {
    using w = setup(plain);
    writeFileSync(w.path, "a: 2\n");
    w.watched.look();
    w.clock.advance(150);
    writeFileSync(w.path, "a: 3\n");
    w.watched.look();
    w.clock.advance(199);
    expect(w.changes()).toBe(0);
    w.clock.advance(1);
    expect(w.changes()).toBe(1);
  });

  it("is silent when something else in its folder changed, or nothing did", () => {
    using w = setup(plain);
    writeFileSync(join(w.dir, "other"), "x");
    writeFileSync(w.path, "a: 1\n");
    w.watched.look();
    w.clock.advance(1000);
    expect(w.changes()).toBe(0);
  });

  it("that is gone for a moment is waited for", () => {
    using w = setup(plain);
    rmSync(w.path);
    w.watched.look();
    w.clock.advance(1000);
    expect(w.changes()).toBe(0);
    writeFileSync(w.path, "a: 2\n");
    w.watched.look();
    w.clock.advance(200);
    expect(w.changes()).toBe(1);
  });

  it("is seen when the link it lies behind is switched, as a mounted volume does it", async () => {
    using w = setup((dir) => {
      for (const name of ["one", "two"]) {
        mkdirSync(join(dir, name));
        writeFileSync(join(dir, name, "loadline.yaml"), name);
      }
      symlinkSync("one", join(dir, "..data"));
      symlinkSync(join("..data", "loadline.yaml"), join(dir, "loadline.yaml"));
      return join(dir, "loadline.yaml");
    });
    symlinkSync("two", join(w.dir, "..next"));
    renameSync(join(w.dir, "..next"), join(w.dir, "..data"));
    const isSeen = (): boolean => {
      w.clock.advance(200);
      return w.changes() === 1;
    };
    await expect.poll(isSeen, { timeout: 5000 }).toBe(true);
  });

  it("is watched no more after the end", () => {
    using w = setup(plain);
    writeFileSync(w.path, "a: 2\n");
    w.watched.look();
    w.watched[Symbol.dispose]();
    w.clock.advance(1000);
    expect(w.changes()).toBe(0);
  });
});

describe("a folder that cannot be watched", () => {
  it("is told once, and nothing else happens", () => {
    const failures: unknown[] = [];
    using watched = watchFile(join(tmpdir(), "ll-no-such-folder", "f"), {
      clock: new TestClock(),
      onChange: () => expect.fail("nothing changed"),
      onFailure: (cause) => void failures.push(cause),
    });
    watched.look();
    expect(failures).toHaveLength(1);
  });
});
