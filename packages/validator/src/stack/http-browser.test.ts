import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { type RawCall, type RawReply, startRawWeb } from "./stubs/raw-web.ts";

const origin = "https://app.example";
const token = "a-right-token-of-the-api";

/** An API behind a token; `answer` speaks for every route but its health. */
async function judged(
  answer: (call: RawCall) => RawReply,
  declared: Readonly<Record<string, unknown>>,
): Promise<StackResult> {
  await using stub = await startRawWeb({
    rules: [],
    mark: () => "",
    answer: (call) =>
      call.url.pathname === "/health" ? { status: 200, body: "{}" } : answer(call),
  });
  const it_ = { kind: "http", url: stub.url, token: "${env:TOKEN}", ...declared };
  return await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } }, { TOKEN: token });
}

describe("a preflight is asked as a browser asks it [R1-13] [R2-25]", () => {
  const cors = { path: "/items", allowed: origin };
  const allowed = (call: RawCall): RawReply => ({
    status: 204,
    headers: call.headers.origin === origin ? { "access-control-allow-origin": origin } : {},
  });

  it("without a credential: an API that wants one before it answers locks every page out", async () => {
    const locks = (call: RawCall): RawReply =>
      call.headers.authorization === undefined ? { status: 401 } : allowed(call);
    const { words, sentences, evidence } = await judged(locks, { cors });
    expect(words["it.cors"]).toBe("failed false");
    expect(sentences["it.cors"]).toContain("401");
    const lines = evidence.split("\n").filter((line) => line.includes("access-control-request"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).not.toContain("authorization");
  });

  it("and is passed where it is answered without one", async () => {
    const { words } = await judged(allowed, { cors });
    expect(words["it.cors"]).toBe("passed");
  });

  it("a permission in an answer that is an error permits nothing", async () => {
    const errs = (call: RawCall): RawReply => ({ ...allowed(call), status: 500 });
    const { words } = await judged(errs, { cors });
    expect(words["it.cors"]).toBe("failed false");
  });

  it("pages without an origin are not told they may", async () => {
    const echoes = (call: RawCall): RawReply => {
      const from = call.headers.origin ?? "";
      const isTold = from === origin || from === "null";
      return { status: 204, headers: isTold ? { "access-control-allow-origin": from } : {} };
    };
    const { words, sentences } = await judged(echoes, { cors });
    expect(words["it.cors"]).toBe("failed false");
    expect(sentences["it.cors"]).toContain("null was told null");
  });

  it("a login that goes along needs its own permission, and a wildcard gives it to nobody", async () => {
    const told = (from: string, login?: string) => (call: RawCall) => {
      const { status, headers } = allowed(call);
      const more = login === undefined ? {} : { "access-control-allow-credentials": login };
      const isTold = headers?.["access-control-allow-origin"] !== undefined || from === "*";
      return { status, headers: isTold ? { "access-control-allow-origin": from, ...more } : {} };
    };
    const asked = { ...cors, credentials: true };
    const ran = async (answer: (call: RawCall) => RawReply) =>
      await judged(answer, { cors: asked });
    expect((await ran(told(origin, "true"))).words["it.cors"]).toBe("passed");
    const silent = await ran(told(origin));
    expect(silent.words["it.cors"]).toBe("failed false");
    expect(silent.sentences["it.cors"]).toContain("was told nothing of credentials");
    const anybody = await ran(told("*", "true"));
    expect(anybody.words["it.cors"]).toBe("failed false");
    expect(anybody.sentences["it.cors"]).toContain("was told *");
  });

  it("a foreign origin that is told itself is let in, whatever the others are told", async () => {
    const echoes = (call: RawCall): RawReply => {
      const from = call.headers.origin ?? "";
      return {
        status: 204,
        headers: from === "null" ? {} : { "access-control-allow-origin": from },
      };
    };
    const { words, sentences } = await judged(echoes, { cors });
    expect(words["it.cors"]).toBe("failed false");
    expect(sentences["it.cors"]).toMatch(/https:\/\/\S+ was told https/);
  });

  it("headers and methods are read whatever their case and blanks", async () => {
    const says = (call: RawCall): RawReply => {
      const more = {
        "access-control-allow-methods": "GET , put",
        "access-control-allow-headers": "X-One,  x-two",
      };
      const { status, headers } = allowed(call);
      return { status, headers: { ...headers, ...more } };
    };
    const asked = { ...cors, method: "PUT", headers: ["x-one", "X-Two"] };
    expect((await judged(says, { cors: asked })).words["it.cors"]).toBe("passed");
    const lacking = { ...asked, headers: ["x-three"] };
    const { sentences } = await judged(says, { cors: lacking });
    expect(sentences["it.cors"]).toContain("was told nothing of x-three");
  });
});

describe("a page reads an answer by what stands in it [R1-13] [R2-25]", () => {
  const cors = { path: "/items", allowed: origin };
  const by = (read: (from: string) => string | null) => (call: RawCall) => {
    const from = call.headers.origin ?? "";
    const preflight = from === origin ? origin : null;
    const told = call.method === "OPTIONS" ? preflight : read(from);
    return { status: 200, headers: told === null ? {} : { "access-control-allow-origin": told } };
  };

  it("which says nothing where only the preflight allowed it", async () => {
    const { words, sentences } = await judged(
      by(() => null),
      { cors },
    );
    expect(words["it.cors"]).toBe("failed false");
    expect(sentences["it.cors"]).toContain("It was told nothing in the answer to GET itself (200)");
  });

  it("which lets every page in that its preflight kept out, in the same words for each", async () => {
    const { words, sentences, evidence } = await judged(
      by((from) => from),
      { cors },
    );
    expect(words["it.cors"]).toBe("failed false");
    expect(sentences["it.cors"]).toContain("was told https://foreign.invalid in the answer to GET");
    expect(evidence).toContain("null was told nothing (200). It was told null in the answer");
  });

  it("and is not sent where it could change something", async () => {
    const seen: string[] = [];
    const answer = (call: RawCall): RawReply => {
      seen.push(call.method);
      return by(() => null)(call);
    };
    expect((await judged(answer, { cors: { ...cors, method: "POST" } })).words["it.cors"]).toBe(
      "passed",
    );
    expect(seen).not.toContain("POST");
  });

  it("and nothing is claimed of an answer that nobody looked at", async () => {
    const shut = (): RawReply => ({ status: 404 });
    const claimed = async (method: string): Promise<string> =>
      (await judged(shut, { cors: { ...cors, method } })).evidence;
    expect(await claimed("GET")).toContain(`${origin} may call and read`);
    const posted = await claimed("POST");
    expect(posted).toContain(`a preflight of ${origin} is allowed`);
    expect(posted).not.toContain("may call and read");
  });

  it("and gives no session away that the token opened", async () => {
    const opens = (call: RawCall): RawReply => {
      const { status, headers } = by(() => null)(call);
      const isOpen = call.headers.authorization !== undefined;
      return {
        status,
        headers: isOpen ? { ...headers, "set-cookie": "sid=of-the-user" } : headers,
      };
    };
    const { words, evidence } = await judged(opens, { cors });
    expect(words["it.cors"]).toBe("failed false");
    expect(evidence).not.toContain("sid=of-the-user");
  });
});

describe("compression is that of an answer", () => {
  const zipped = (status: number) => (call: RawCall) =>
    String(call.headers["accept-encoding"]).includes("gzip")
      ? { status, body: gzipSync('{"a":1}'), headers: { "content-encoding": "gzip" } }
      : { status, body: '{"a":1}' };

  it("that is one: an error that is packed as well shows nothing", async () => {
    for (const [status, word] of [
      [200, "passed"],
      [404, "failed false"],
      [500, "failed false"],
    ] as const) {
      const { words } = await judged(zipped(status), { compressed: "/items" });
      expect(words["it.compression"], String(status)).toBe(word);
    }
  });

  it("for whoever asks: packed for everybody is a failure", async () => {
    const always = (): RawReply => ({
      status: 200,
      body: gzipSync("{}"),
      headers: { "content-encoding": "gzip" },
    });
    const { words, sentences } = await judged(always, { compressed: "/items" });
    expect(words["it.compression"]).toBe("failed false");
    expect(sentences["it.compression"]).toContain("without asking it is encoded too");
  });

  it("and whole: bytes that end too early are no gzip", async () => {
    const cut = (call: RawCall): RawReply => {
      const { status, body, headers } = zipped(200)(call);
      const bytes = Buffer.from(body);
      const isCut = headers !== undefined;
      return { status, body: isCut ? bytes.subarray(0, 12) : bytes, ...(isCut ? { headers } : {}) };
    };
    const { sentences } = await judged(cut, { compressed: "/items" });
    expect(sentences["it.compression"]).toContain("is no gzip");
  });
});

describe("an ETag", () => {
  const tagged =
    (status: number, other = status) =>
    (call: RawCall) => {
      const asked = call.headers["if-none-match"];
      const headers = { etag: '"v1"' };
      if (asked === '"v1"') return { status: 304, headers };
      return { status: asked === undefined ? status : other, body: "{}", headers };
    };

  it("is answered with 304 to itself and with the whole to another", async () => {
    expect((await judged(tagged(200), { cached: "/items" })).words["it.etag"]).toBe("passed");
  });

  it.each([
    ["an answer that is an error", tagged(404, 200)],
    ["another that is an error", tagged(200, 412)],
    ["none", () => ({ status: 200, body: "{}" })],
  ])("of %s is a failure", async (_, answer) => {
    expect((await judged(answer, { cached: "/items" })).words["it.etag"]).toBe("failed false");
  });
});

describe("the command of a body that is too large", () => {
  it("sends a body of that size when it is run", async () => {
    const bodyBytesMax = 20_000;
    const { evidence } = await judged(() => ({ status: 200, body: "{}" }), {
      accepts: { path: "/items", bodyBytesMax },
    });
    const lines = evidence.split("\n").filter((line) => line.includes("(large body)"));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain("head -c 20");
    expect(lines.join("\n").length).toBeLessThan(8_000);
    expect(evidence).not.toContain(token);
  });
});
