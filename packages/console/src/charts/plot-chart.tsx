import type { ComponentProps } from "preact";
import { ChartFrame } from "./chart-frame.tsx";
import { Plot } from "./plot.tsx";

type PlotChartProps = Omit<ComponentProps<typeof ChartFrame>, "draw"> &
  Pick<ComponentProps<typeof Plot>, "data" | "theme" | "options"> & {
    /** Default 200. */
    readonly heightPx?: number;
  };

/** A chart whose picture is one plot. */
export const PlotChart = ({ data, theme, options, heightPx = 200, ...frame }: PlotChartProps) => (
  <ChartFrame
    {...frame}
    draw={(cursor, onCursor) => <Plot {...{ data, theme, options, heightPx, cursor, onCursor }} />}
  />
);
