/** Draws a participant's timeline: stays, quality, screen shares, mutes, gaps. */

import type { Level, ParticipantTimeline } from "../../api/types";
import type { Shares, Span } from "../../api/members";
import { colour } from "../../theme";
import { BAR_CAP, BAR_FILL, BAR_HEIGHT, runsOf, stackOf } from "../../format/quality";
import { shareAt, type Scale } from "./time_scale";

export const LANE_HEIGHT = 36;
export const THIN_HEIGHT = 20;
/** The firm edge at the top of a soft bar. */
const CAP_HEIGHT = 2;
const LEAST_WIDTH = 1.5;
const LEAST_DASH = 3;

/** Where things lie in a lane, in pixels from its top. */
interface Layout {
  band: number;
  height: number;
  screen: number;
  worst: number;
  camera: number;
}

const FULL: Layout = { band: 5, height: 22, screen: 1, worst: 29, camera: 33 };
const THIN: Layout = { band: 2, height: 13, screen: 0, worst: 16, camera: 18.5 };

/** The time range of a track and the buckets of its levels. */
export interface Track extends Scale {
  bucket_ms: number;
  /** The time of the answer: what lasts is drawn until then. */
  now?: number;
}

function endOf(page: Track): number {
  return Math.min(page.to_at, page.now ?? page.to_at);
}

interface Pencil {
  context: CanvasRenderingContext2D;
  width: number;
  layout: Layout;
  /** Pixels from the left at a time, clamped to the track. */
  x: (at: number) => number;
}

/** Fits a canvas to its place and the screen's pixels; `null` if it has no size yet. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number) {
  const context = canvas.getContext("2d");
  if (!context || width <= 0) return null;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export function drawLane(
  canvas: HTMLCanvasElement,
  width: number,
  page: Track,
  lane: ParticipantTimeline,
  isThin = false,
): void {
  const context = prepare(canvas, width, isThin ? THIN_HEIGHT : LANE_HEIGHT);
  if (!context) return;
  const layout = isThin ? THIN : FULL;
  const x = (at: number): number => Math.min(width, Math.max(0, shareAt(page, at) * width));
  const pencil = { context, width, layout, x };
  drawStays(pencil, page, lane);
  drawGaps(pencil, lane);
  within(pencil, page, lane, () => drawQuality(pencil, page, lane));
  within(pencil, page, lane, () => drawWorst(pencil, page, lane), true);
  context.fillStyle = colour("series-2");
  drawSpans(pencil, lane.screenshare, endOf(page), layout.screen, 2);
  context.fillStyle = colour("muted");
  drawSpans(pencil, lane.muted, endOf(page), layout.band + layout.height / 2, 1);
  drawDashes(pencil, lane.camera_off, endOf(page));
  drawEdges(pencil, lane);
}

export const PEOPLE_HEIGHT = 36;
const PEOPLE_BASE = 3;
/** The least height of a share, so that 1 of 50 is visible. */
const LEAST_SHARE_PX = 4;

/** Draws the share of participants at each level over time. */
export function drawShares(
  canvas: HTMLCanvasElement,
  width: number,
  page: Track,
  shares: readonly Shares[],
): void {
  const context = prepare(canvas, width, PEOPLE_HEIGHT);
  if (!context) return;
  const bottom = PEOPLE_HEIGHT - PEOPLE_BASE;
  const x = (at: number): number => Math.min(width, Math.max(0, shareAt(page, at) * width));
  shares.forEach((counts, index) => {
    if (!counts.some((count) => count > 0)) return;
    // Whole pixels: between fractions of them the ground would shine through.
    const left = Math.round(x(page.from_at + index * page.bucket_ms));
    const right = Math.round(x(page.from_at + (index + 1) * page.bucket_ms));
    const wide = Math.max(LEAST_WIDTH, right - left);
    context.fillStyle = colour(BAR_FILL[4]);
    context.fillRect(left, bottom, wide, PEOPLE_BASE);
    for (const { level, from, height } of stackOf(counts, LEAST_SHARE_PX / bottom)) {
      fillBar(context, level, left, bottom * (1 - from - height), wide, bottom * height);
    }
  });
}

/** Fills a level's bar: a soft colour has a firm edge at its top. */
function fillBar(
  context: CanvasRenderingContext2D,
  level: Level,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  context.fillStyle = colour(BAR_FILL[level]);
  context.fillRect(left, top, width, height);
  const cap = BAR_CAP[level];
  if (cap === undefined) return;
  context.fillStyle = colour(cap);
  context.fillRect(left, top, width, Math.min(CAP_HEIGHT, height));
}

