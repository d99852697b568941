import type { LoadRequest, MixPart, Scenario } from "../scenario-types.ts";
import type { ThresholdSpec } from "../thresholds/bound-claim.ts";
import type { ProfileManifest } from "./manifest.ts";
import type { LadderClaim, UndecidedClaim } from "./profile.ts";

/** Time users take to read and think, ms. */
export const think = [1_000, 3_000] as const;

/** JSON chat with one of the manifest's prompts. */
export function chat(m: ProfileManifest): LoadRequest {
  const { model = "", prompts, maxTokens } = m;
  return { kind: "chat", model, prompts, maxTokens, stream: false };
}

/** Chat whose messages carry a history of four turns. */
export function chatWithHistory(m: ProfileManifest): LoadRequest {
  const { model = "", prompts, maxTokens } = m;
  const messages = Array.from({ length: 9 }, (_, i) => ({
    role: i % 2 === 0 ? "user" : "assistant",
    content: prompts[i % prompts.length] ?? "Go on.",
  }));
  return { kind: "chat", model, messages, maxTokens, stream: false };
}

/** GET of a route. */
export const get = (path: string): LoadRequest => ({ kind: "http", method: "GET", path });

/** Thirty ingests for seventy queries. */
const ingestShare = 0.3;
const document = "A load line is the mark that shows how much a ship may safely carry.";

function ragPart(rag: NonNullable<ProfileManifest["rag"]>): Omit<MixPart, "weight"> {
  const { ingest, query, remove, resultsPath, textPath, idPath, tenants } = rag;
  const of = ({ method, path, body }: typeof ingest) => ({
    method,
    path,
    ...(body !== undefined && { body }),
  });
  const options = {
    ingest: of(ingest),
    query: of(query),
    remove: remove === null ? null : of(remove),
    tenants,
    resultsPath,
    textPath,
    ...(idPath !== undefined && { idPath }),
    ingestShare,
    text: document,
  };
  const steps = [{ name: "rag.ingest" }, { name: "rag.query" }];
  return { name: "rag", exec: { kind: "rag", options }, steps };
}

function mcpPart(mcp: NonNullable<ProfileManifest["mcp"]>): Omit<MixPart, "weight"> {
  const { path, version, tool, args } = mcp;
  const options = { path, version, calls: [{ list: true }, { tool, args }] } as const;
  return {
    name: "mcp",
    exec: { kind: "mcp", options },
    steps: [{ name: "mcp.list" }, { name: "mcp.call" }],
  };
}

/** The services of the mix that the manifest has. */
export interface Services {
  readonly chat: readonly MixPart[];
  readonly rag: MixPart | null;
  readonly mcp: MixPart | null;
}

/** 50 % chat, half of it with history, 30 % RAG, 20 % MCP. */
export function services(m: ProfileManifest): Services {
  return {
    chat: [
      { name: "chat", weight: 25, request: chat(m) },
      { name: "chat.history", weight: 25, request: chatWithHistory(m) },
    ],
    rag: m.rag === undefined ? null : { ...ragPart(m.rag), weight: 30 },
    mcp: m.mcp === undefined ? null : { ...mcpPart(m.mcp), weight: 20 },
  };
}

/** All parts there are, in one mix. */
export function mixOf({ chat: chats, rag, mcp }: Services): MixPart[] {
  return [...chats, ...(rag === null ? [] : [rag]), ...(mcp === null ? [] : [mcp])];
}

type Thresholds = Record<string, readonly ThresholdSpec[]>;

const perService: readonly ThresholdSpec[] = [
  { threshold: "p(99)<2s" },
  { threshold: "p(95)<1500ms" },
  { threshold: "p(50)<500ms" },
];

/** p99, p95 and p50 of every step, errors of all; `scenarioOf` names the scenario of a step. */
export function serviceThresholds(
  s: Services,
  scenarioOf: (part: "chat" | "rag" | "mcp") => string,
): Thresholds {
  const steps = (part: "chat" | "rag" | "mcp", names: readonly string[]): Thresholds =>
    Object.fromEntries(
      names.map((name) => [
        `response_time{scenario:${scenarioOf(part)},step:${name}}`,
        name === "rag.query"
          ? perService.map((one) =>
              one.threshold.startsWith("p(99)") ? { threshold: "p(99)<1800ms" } : one,
            )
          : perService,
      ]),
    );
  return {
    ...steps(
      "chat",
      s.chat.map(({ name }) => name),
    ),
    ...(s.rag === null ? {} : steps("rag", ["rag.ingest", "rag.query"])),
    ...(s.mcp === null ? {} : steps("mcp", ["mcp.list", "mcp.call"])),
    errors: [{ threshold: "rate<0.5%" }],
  };
}

/** The claims of services the manifest does not have. */
export function missingServices(s: Services): UndecidedClaim[] {
  const missing = (part: string, what: string): UndecidedClaim => ({
    id: `${part}.response_time`,
    statement: `${what}: p99 < ${part === "rag" ? "1.8" : "2"} s, p95 < 1.5 s, p50 < 500 ms, errors < 0.5 %`,
    reason: "capability_missing",
    sentence: `The manifest names no ${part} of this target.`,
  });
  return [
    ...(s.rag === null ? [missing("rag", "RAG ingest and query")] : []),
    ...(s.mcp === null ? [missing("mcp", "MCP list and call")] : []),
  ];
}

/** A speed-up over one user, which one user alone cannot have: that is 1 by definition. */
export function speedUpClaim(
  id: string,
  { scenario, users }: { readonly scenario: string; readonly users: number },
): { readonly ladder: readonly LadderClaim[]; readonly undecided: readonly UndecidedClaim[] } {
  if (users > 1) {
    return { ladder: [{ id, scenario, users, of: "speedUp", atLeast: 1 }], undecided: [] };
  }
  const statement = "More users bring no less work done than one alone";
  const sentence =
    "The run has one user and nothing to compare with: --users 2 or more decides it.";
  return { ladder: [], undecided: [{ id, statement, reason: "not_run", sentence }] };
}

/** One GET route at a fixed rate beside other traffic. */
export function beside(
  path: string,
  o: { readonly startMs: number; readonly durationMs: number; readonly rate: number },
): Scenario {
  return { executor: "constant-arrival-rate", request: get(path), ...o };
}
