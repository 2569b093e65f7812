import type uPlot from "uplot";
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { colour, colours } from "../theme";
import { cursor, pin, point } from "../pages/session/time_cursor";
import { endOfScale, formatAxis } from "./scale";
import { useWidth } from "./use_width";

export interface Line {
  name: string;
  /** One value for each time of the chart. */
  values: (number | null | undefined)[];
  /** A variable of the style sheet. */
  colour: string;
  isDashed?: boolean;
  isStepped?: boolean;
}

export interface ChartProps {
  label: string;
  t: number[];
  lines: Line[];
  from_at: number;
  to_at: number;
  height: number;
  /** Fixed ends of the scale; otherwise from 0 up to the greatest value. */
  range?: [number, number];
  /** Called when the viewer has dragged over a range of time. */
  onZoom?: (from_at: number, to_at: number) => void;
  /** A chart without axes fills a track of the timeline. */
  hasAxes?: boolean;
  /** Values that are drawn as lines and named at the end, as far as the scale shows them. */
  limits?: readonly Limit[];
  /** Times that are shaded. */
  shaded?: readonly (readonly [number, number])[];
}

export interface Limit {
  value: number;
  text: string;
  /** A variable of the style sheet. */
  colour: string;
}

export const AXIS_WIDTH = 44;
/** Room for the names of limits; on narrow screens they stand on their lines. */
const LIMITS_WIDTH = 76;
const NARROW = 480;

/** The face of the page, at the smallest size. */
const AXIS_FONT = '11px "Inter Variable", system-ui, sans-serif';

/** A pointer that moved less far has clicked, not dragged, in pixels. */
const LEAST_DRAG = 12;
/** Before the layout is known nothing is drawn. */
const LEAST_WIDTH = 40;

/** Lines over time, with the page's shared cursor. */
export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const look = colours.value;

  useEffect(() => {
    const place = box.current;
    if (!place || width < LEAST_WIDTH) return;
    let undo: (() => void) | null = null;
    let isGone = false;
    void loadPlot().then((Plot) => {
      if (!isGone) undo = draw(Plot, props, width, place);
    });
    return () => {
      isGone = true;
      undo?.();
    };
  }, [width, look, props.t, props.lines, props.from_at, props.to_at, props.height]);

  return (
    <div
      ref={box}
      class={props.hasAxes ? "chart with-axes" : "chart"}
      role="img"
      aria-label={props.label}
      style={{ height: `${props.height}px` }}
    />
  );
}

type Plot = typeof uPlot;

/** The plotting library is loaded with the first chart, so that lists do not wait for it. */
function loadPlot(): Promise<Plot> {
  return import("uplot").then((module) => module.default);
}

function draw(Plot: Plot, props: ChartProps, width: number, place: HTMLElement): () => void {
  const made = new Plot(optionsOf(Plot, props, width), dataOf(props), place);
  let stop: (() => void) | null = null;
  // Before its first drawing a plot has no scale to place the cursor on.
  (made.hooks.ready ??= []).push(() => {
    stop = effect(() => showCursor(made, cursor.value));
  });
  return () => {
    stop?.();
    made.destroy();
  };
}

function dataOf({ t, lines }: ChartProps): uPlot.AlignedData {
  return [t, ...lines.map((line) => line.values)];
}

