import type { Disposition, Verdict } from "@loadline/contract";
import { shapesOf } from "../model/mark-shapes.ts";

interface MarkProps {
  readonly verdict: Verdict;
  readonly disposition?: Disposition | undefined;
}

/** The mark alone; only where its word stands beside it. */
export function Mark({ verdict, disposition }: MarkProps) {
  const shapes = shapesOf(verdict, disposition);
  return (
    <svg class={`mark mark-${verdict}`} viewBox="0 0 16 16" aria-hidden="true">
      {shapes.map(({ tag: Tag, attributes }) => (
        <Tag key={JSON.stringify(attributes)} {...attributes} />
      ))}
    </svg>
  );
}

/** A verdict as mark and word, with the reason and disposition when there are any. */
export function VerdictMark({
  verdict,
  disposition,
  reason,
}: MarkProps & { readonly reason?: string | undefined }) {
  return (
    <span class="verdict">
      <Mark verdict={verdict} disposition={disposition} />
      <span class="verdict-word">{verdict}</span>
      {disposition ? <span class="tag">{disposition}</span> : null}
      {reason ? <span class="reason">{reason}</span> : null}
    </span>
  );
}
