import type { EvidenceRecord, LoadSeries } from "@loadline/contract";
import { useState } from "preact/hooks";
import { addressOf } from "../../model/links.ts";
import { copyText } from "../../parts/command.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";

/** Sentences of each side that are shown; a record has its own in full. */
const sentencesShown = 6;

/** What the records of a claim say that they prove, and what not. */
export function Scope({ records }: { readonly records: readonly EvidenceRecord[] }) {
  const said = (name: "proves" | "doesNotProve"): readonly string[] =>
    [...new Set(records.flatMap((record) => record[name]))].slice(0, sentencesShown);
  const [proves, not] = [said("proves"), said("doesNotProve")];
  if (proves.length + not.length === 0) return null;
  return (
    <dl class="pairs scope">
      <dt>proves</dt>
      <dd>
        <Sentences all={proves} />
      </dd>
      <dt>does not prove</dt>
      <dd>
        <Sentences all={not} />
      </dd>
    </dl>
  );
}

const Sentences = ({ all }: { readonly all: readonly string[] }) =>
  all.length === 0 ? <>-</> : <Untrusted text={all.join("; ")} />;

interface ChartsLinkProps {
  readonly series: readonly LoadSeries[];
  /** The stream that decides the claim, e.g. `load.chat`. */
  readonly stream: string;
}

/** The way to the charts of the scenario that a claim is about; nothing for any other claim. */
export function ChartsLink({ series, stream }: ChartsLinkProps) {
  const own = series.find(
    ({ scenario }) => stream === `load.${scenario}` || stream.startsWith(`load.${scenario}.`),
  );
  if (own === undefined) return null;
  return (
    <p>
      <a href={addressOf({ screen: "load", id: own.scenario })}>
        charts and tables of <Untrusted text={own.scenario} />
      </a>
    </p>
  );
}

/** Copies the address of this place. */
export function CopyLink() {
  const [said, setSaid] = useState("");
  return (
    <>
      <button
        type="button"
        class="copy"
        onClick={() => void copyText(location.href, null).then(setSaid)}
      >
        copy link
      </button>
      <span class="said" role="status">
        {said}
      </span>
    </>
  );
}