function optionsOf(Plot: Plot, props: ChartProps, width: number): uPlot.Options {
  const text = colour("ink-3");
  // The page's one axis of time has the marks: a plot would choose others.
  const axis = { stroke: text, grid: { show: false }, ticks: { show: false }, font: AXIS_FONT };
  return {
    width,
    height: props.height,
    ms: 1,
    padding: props.hasAxes ? [8, width < NARROW ? 2 : LIMITS_WIDTH, 8, 0] : [4, 0, 4, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: props.onZoom !== undefined, y: false, setScale: false, dist: LEAST_DRAG },
      points: { size: 7 },
      bind: { dblclick: () => null },
    },
    scales: {
      x: { time: true, range: () => [props.from_at, props.to_at] },
      y: { range: (_, __, greatest) => props.range ?? [0, endOfScale(greatest)] },
    },
    axes: props.hasAxes
      ? [
          { ...axis, size: 0, space: 70, values: (_, at) => at.map(() => "") },
          {
            ...axis,
            size: AXIS_WIDTH,
            splits: (_, __, least, greatest) => [least, (least + greatest) / 2, greatest],
            values: (_, values) => values.map((value) => formatAxis(value)),
          },
        ]
      : [{ show: false }, { show: false }],
    series: [{}, ...props.lines.map((line) => seriesOf(Plot, line))],
    hooks: {
      ready: [listen],
      drawClear: [(plot) => shade(plot, props.shaded ?? [])],
      draw: [(plot) => drawLimits(plot, props.limits ?? [], width < NARROW)],
      setSelect: [
        (plot) => {
          const { left, width: dragged } = plot.select;
          if (dragged >= LEAST_DRAG) {
            props.onZoom?.(plot.posToVal(left, "x"), plot.posToVal(left + dragged, "x"));
          }
        },
      ],
    },
  };
}

function seriesOf(Plot: Plot, line: Line): uPlot.Series {
  const series: uPlot.Series = {
    label: line.name,
    stroke: colour(line.colour),
    width: line.isDashed ? 1.25 : 1.75,
    spanGaps: false,
    points: { show: (_plot, _index, from, to) => to - from < 3 },
  };
  if (line.isDashed) series.dash = [5, 3];
  const stepped = Plot.paths.stepped?.({ align: 1 });
  if (line.isStepped && stepped) series.paths = stepped;
  return series;
}

/** Times behind the lines. */
function shade(plot: uPlot, spans: readonly (readonly [number, number])[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour("well");
  for (const [from, to] of spans) {
    const left = plot.valToPos(from, "x", true);
    ctx.fillRect(left, bbox.top, Math.max(2, plot.valToPos(to, "x", true) - left), bbox.height);
  }
  ctx.restore();
}

/** The limits as dotted lines with their names, the lower ones first; a name that has no room is left out. */
function drawLimits(plot: uPlot, limits: readonly Limit[], isNarrow: boolean): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.y ?? {};
  const scale = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * scale}px "Inter Variable", system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.textAlign = isNarrow ? "right" : "left";
  ctx.lineWidth = scale;
  let last = Number.NEGATIVE_INFINITY;
  for (const limit of [...limits].sort((one, other) => other.value - one.value)) {
    if (min == null || max == null || limit.value < min || limit.value > max) continue;
    const y = plot.valToPos(limit.value, "y", true);
    ctx.strokeStyle = colour(limit.colour);
    ctx.setLineDash([2 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (y - last < 11 * scale) continue;
    const [left, top] = [bbox.left + bbox.width + (isNarrow ? -2 : 8) * scale, y - (isNarrow ? 7 * scale : 0)];
    if (isNarrow) outline(ctx, limit.text, left, top);
    ctx.fillStyle = colour(limit.colour);
    ctx.fillText(limit.text, left, top);
    last = y;
  }
  ctx.restore();
}

/** Keeps a name legible where a line runs through it. */
function outline(ctx: CanvasRenderingContext2D, text: string, left: number, top: number): void {
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * (devicePixelRatio || 1);
  ctx.strokeStyle = colour("paper");
  ctx.strokeText(text, left, top);
  ctx.restore();
}

function listen(plot: uPlot): void {
  const at = (event: MouseEvent): number =>
    plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x");
  plot.over.addEventListener("mousemove", (event) => point(at(event)));
  plot.over.addEventListener("mouseleave", () => point(null));
  let pressedAt = 0;
  plot.over.addEventListener("mousedown", (event) => {
    pressedAt = event.clientX;
  });
  plot.over.addEventListener("click", (event) => {
    if (Math.abs(event.clientX - pressedAt) < LEAST_DRAG) pin(at(event));
  });
}

function showCursor(plot: uPlot, at: number | null): void {
  if (at === null) plot.setCursor({ left: -10, top: -10 }, false);
  else plot.setCursor({ left: plot.valToPos(at, "x"), top: 4 }, false);
}
