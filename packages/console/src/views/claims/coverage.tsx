import type { ClaimVerdict } from "@loadline/contract";
import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { Fig } from "../../parts/figure.tsx";
import { PagedRows } from "../../parts/paged-rows.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";

interface CoverageProps {
  readonly claims: readonly ClaimVerdict[];
  readonly printing: boolean;
}

/** The grid of claim by part: each part with the mark and word of what it came to. */
export function Coverage({ claims, printing }: CoverageProps) {
  const parts = claims.reduce((sum, claim) => sum + claim.parts.length, 0);
  const seen = claims.reduce(
    (sum, claim) => sum + claim.parts.filter(({ verdict }) => verdict !== "not_tested").length,
    0,
  );
  return (
    <details class="coverage" open={printing}>
      <summary>
        coverage: <Fig figure={countFigure(seen)} /> of <Fig figure={countFigure(parts)} /> parts
        were looked at
      </summary>
      <PagedRows
        rows={claims}
        printing={printing}
        render={(rows) => (
          <div class="scroll" tabIndex={0} role="region" aria-label="coverage, claim by part">
            <table>
              <thead>
                <tr>
                  <th scope="col">claim</th>
                  <th scope="col">parts</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((claim) => (
                  <CoverageRow key={claim.id} claim={claim} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      />
    </details>
  );
}

const CoverageRow = ({ claim }: { readonly claim: ClaimVerdict }) => (
  <tr>
    <th scope="row" class="id">
      <Untrusted text={claim.id} />
    </th>
    <td>
      {claim.parts.map((part) => (
        <span key={part.part} class="coverage-part">
          <VerdictMark verdict={part.verdict} reason={part.reason} />{" "}
          <a class="id" href={addressOf({ screen: "claims", id: claim.id, part: part.part })}>
            <Untrusted text={part.part} />
          </a>
        </span>
      ))}
    </td>
  </tr>
);
