import type { LoadSeries } from "@loadline/contract";
import { Fig } from "../../parts/figure.tsx";

const places = {
  pacer: "the pacer: the generator was late",
  queue: "the queue: no user or connection was free",
  connect: "connecting: connections had to be opened",
} as const;

/** Where response time comes to differ from service time. */
export function SendDelay({ series }: { readonly series: LoadSeries }) {
  const { delay, evidence } = series;
  if (delay === undefined) return null;
  const ms = (value: number, label: string) => (
    <Fig
      figure={{ value, unit: "ms", provenance: "measured", refs: evidence }}
      label={`median ${label}`}
    />
  );
  return (
    <p class="delay">
      Half of the responses took {ms(delay.responseMs, "response time")} from when they were due and{" "}
      {ms(delay.serviceMs, "service time")} from when they were sent. The wait arises in{" "}
      {places[delay.part]}. Medians: pacer {ms(delay.pacerMs, "pacer lag")}, queue{" "}
      {ms(delay.queueMs, "wait in the queue")}, connect {ms(delay.connectMs, "wait to connect")}.
    </p>
  );
}
