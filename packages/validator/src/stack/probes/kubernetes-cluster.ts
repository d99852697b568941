import type { StackClaim, StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { otherKind } from "../guess-kind.ts";
import { LacksFeature } from "../wire/fault.ts";
import { meantOf } from "../wire/kube-live.ts";
import { askKube } from "../wire/kube-session.ts";
import { textIn } from "../wire/shape.ts";
import type { KubernetesProbe } from "./kubernetes-check.ts";
import { versionProbe } from "./version.ts";

/** What the checks of live objects share. */
export const shared = { kind: "kubernetes", needs: ["login"], checklist: ["R4-30"] } as const;
const category = "Orchestration";
const namedMax = 10;

/** Without a cluster the claim is shown and stays not tested; it counts once one is declared. */
export const live = (service: ServiceOf<"kubernetes">, claim: StackClaim): StackClaim =>
  service.url === "local:" ? { ...claim, required: false } : claim;

/** Of what is wrong with one object, in a sentence. */
const faultCharsMax = 400;

interface Looked {
  readonly count: number;
  readonly what: string;
  /** What is wrong, of each one that is not so. */
  readonly bad: readonly string[];
  readonly reproduce: readonly string[];
}

/** One observation: how many were looked at, and the first that are not so. */
export function told(
  context: Pick<StackContext, "excerpt">,
  { count, what, bad, reproduce }: Looked,
) {
  const named = bad.slice(0, namedMax).map((one) => context.excerpt(one, faultCharsMax));
  const first = named.length === 0 ? "" : `: ${named.join("; ")}`;
  const seen = `${count} ${what}, ${bad.length} not so${first}.`;
  return { ok: count > 0 && bad.length === 0, seen, raw: bad.join("\n"), reproduce };
}

const cluster: KubernetesProbe = {
  ...shared,
  check: "cluster",
  summary: "a cluster answers",
  needs: [],
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement: "/version is answered as Kubernetes answers it",
      category,
      rationale: "What no cluster was asked is known of files alone.",
    }),
  saboteur: [{ when: "GET /version", reply: "<html>welcome</html>" }],
  async run(context) {
    const answer = await askKube(context, "/version");
    const version = textIn(answer.json, "gitVersion").replace(/^v/, "");
    const raw = answer.text;
    if (answer.status !== 200 || version === "") {
      const isLocked = answer.status === 401 || answer.status === 403;
      const seen = isLocked
        ? `The login was refused with ${answer.status}.`
        : `${otherKind(context, "Kubernetes", `HTTP/1.1 ${answer.status} ${raw}`)}.`;
      return [{ ok: false, seen, raw, reproduce: answer.curl }];
    }
    context.facts.set("version", version);
    context.note({ service: context.name, kind: "kubernetes", version });
    return [{ ok: true, seen: `Kubernetes ${version} answered.`, reproduce: answer.curl }];
  },
};

const login: KubernetesProbe = {
  ...shared,
  check: "login",
  summary: "the token of the manifest",
  needs: ["cluster"],
  severity: "critical",
  claim: (service) =>
    live(service, {
      statement: "the declared token may list Deployments, and its namespaces are there",
      category,
      rationale: "A token that is refused sees nothing, which looks like nothing is wrong.",
    }),
  saboteur: [
    {
      when: "GET /apis/apps/v1/namespaces/default/deployments?limit=1 ",
      status: 403,
      reply: '{"kind":"Status","message":"deployments.apps is forbidden"}',
    },
  ],
  async run(context) {
    const { namespaces } = await meantOf(context);
    let reproduce: readonly string[] = [];
    for (const name of namespaces) {
      const at = `namespaces/${encodeURIComponent(name)}`;
      const answer = await askKube(context, `/apis/apps/v1/${at}/deployments?limit=1`);
      const said = context.excerpt(textIn(answer.json, "message"), 300);
      const raw = answer.text;
      reproduce = answer.curl;
      if (answer.status === 404) {
        const version = context.facts.get("version") ?? "unknown";
        throw new LacksFeature(`Kubernetes ${version} has no apps/v1.`);
      }
      if (answer.status !== 200) {
        const seen = `It answered ${answer.status}: ${said}.`;
        return [{ ok: false, seen, raw, reproduce }];
      }
      // A namespace nobody made has lists as well, all of them empty. Who may list in one need not
      // be let see the namespace itself.
      const space = await askKube(context, `/api/v1/${at}`);
      if (space.status === 404) {
        const seen = `The namespace ${name} is not in the cluster.`;
        return [{ ok: false, seen, raw: space.text, reproduce: space.curl }];
      }
    }
    return [{ ok: true, seen: `Deployments of ${namespaces.join(", ")} were listed.`, reproduce }];
  },
};

const declared = versionProbe("kubernetes", "cluster", [
  { when: "GET /version", reply: '{"gitVersion":"v1.30.3"}' },
]);

/** Checks of the cluster itself. */
export const clusterProbes: readonly KubernetesProbe[] = [
  cluster,
  {
    ...declared,
    claim: (service) => (service.url === "local:" ? null : declared.claim(service)),
  },
  login,
];
