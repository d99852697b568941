import { describe, expect, it } from "vitest";
import { runStackPlan } from "./stack.fixture.ts";
import { makeFolder } from "./stubs/folder.ts";
import { startLogsTwin } from "./stubs/logs.ts";
import { twinSuite } from "./twin-suite.fixture.ts";
import { readLogLine, signatureOf } from "./wire/log-signature.ts";

twinSuite("logs", startLogsTwin);

describe("errors in logs", () => {
  it("are grouped by signature with count, first and last time [R1-27]", async () => {
    const lines = [
      "2026-01-02 03:04:05,123 ERROR order 17 of user 'ann' lost",
      "2026-01-02 03:04:06 INFO all is calm",
      "2026-01-02 03:05:07 ERROR order 18 of user 'bob' lost",
      "Traceback (most recent call last):",
    ];
    await using folder = await makeFolder({ "a.log": `${lines.join("\n")}\n` });
    const it_ = { kind: "logs", files: [`${folder.path}/a.log`], structured: false };
    const { evidence, words } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.errors"]).toBe("failed false");
    expect(evidence).toContain(
      '2 x \\"ERROR order # of user * lost\\" from 2026-01-02 03:04:05,123 to 2026-01-02 03:05:07',
    );
    expect(evidence).toContain("Traceback (most recent call last):");
  });

  it("that are known are passed; a new signature beside them is told alone [R1-27]", async () => {
    const old = "ERROR order 17 of user 'ann' lost";
    await using folder = await makeFolder({
      "a.log": `${old}\n`,
      "b.log": `${old}\nERROR disk 3\n`,
    });
    const judged = async (name: string, known: readonly string[]) => {
      const files = [`${folder.path}/${name}`];
      const services = { it: { kind: "logs", files, structured: false, known } };
      const { words, sentences } = await runStackPlan({ services });
      return `${words["it.errors"]}: ${sentences["it.errors"]}`;
    };
    const known = [signatureOf(old)];
    expect(await judged("a.log", known)).toMatch(/^passed: .*1 signatures of errors, 0 not known/);
    expect(await judged("a.log", [])).toMatch(/^failed false: .*1 not known/);
    expect(await judged("b.log", known)).toMatch(/^failed false: .*1 not known: .*ERROR disk #/);
  });

  it("differ by their words, not by numbers, ids and addresses", () => {
    expect(signatureOf("job 7f3a9c2e1b failed after 3.5 s at 10.0.0.1:80")).toBe(
      signatureOf("job 1b2c3d4e5f failed after 12 s at 10.0.0.2:8080"),
    );
    expect(signatureOf("job 1 failed")).not.toBe(signatureOf("job 1 lost"));
  });

  it("are known by level in JSON, whatever the message says", () => {
    expect(readLogLine('{"time":"t","level":"info","msg":"ERROR page shown"}').isError).toBe(false);
    expect(readLogLine('{"time":1,"level":50,"msg":"x"}').isError).toBe(true);
    expect(readLogLine('{"level":"warn","msg":"x"}').isStructured).toBe(false);
  });

  it("are not ruled out by a file without a line, which hides none of another file", async () => {
    const files = { "a.log": "", "calm.log": "all is calm\n", "bad.log": "ERROR disk lost\n" };
    await using folder = await makeFolder(files);
    const of = (...names: readonly string[]) =>
      runStackPlan({
        services: {
          it: {
            kind: "logs",
            files: names.map((name) => `${folder.path}/${name}`),
            structured: false,
          },
        },
      });
    const calm = await of("calm.log", "a.log");
    expect(calm.words["it.errors"]).toBe("not_tested capability_missing");
    expect(calm.sentences["it.errors"]).toMatch(/1 of 2 files hold no line.*\/a\.log\)/);
    const bad = await of("a.log", "calm.log", "bad.log");
    expect(bad.words["it.errors"]).toBe("failed false");
    expect(bad.sentences["it.errors"]).toContain("ERROR disk lost");
  });

  it("of a file that is not there are a failure by its name", async () => {
    const it_ = { kind: "logs", files: ["/nowhere/a.log"], structured: false };
    const { words, sentences } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.errors"]).toBe("failed false");
    expect(sentences["it.errors"]).toContain("/nowhere/a.log cannot be read (ENOENT)");
  });
});
