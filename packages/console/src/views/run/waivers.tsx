import type { VerdictDocument } from "@loadline/contract";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";

/** What was accepted in this run and by whom, and which entries had no effect. */
export function Waivers({ verdict }: { readonly verdict: VerdictDocument }) {
  const { waivers } = verdict;
  return (
    <section>
      <h2>Waivers</h2>
      {waivers === undefined ? <Notice kind="empty">The plan has no waiver.</Notice> : null}
      <ul class="plain-list">
        {waivers?.applied.map((one) => (
          <li key={one.claim}>
            <b>{one.disposition}</b>{" "}
            <span class="id">
              <Untrusted text={one.claim} />
            </span>{" "}
            <Untrusted text={one.reason} />{" "}
            <span class="muted">
              owner <Untrusted text={one.owner} />, approved by <Untrusted text={one.approvedBy} />
              {one.expires === undefined ? null : (
                <>
                  , until <time>{one.expires}</time>
                </>
              )}
            </span>
          </li>
        ))}
        {waivers?.ignored.map((one, index) => (
          <li key={`ignored-${index}`}>
            <b>ignored</b>{" "}
            <span class="id">
              <Untrusted text={one.claim} />
            </span>{" "}
            {one.why}{" "}
            <span class="muted">
              <Untrusted text={one.sentence} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
