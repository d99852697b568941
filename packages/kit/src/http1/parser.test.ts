import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createResponseParser } from "./index.ts";

interface Seen {
  status: number;
  headers: readonly string[];
  body: string;
  outcome: string;
}

function parse(pieces: readonly Buffer[], o: { method?: string; eof?: boolean } = {}): Seen {
  const seen: Seen = { status: 0, headers: [], body: "", outcome: "open" };
  const parser = createResponseParser();
  parser.start(o.method ?? "GET", {
    head: (status, headers) => void Object.assign(seen, { status, headers }),
    data: (chunk) => void (seen.body += chunk.toString("latin1")),
    end: () => void (seen.outcome = "end"),
    fail: (code, detail) => void (seen.outcome = `${code}: ${detail}`),
  });
  for (const piece of pieces) parser.feed(Buffer.from(piece));
  if (o.eof === true) parser.eof();
  if (seen.outcome === "end") seen.outcome = parser.reusable ? "end" : "end, close";
  return seen;
}

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

const good: Record<string, { text: string; body: string; outcome?: string; method?: string }> = {
  "a fixed body": { text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello" },
  "an empty body": { text: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", body: "" },
  "equal lengths twice": { text: "HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nab", body: "ab" },
  "a status line without a reason": { text: "HTTP/1.1 204\r\n\r\n", body: "" },
  "an answer to HEAD": {
    text: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n",
    body: "",
    method: "HEAD",
  },
  "a 304 with a length": { text: "HTTP/1.1 304 X\r\ncontent-length: 99\r\n\r\n", body: "" },
  "chunks with extensions and trailers": {
    text:
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n" +
      '5;a=b\r\nhello\r\n0A ; q="x"\r\n, world...\r\n0\r\nX-Sum: 1\r\n\r\n'.replace("0A ;", "0A;"),
    body: "hello, world...",
  },
  "interim heads first": {
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
    body: "x",
  },
  "connection: close": {
    text: "HTTP/1.1 200 OK\r\nConnection: x, Close\r\ncontent-length: 1\r\n\r\nx",
    body: "x",
    outcome: "end, close",
  },
  "HTTP/1.0": {
    text: "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx",
    body: "x",
    outcome: "end, close",
  },
  "HTTP/1.0 kept alive": {
    text: "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx",
    body: "x",
  },
};

const refused: Record<string, string> = {
  "length and chunked":
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
  "differing lengths": "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
  "differing lengths in a list": "HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nx",
  "a signed length": "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\nx",
  "a bare LF": "HTTP/1.1 200 OK\ncontent-length: 1\r\n\r\nx",
  "a bare CR": "HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n",
  "a folded line": "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n",
  "a blank before the colon": "HTTP/1.1 200 OK\r\nx : a\r\n\r\n",
  "a header without a name": "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
  "a NUL in a value": "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
  "another coding": "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
  "chunked twice":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
  "chunked in HTTP/1.0": "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "a chunk size of no digits": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n;a\r\n",
  "a chunk size with 0x": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
  "a chunk size of 13 digits":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1000000000000\r\n",
  "a bare LF after a chunk size": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\nx\r\n",
  "a chunk longer than its size":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
  "framing in trailers":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 1\r\n\r\n",
  "an unasked upgrade": "HTTP/1.1 101 S\r\n\r\n",
  "nine interim heads": "HTTP/1.1 100 C\r\n\r\n".repeat(9),
  "another protocol": "HTTP/2.0 200 OK\r\n\r\n",
  "a two-digit status": "HTTP/1.1 20 OK\r\n\r\n",
};

describe("response parser", () => {
  for (const [name, c] of Object.entries(good)) {
    it(`${name} reads the same at every split point`, () => {
      const all = bytes(c.text);
      const o = c.method === undefined ? {} : { method: c.method };
      const whole = parse([all], o);
      expect(whole).toMatchObject({ body: c.body, outcome: c.outcome ?? "end" });
      for (let at = 1; at < all.length; at++) {
        expect(parse([all.subarray(0, at), all.subarray(at)], o)).toEqual(whole);
      }
      const single = Array.from(all, (_, i) => all.subarray(i, i + 1));
      expect(parse(single, o)).toEqual(whole);
    });
  }

  for (const [name, text] of Object.entries(refused)) {
    it(`${name} is a protocol fault at every split point`, () => {
      const all = bytes(text);
      for (let at = 0; at < all.length; at++) {
        const seen = parse([all.subarray(0, at), all.subarray(at)]);
        expect(seen.outcome).toMatch(/^protocol: /);
      }
    });
  }

  it.each([
    ["of SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["of SMTP", "500 5.5.1 Invalid command\r\n500 5.5.1 Invalid command\r\n"],
    ["of Redis", "-ERR unknown command 'GET'\r\n"],
    ["of PostgreSQL, one byte", "E"],
    ["in HTTP/2", "HTTP/2 200\r\n"],
  ])("a greeting %s, which no empty line ends, is named as no HTTP at once", (_, text) => {
    for (let at = 0; at <= text.length; at++) {
      const all = bytes(text);
      const seen = parse([all.subarray(0, at), all.subarray(at)]);
      expect(seen.outcome).toBe("protocol: not an HTTP/1.x answer");
    }
  });

  it("a head of which a part has come is waited for", () => {
    const text = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n";
    for (let at = 0; at <= text.length; at++) {
      expect(parse([bytes(text.slice(0, at))]).outcome).toBe("open");
    }
  });

  it("header names are lower case, values trimmed, order and repeats kept", () => {
    const seen = parse([bytes("HTTP/1.1 204 No\r\nSet-Cookie:  a \r\nset-cookie: b\t\r\n\r\n")]);
    expect(seen.headers).toEqual(["set-cookie", "a", "set-cookie", "b"]);
  });

  it("heads that repeat, differ in one byte or return read as if each were the first", () => {
    const heads = [
      "content-length: 1",
      "content-length: 1",
      "content-length: 2",
      "x: 1\r\nconnection: close\r\ncontent-length: 1",
      "content-length: 1",
    ];
    const texts = heads.map(
      (h) => `HTTP/1.1 200 OK\r\n${h}\r\n\r\n${h.endsWith("2") ? "ab" : "a"}`,
    );
    const parser = createResponseParser();
    const seen = texts.map((text) => {
      const one: Seen = { status: 0, headers: [], body: "", outcome: "open" };
      parser.start("GET", {
        head: (status, headers) => void Object.assign(one, { status, headers: [...headers] }),
        data: (chunk) => void (one.body += chunk.toString("latin1")),
        end: () => void (one.outcome = "end"),
        fail: (code, detail) => void (one.outcome = `${code}: ${detail}`),
      });
      parser.feed(bytes(text));
      if (one.outcome === "end") one.outcome = parser.reusable ? "end" : "end, close";
      return one;
    });
    expect(seen).toEqual(texts.map((text) => parse([bytes(text)])));
    expect(seen.map(({ outcome }) => outcome)).toEqual(["end", "end", "end", "end, close", "end"]);
  });

  it("a keep-alive hint gives timeout and max, each -1 where it is not said", () => {
    const hints = ["timeout=5, max=100", "max=7", "timeout=3", "timeout=x; maximum=4", ""];
    const read = hints.map((hint) => {
      const parser = createResponseParser();
      const sink = { head: () => {}, data: () => {}, end: () => {}, fail: () => {} };
      parser.start("GET", sink);
      parser.feed(bytes(`HTTP/1.1 204 No\r\nKeep-Alive: ${hint}\r\n\r\n`));
      return [parser.keepAliveMs, parser.keepAliveMax];
    });
    expect(read).toEqual([
      [5000, 100],
      [-1, 7],
      [3000, -1],
      [-1, -1],
      [-1, -1],
    ]);
  });

  it("bytes after the end in one read fail the response, in a later one the connection", () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx";
    expect(parse([bytes(`${head}y`)]).outcome).toMatch(/^protocol: bytes after/);
    expect(parse([bytes(head), bytes("y")]).outcome).toBe("end, close");
  });

  it("a body without length or chunks ends with the connection, which is spent", () => {
    const all = bytes("HTTP/1.1 200 OK\r\n\r\nabc");
    for (let at = 1; at < all.length; at++) {
      const seen = parse([all.subarray(0, at), all.subarray(at)], { eof: true });
      expect(seen).toMatchObject({ body: "abc", outcome: "end, close" });
    }
  });

  it("an end of the connection inside a framed response is a reset, never an end", () => {
    for (const text of [
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ]) {
      for (let at = 0; at < text.length; at++) {
        expect(parse([bytes(text.slice(0, at))], { eof: true }).outcome).toMatch(/^reset: /);
      }
    }
  });

  it("a head or trailer over 64 KiB is refused while it is read, split or not", () => {
    const head = bytes(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}\r\n`);
    expect(parse([head]).outcome).toMatch(/^protocol: head or trailers over/);
    const halves = [head.subarray(0, 40_000), head.subarray(40_000)];
    expect(parse(halves).outcome).toMatch(/^protocol: head or trailers over/);
    const trailer = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ${"a".repeat(70_000)}`;
    expect(parse([bytes(trailer)]).outcome).toMatch(/^protocol: head or trailers over/);
  });

  it("a chunk extension over 1 KiB is refused", () => {
    const text = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${"a".repeat(2000)}`;
    expect(parse([bytes(text)]).outcome).toBe("protocol: chunk size line too long");
  });

  it("a sink that stops the parser inside a callback hears nothing more", () => {
    const parser = createResponseParser();
    const heard: string[] = [];
    parser.start("GET", {
      head: () => void heard.push("head"),
      data: () => {
        heard.push("data");
        parser.stop();
      },
      end: () => void heard.push("end"),
      fail: () => void heard.push("fail"),
    });
    parser.feed(bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na"));
    parser.feed(bytes("b"));
    parser.eof();
    expect(heard).toEqual(["head", "data"]);
    expect(parser.reusable).toBe(false);
  });

  it("random bytes end in at most one outcome and never throw", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom("HTTP/1.1 200 OK\r\n", "content-length: 3\r\n", "\r\n", "0\r\n\r\n")
        .map(bytes),
      fc.constantFrom("transfer-encoding: chunked\r\n", "3\r\nabc\r\n", "abc").map(bytes),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        let outcomes = 0;
        const parser = createResponseParser();
        parser.start("GET", {
          head: () => {},
          data: () => expect(outcomes).toBe(0),
          end: () => void outcomes++,
          fail: () => void outcomes++,
        });
        for (const part of pieces) parser.feed(Buffer.from(part));
        parser.eof();
        expect(outcomes).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});
