import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** Colours a canvas needs by value, read from the theme's custom properties. */
export function themeColor(element: Element, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  element.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

interface PlotProps {
  readonly data: uPlot.AlignedData;
  readonly heightPx: number;
  /** Changes when colours change, so that the canvas is drawn anew. */
  readonly theme: string;
  readonly cursor: number | null;
  onCursor(row: number | null): void;
  options(color: (name: string) => string): Omit<uPlot.Options, "width" | "height">;
}

/** One uPlot canvas, as wide as its place, redrawn on resize and theme change. */
export function Plot({ data, heightPx, theme, cursor, onCursor, options }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const chosen = options((name) => themeColor(element, name));
    const drawn = new uPlot(
      {
        ...chosen,
        width: Math.max(120, element.clientWidth),
        height: heightPx,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
        hooks: {
          ...chosen.hooks,
          setCursor: [
            (self) => {
              if (self.cursor.event !== undefined) onCursor(self.cursor.idx ?? null);
            },
          ],
        },
      },
      data,
      element,
    );
    plot.current = drawn;
    const observer = new ResizeObserver(() =>
      drawn.setSize({ width: Math.max(120, element.clientWidth), height: heightPx }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [data, theme, heightPx]);
  useLayoutEffect(() => {
    const drawn = plot.current;
    const at = cursor === null ? undefined : data[0][cursor];
    if (drawn === null || at === undefined) return;
    drawn.setCursor({ left: drawn.valToPos(at, "x"), top: 0 }, false);
  }, [cursor, data]);
  return <div ref={box} class="plot" aria-hidden="true" />;
}

/** Axes in the theme's colours with a unit in the label. */
export const axisOf = (
  color: (name: string) => string,
  label: string,
  more: Partial<uPlot.Axis> = {},
): uPlot.Axis => ({
  label,
  stroke: color("muted"),
  grid: { stroke: color("line"), width: 1 },
  ticks: { stroke: color("line"), width: 1, size: 4 },
  font: "12px system-ui, sans-serif",
  labelFont: "12px system-ui, sans-serif",
  labelSize: 18,
  size: 30,
  ...more,
});
