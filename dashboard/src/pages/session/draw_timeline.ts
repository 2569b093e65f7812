/** Draws a participant's timeline: stays, quality, screen shares, mutes, gaps. */

import type { Level, ParticipantTimeline } from "../../api/types";
import type { Shares, Span } from "../../api/members";
import { colour } from "../../theme";
import { BAR_CAP, BAR_FILL, BAR_HEIGHT, runsOf, stackOf } from "../../format/quality";
import { shareAt, type Scale } from "./time_scale";

export const LANE_HEIGHT = 36;
const BAND_TOP = 5;
const BAND_HEIGHT = 22;
/** The firm edge at the top of a soft bar. */
const CAP_HEIGHT = 2;
const BAND_BOTTOM = BAND_TOP + BAND_HEIGHT;
const MUTE_TOP = 29;
const CAMERA_TOP = 33;
const LEAST_WIDTH = 1.5;

/** The time range of a track and the buckets of its levels. */
export interface Track extends Scale {
  bucket_ms: number;
}

interface Pencil {
  context: CanvasRenderingContext2D;
  width: number;
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

export function drawLane(canvas: HTMLCanvasElement, width: number, page: Track, lane: ParticipantTimeline): void {
  const context = prepare(canvas, width, LANE_HEIGHT);
  if (!context) return;
  const x = (at: number): number => Math.min(width, Math.max(0, shareAt(page, at) * width));
  const pencil = { context, width, x };
  drawStays(pencil, page, lane);
  drawGaps(pencil, lane);
  drawQuality(pencil, page, lane);
  context.fillStyle = colour("series-2");
  drawSpans(pencil, lane.screenshare, page.to_at, 0, 3.5);
  context.fillStyle = colour("ink-3");
  drawSpans(pencil, lane.muted, page.to_at, MUTE_TOP, 2.5);
  drawDashes(pencil, lane.camera_off, page.to_at);
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

function drawStays({ context, x }: Pencil, page: Track, lane: ParticipantTimeline): void {
  context.fillStyle = colour("stay");
  for (const peer of lane.peers) {
    const from = x(peer.joined_at);
    context.fillRect(
      from,
      BAND_TOP,
      Math.max(LEAST_WIDTH, x(peer.left_at ?? page.to_at) - from),
      BAND_HEIGHT,
    );
  }
}

/** Hatches the gaps in the measurements. */
function drawGaps({ context, x }: Pencil, lane: ParticipantTimeline): void {
  context.strokeStyle = colour(BAR_FILL[0]);
  context.lineWidth = 1;
  for (const [from, to] of lane.completeness?.gaps ?? []) {
    const left = x(from);
    const right = x(to);
    context.save();
    context.beginPath();
    context.rect(left, BAND_TOP, right - left, BAND_HEIGHT);
    context.clip();
    context.beginPath();
    for (let at = left - BAND_HEIGHT; at < right; at += 5) {
      context.moveTo(at, BAND_BOTTOM);
      context.lineTo(at + BAND_HEIGHT, BAND_TOP);
    }
    context.stroke();
    context.restore();
  }
}

/** Buckets are coarser than the times of stays, so levels are clipped to the stays. */
function drawQuality({ context, x }: Pencil, page: Track, lane: ParticipantTimeline): void {
  context.save();
  context.beginPath();
  for (const peer of lane.peers) {
    const from = x(peer.joined_at);
    const width = Math.max(LEAST_WIDTH, x(peer.left_at ?? page.to_at) - from);
    context.rect(from, BAND_TOP, width, BAND_HEIGHT);
  }
  context.clip();
  for (const run of runsOf(lane.levels)) {
    if (run.level === 0) continue;
    const from = x(page.from_at + run.from * page.bucket_ms);
    const to = x(page.from_at + (run.from + run.count) * page.bucket_ms);
    const height = BAND_HEIGHT * BAR_HEIGHT[run.level];
    fillBar(context, run.level, from, BAND_BOTTOM - height, Math.max(LEAST_WIDTH, to - from), height);
  }
  context.restore();
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

function drawDashes({ context, x }: Pencil, spans: Span[], end: number): void {
  context.strokeStyle = colour("ink-3");
  context.lineWidth = 2;
  context.setLineDash([3, 3]);
  context.beginPath();
  for (const [from, to] of spans) {
    context.moveTo(x(from), CAMERA_TOP + 1.5);
    context.lineTo(Math.max(x(from) + LEAST_WIDTH, x(to ?? end)), CAMERA_TOP + 1.5);
  }
  context.stroke();
  context.setLineDash([]);
}

/** Draws joins and leaves; dashed where the time is inferred. */
function drawEdges({ context, x, width }: Pencil, lane: ParticipantTimeline): void {
  context.strokeStyle = colour("ink-3");
  context.lineWidth = 1.5;
  const edge = (at: number, isInferred: boolean): void => {
    const place = Math.min(width - 1, Math.max(1, x(at)));
    context.setLineDash(isInferred ? [2, 2.5] : []);
    context.beginPath();
    context.moveTo(place, BAND_TOP - 2);
    context.lineTo(place, BAND_BOTTOM + 1);
    context.stroke();
  };
  for (const peer of lane.peers) {
    edge(peer.joined_at, peer.joined_is_inferred);
    if (peer.left_at !== null) edge(peer.left_at, peer.left_reason === "silence");
  }
  context.setLineDash([]);
}
