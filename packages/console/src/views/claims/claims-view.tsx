import type { ReportView } from "../../app/context.ts";
import { ClaimsList } from "./claims-list.tsx";
import { Coverage } from "./coverage.tsx";

/** All claims of the plan, and what each of their parts came to. */
export function ClaimsView(view: ReportView) {
  const { claims } = view.model.verdict;
  return (
    <section>
      <h1>Claims</h1>
      <ClaimsList {...view} claims={claims} name="claims" />
      <Coverage claims={claims} printing={view.printing} />
    </section>
  );
}
