import type { LoadSeries } from "@loadline/contract";
import { Fig } from "../../parts/figure.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";

/** Cold connections beside all, where token counts come from, and how often each step was due. */
export function LoadDetails({ series }: { readonly series: LoadSeries }) {
  const { details, percentiles } = series;
  if (details === undefined) return null;
  const { cold, tokens, mix, evidence } = details;
  const fig = (value: number, unit: string, label: string) => (
    <Fig figure={{ value, unit, provenance: "measured", refs: evidence }} label={label} />
  );
  const serviceMs = percentiles.find(([quantile]) => quantile === 0.5)?.[2] ?? null;
  return (
    <>
      {cold === undefined ? null : (
        <p class="cold">
          {fig(cold.requests, "", "cold requests")} requests were the first of their connection:
          half of them took {fig(cold.medianMs, "ms", "median service time, cold")}
          {serviceMs === null ? null : (
            <>, of all {fig(serviceMs, "ms", "median service time")}</>
          )}{" "}
          from when they were sent.
        </p>
      )}
      {tokens === undefined ? null : (
        <p class="tokens">
          Output tokens: {fig(tokens.sum, "", "output tokens")}, told for{" "}
          {fig(tokens.told, "", "answers whose tokens are known")} answers by their usage or the
          plan’s tokenizer; of {fig(tokens.untold, "", "answers whose tokens are unknown")} answers
          nobody knows. Events are never counted as tokens.
        </p>
      )}
      {mix === undefined ? null : (
        <p class="mix">
          Due by step:
          {mix.map(([step, due]) => (
            <span key={step}>
              {" "}
              <Untrusted text={step} /> {fig(due, "", "due requests")}
            </span>
          ))}
        </p>
      )}
    </>
  );
}
