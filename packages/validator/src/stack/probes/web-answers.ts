import type { StackContext, StackProbe, StackRule } from "../probe.ts";
import type { StackService } from "../services/index.ts";
import { otherKind } from "../guess-kind.ts";
import { askWeb, lacksRoute, type WebAnswer } from "../wire/web.ts";

/** How a kind of service shows on one route that it is what it is. */
export interface WebIdentity<K extends StackService["kind"]> {
  readonly kind: K;
  /** As in a sentence, such as `Prometheus`. */
  readonly title: string;
  readonly path: string;
  readonly checklist: readonly string[];
  readonly rationale: string;
  /** Its version, `unknown` where it tells none; null when it is something else or not in order. */
  read(answer: WebAnswer): string | null;
  /** Where versions that lack `path` say what they are, the newest first; asked only of those. */
  readonly older?: readonly Pick<WebIdentity<K>, "path" | "read">[];
  readonly saboteur: readonly StackRule[];
}

/** What the first route says that its version has; the answer of the newest where none is there. */
async function identify<K extends StackService["kind"]>(
  context: StackContext,
  o: WebIdentity<K>,
): Promise<{ readonly answer: WebAnswer; readonly version: string | null }> {
  let first: WebAnswer | null = null;
  for (const { path, read } of [o, ...(o.older ?? [])]) {
    const answer = await askWeb(context, { path });
    if (!lacksRoute(answer))
      return { answer, version: answer.status === 200 ? read(answer) : null };
    first ??= answer;
  }
  if (first === null) throw new Error(`${o.title} has no route to ask`);
  return { answer: first, version: null };
}

/** The first check of a service over HTTP: it answers as its kind answers, and tells its version. */
export function webAnswers<K extends StackService["kind"]>(
  o: WebIdentity<K>,
): StackProbe<StackService> & { readonly kind: K } {
  const paths = [o, ...(o.older ?? [])].map(({ path }) => path);
  return {
    check: "answers",
    kind: o.kind,
    summary: `is it ${o.title}, and in order`,
    needs: [],
    checklist: o.checklist,
    severity: "critical",
    claim: () => ({
      statement: `${paths.join(" or ")} is answered as ${o.title} answers it`,
      category: "Operational Readiness",
      rationale: o.rationale,
    }),
    saboteur: o.saboteur,
    async run(context: StackContext) {
      const { answer, version } = await identify(context, o);
      const raw = `${answer.status} ${answer.text}`;
      if (version === null) {
        const isHttp = [401, 403].includes(answer.status);
        const seen = isHttp
          ? `The login was refused with ${answer.status}.`
          : `${otherKind(context, o.title, `HTTP/1.1 ${raw}`)}.`;
        return [{ ok: false, seen, raw, reproduce: answer.curl }];
      }
      context.facts.set("version", version);
      context.note({ service: context.name, kind: o.kind, version });
      return [{ ok: true, seen: `${o.title} ${version} answered.`, reproduce: answer.curl }];
    },
  };
}