function drawStays({ context, layout, x }: Pencil, page: Track, lane: ParticipantTimeline): void {
  context.fillStyle = colour("stay");
  for (const peer of lane.peers) {
    const from = x(peer.joined_at);
    context.fillRect(from, layout.band, Math.max(LEAST_WIDTH, x(peer.left_at ?? endOf(page)) - from), layout.height);
  }
}

/** Hatches the gaps in the measurements. */
function drawGaps({ context, layout, x }: Pencil, lane: ParticipantTimeline): void {
  context.strokeStyle = colour(BAR_FILL[0]);
  context.lineWidth = 1;
  const bottom = layout.band + layout.height;
  for (const [from, to] of lane.completeness?.gaps ?? []) {
    const left = x(from);
    const right = x(to);
    context.save();
    context.beginPath();
    context.rect(left, layout.band, right - left, layout.height);
    context.clip();
    context.beginPath();
    for (let at = left - layout.height; at < right; at += 5) {
      context.moveTo(at, bottom);
      context.lineTo(at + layout.height, layout.band);
    }
    context.stroke();
    context.restore();
  }
}

/** Draws within the stays alone: buckets are coarser than their times. */
function within(
  { context, layout, x }: Pencil,
  page: Track,
  lane: ParticipantTimeline,
  draw: () => void,
  isBelow = false,
): void {
  context.save();
  context.beginPath();
  for (const peer of lane.peers) {
    const from = x(peer.joined_at);
    const width = Math.max(LEAST_WIDTH, x(peer.left_at ?? endOf(page)) - from);
    if (isBelow) context.rect(from, layout.worst, width, 2);
    else context.rect(from, layout.band, width, layout.height);
  }
  context.clip();
  draw();
  context.restore();
}

function drawQuality({ context, layout, x }: Pencil, page: Track, lane: ParticipantTimeline): void {
  const bottom = layout.band + layout.height;
  for (const run of runsOf(lane.levels)) {
    if (run.level === 0) continue;
    const from = x(page.from_at + run.from * page.bucket_ms);
    const to = x(page.from_at + (run.from + run.count) * page.bucket_ms);
    const height = Math.max(2, layout.height * BAR_HEIGHT[run.level]);
    fillBar(context, run.level, from, bottom - height, Math.max(LEAST_WIDTH, to - from), height);
  }
}

/** A grey line where one stream was poor or bad and the person's moment was better. */
function drawWorst({ context, layout, x }: Pencil, page: Track, lane: ParticipantTimeline): void {
  context.fillStyle = colour("worst");
  const isWorse = lane.worst_stream.map((level, index): Level => {
    return level > 0 && level <= 2 && level < (lane.levels[index] ?? 0) ? 1 : 0;
  });
  for (const run of runsOf(isWorse)) {
    if (run.level === 0) continue;
    const from = x(page.from_at + run.from * page.bucket_ms);
    const to = x(page.from_at + (run.from + run.count) * page.bucket_ms);
    context.fillRect(from, layout.worst, Math.max(LEAST_WIDTH, to - from), 2);
  }
}

function drawSpans(
  { context, x }: Pencil,
  spans: Span[],
  end: number,
  top: number,
  height: number,
): void {
  for (const [from, to] of spans) {
    const left = x(from);
    context.fillRect(left, top, Math.max(LEAST_WIDTH, x(to ?? end) - left), height);
  }
}

function drawDashes({ context, layout, x }: Pencil, spans: Span[], end: number): void {
  context.strokeStyle = colour("ink-3");
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.beginPath();
  for (const [from, to] of spans) {
    // What is off for a moment, as at a join, would be a dot that looks like dirt.
    if (x(to ?? end) - x(from) < LEAST_DASH) continue;
    context.moveTo(x(from), layout.camera);
    context.lineTo(x(to ?? end), layout.camera);
  }
  context.stroke();
  context.setLineDash([]);
}

/** Marks the joins and leaves whose times were inferred. */
function drawEdges({ context, layout, x, width }: Pencil, lane: ParticipantTimeline): void {
  context.strokeStyle = colour("ink-3");
  context.lineWidth = 1;
  context.setLineDash([2, 2]);
  const edge = (at: number): void => {
    const place = Math.min(width - 1, Math.max(1, x(at)));
    context.beginPath();
    context.moveTo(place, layout.band);
    context.lineTo(place, layout.band + layout.height);
    context.stroke();
  };
  for (const peer of lane.peers) {
    if (peer.joined_is_inferred) edge(peer.joined_at);
    if (peer.left_at !== null && peer.left_reason === "silence") edge(peer.left_at);
  }
  context.setLineDash([]);
}
