import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { heatGridOf, heatTable, type HeatGrid } from "../model/chart-data.ts";
import { countFigure } from "../model/format.ts";
import { Fig } from "../parts/figure.tsx";
import { ChartFrame } from "./chart-frame.tsx";
import type { ChartProps } from "./over-time.tsx";
import { themeColor } from "./plot.tsx";

const heightPx = 220;
const left = 62;
const bottom = 34;
const badRowPx = 12;

/** When requests finished against how long they took; the top row holds bad outcomes. */
export function HeatMap({ series, theme, ...frame }: ChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const grid = useMemo(() => heatGridOf(series), [series]);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const paint = (): void => drawHeat(element, { grid, bad: series.bad, sliceMs: series.sliceMs });
    const observer = new ResizeObserver(paint);
    observer.observe(element);
    paint();
    return () => observer.disconnect();
  }, [grid, theme]);
  const table = useMemo(() => heatTable(series), [series]);
  return (
    <ChartFrame
      title="Heat map"
      summary={
        <>
          stronger = more requests finished in that slice with that latency, at most{" "}
          <Fig figure={countFigure(grid.most)} />; top row: bad outcomes
        </>
      }
      table={table}
      {...frame}
      draw={() => (
        <canvas ref={canvas} class="heat" aria-hidden="true" style={{ height: `${heightPx}px` }} />
      )}
    />
  );
}

interface HeatPicture {
  readonly grid: HeatGrid;
  readonly bad: readonly number[];
  readonly sliceMs: number;
}

function drawHeat(element: HTMLCanvasElement, { grid, bad, sliceMs }: HeatPicture): void {
  const context = element.getContext("2d");
  const width = element.clientWidth;
  if (context === null || width === 0 || element.parentElement === null) return;
  const ratio = devicePixelRatio || 1;
  element.width = Math.round(width * ratio);
  element.height = Math.round(heightPx * ratio);
  context.scale(ratio, ratio);
  const color = (name: string): string => themeColor(element.parentElement ?? element, name);
  const cellWidth = (width - left - 8) / Math.max(1, grid.slices);
  const rows = Math.max(1, grid.edgesMs.length);
  const cellHeight = (heightPx - bottom - badRowPx - 4) / rows;
  const base = heightPx - bottom;
  context.fillStyle = color("chart-heat");
  for (const [row, counts] of grid.counts.entries()) {
    for (const [slice, count] of counts.entries()) {
      if (count === 0) continue;
      context.globalAlpha = 0.12 + 0.88 * Math.sqrt(count / grid.most);
      const y = base - (row + 1) * cellHeight;
      context.fillRect(left + slice * cellWidth, y, Math.max(1, cellWidth - 0.5), cellHeight - 0.5);
    }
  }
  const mostBad = bad.reduce((most, count) => Math.max(most, count), 0);
  context.fillStyle = color("failed");
  for (const [slice, count] of bad.entries()) {
    if (count === 0) continue;
    context.globalAlpha = 0.35 + 0.65 * (count / mostBad);
    context.fillRect(left + slice * cellWidth, 0, Math.max(2, cellWidth - 0.5), badRowPx);
  }
  context.globalAlpha = 1;
  drawAxes(context, { grid, sliceMs, width, base, cellHeight, cellWidth, ink: color("muted") });
}

interface HeatAxes {
  readonly grid: HeatGrid;
  readonly sliceMs: number;
  readonly width: number;
  readonly base: number;
  readonly cellHeight: number;
  readonly cellWidth: number;
  readonly ink: string;
}

function drawAxes(context: CanvasRenderingContext2D, axes: HeatAxes): void {
  const { grid, base, cellHeight, cellWidth } = axes;
  context.fillStyle = axes.ink;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillText("bad", left - 6, badRowPx / 2);
  const every = Math.max(1, Math.ceil(18 / cellHeight));
  for (const [row, edge] of grid.edgesMs.entries()) {
    if (row % every !== 0) continue;
    const y = base - (row + 0.5) * cellHeight;
    if (y > badRowPx + 8) context.fillText(`${Number(edge.toPrecision(3))} ms`, left - 6, y);
  }
  context.textAlign = "center";
  const seconds = (grid.slices * axes.sliceMs) / 1000;
  const step = tickStep(seconds, Math.max(2, Math.floor((axes.width - left) / 90)));
  for (let second = 0; second <= seconds; second += step) {
    const x = left + ((second * 1000) / axes.sliceMs) * cellWidth;
    context.fillText(String(Number(second.toPrecision(6))), x, base + 9);
  }
  context.fillText("seconds since start", (left + axes.width) / 2, base + 25);
}

/** A step of 1, 2 or 5 times a power of ten that gives at most `ticksMax` ticks. */
function tickStep(span: number, ticksMax: number): number {
  const raw = Math.max(span / ticksMax, 0.001);
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
}
