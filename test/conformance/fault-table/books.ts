import type { Expected } from "./rows.ts";

/** What is wrong with what Loadline booked for `requests` equal requests. */
export function judgeBooks(metrics: string, expected: Expected, requests: number): string[] {
  return [...judgeClasses(metrics, expected), ...judgeTokens(metrics, expected, requests)];
}

/** Every attempt at A ended in one of the expected classes. */
function judgeClasses(metrics: string, { classes }: Expected): string[] {
  if (!classes) return [];
  const seen = samples(metrics, "loadline_upstream_attempts_total")
    .filter(({ labels, value }) => labels["target"] === "a" && value > 0)
    .map(({ labels }) => labels["class"] ?? "");
  const wrong = seen.filter((name) => !classes.includes(name));
  return seen.length === 0
    ? ["no attempt at A was counted"]
    : wrong.map((name) => `A booked ${name}`);
}

/** Output tokens by source are those of the row, times the requests; others are 0. */
function judgeTokens(metrics: string, { settled }: Expected, requests: number): string[] {
  if (!settled) return [];
  const booked: Record<string, number> = {};
  for (const { labels, value } of samples(metrics, "loadline_tokens_total")) {
    const source = labels["source"] ?? "";
    if (labels["direction"] === "out") booked[source] = (booked[source] ?? 0) + value;
  }
  return Object.entries(booked).flatMap(([source, tokens]) => {
    const [least, most] = settled[source] ?? [0, 0];
    const isRight = tokens >= least * requests && tokens <= most * requests;
    return isRight ? [] : [`${tokens} tokens booked as ${source}`];
  });
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function samples(metrics: string, name: string): Sample[] {
  return metrics
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => ({
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1] ?? "", match[2] ?? ""]),
      ),
      value: Number(line.split(" ").at(-1)),
    }));
}
