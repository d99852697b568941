import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundaryOf, readForm } from "./multipart.ts";

const boundary = "b0und";
const disposition = 'Content-Disposition: form-data; name="file"; filename="a.txt"';

const body = (...parts: readonly string[]): Buffer =>
  Buffer.from(`${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join("")}--${boundary}--\r\n`);

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (cause) {
    return cause instanceof Error && "code" in cause ? String(cause.code) : "another error";
  }
};

describe("the boundary of a content type", () => {
  it.each([
    ["multipart/form-data; boundary=b0und", "b0und"],
    ['Multipart/Form-Data;boundary="b 0und"', "b 0und"],
    ["multipart/form-data", undefined],
    ["multipart/mixed; boundary=b", undefined],
    ["multipart/form-data; boundary=", undefined],
    ["multipart/form-data; boundary=a; boundary=b", undefined],
    [`multipart/form-data; boundary=${"a".repeat(71)}`, undefined],
    ["application/json", undefined],
    [undefined, undefined],
  ])("%s is %s", (type, expected) => {
    expect(boundaryOf(type)).toBe(expected);
  });
});

describe("a form", () => {
  it("gives each part with its name, its file name and exactly its bytes", () => {
    const parts = readForm(
      body(
        `${disposition}\r\nContent-Type: text/plain\r\n\r\nline\r\n--b0un\r\n`,
        "content-disposition: form-data; name=purpose\r\n\r\nbatch",
      ),
      boundary,
    );
    expect(parts.map((part) => ({ ...part, bytes: String(part.bytes) }))).toEqual([
      { name: "file", filename: "a.txt", bytes: "line\r\n--b0un\r\n" },
      { name: "purpose", filename: undefined, bytes: "batch" },
    ]);
  });

  it.each([
    ['filename="a\\"b.txt"', 'a"b.txt'],
    ['filename="a%22b.txt"', 'a"b.txt'],
    ["filename=plain.txt", "plain.txt"],
    ["filename*=UTF-8''k%C3%A4se.txt", "käse.txt"],
    ["filename=\"x\"; filename*=utf-8'de'y", "y"],
    ['filename=""', ""],
  ])("a file named by %s is %s", (member, expected) => {
    const line = `Content-Disposition: form-data; name="file"; ${member}`;
    expect(readForm(body(`${line}\r\n\r\nx`), boundary)[0]?.filename).toBe(expected);
  });

  it("what browsers' and Node's FormData write comes out as it went in", async () => {
    const bytes = fc.uint8Array({ maxLength: 500 });
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(bytes, name, async (content, rawName) => {
        // What is no Unicode text, or a path, is changed by FormData itself.
        const filename = rawName.toWellFormed().replaceAll(/[\r\n%\\/]/g, "_");
        const form = new FormData();
        form.set("purpose", "batch");
        form.set("file", new File([content], filename));
        const sent = new Response(form);
        const found = boundaryOf(sent.headers.get("content-type") ?? undefined) ?? "";
        const parts = readForm(Buffer.from(await sent.arrayBuffer()), found);
        expect(parts.map((part) => part.name)).toEqual(["purpose", "file"]);
        expect(parts[1]?.filename).toBe(filename);
        expect(parts[1]?.bytes.equals(content)).toBe(true);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  const whole = body(`${disposition}\r\n\r\nx`);
  it.each([
    ["empty", Buffer.alloc(0)],
    ["without its first boundary", Buffer.from("x")],
    ["with text before it", Buffer.concat([Buffer.from("x\r\n"), whole])],
    ["with text behind it", Buffer.concat([whole, Buffer.from("x")])],
    ["cut before its last boundary", whole.subarray(0, -8)],
    ["with a longer boundary inside", Buffer.from(`--${boundary}x\r\n${disposition}\r\n\r\nx`)],
    ["whose part has no empty line", body(disposition)],
    ["whose part has no disposition", body("Content-Type: text/plain\r\n\r\nx")],
    ["whose part has two", body(`${disposition}\r\n${disposition}\r\n\r\nx`)],
    ["whose part has no name", body('Content-Disposition: form-data; filename="x"\r\n\r\nx')],
    ["that repeats a name", body('Content-Disposition: form-data; name="a"; name="b"\r\n\r\nx')],
    ["that is an attachment", body('Content-Disposition: attachment; name="a"\r\n\r\nx')],
    ["in base64", body(`${disposition}\r\nContent-Transfer-Encoding: base64\r\n\r\nx`)],
    [
      "with a name in no UTF-8",
      body(`Content-Disposition: form-data; name="a"; filename*=UTF-8''%ff\r\n\r\nx`),
    ],
    ["of 21 parts", body(...Array.from({ length: 21 }, () => `${disposition}\r\n\r\nx`))],
    ["whose part has 9 KB of headers", body(`${disposition}\r\nx: ${"y".repeat(9000)}\r\n\r\nx`)],
  ])("%s is refused", (_what, bytes) => {
    expect(codeOf(() => readForm(bytes, boundary))).toBe("LL_BODY_MULTIPART");
  });

  it("any bytes are a form or are refused, and cut forms are refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length - 1), (noise, at) => {
        const noisy = Buffer.concat([whole.subarray(0, at), noise]);
        expect(["none", "LL_BODY_MULTIPART"]).toContain(codeOf(() => readForm(noisy, boundary)));
        // Without its last line end it is still whole.
        if (at < whole.length - 2)
          expect(codeOf(() => readForm(whole.subarray(0, at), boundary))).toBe("LL_BODY_MULTIPART");
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
