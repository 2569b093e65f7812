/** Presets as their form edits them. */

import type { PresetAnswer } from "../../api/types";

export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [member: string]: Json;
}

export interface PresetDraft {
  name: string;
  config: JsonObject;
  permissions: JsonObject;
  ui: JsonObject;
}

export const PARTS = [
  { name: "config", title: "Media and layout" },
  { name: "permissions", title: "Permissions" },
  { name: "ui", title: "Looks" },
] as const;

/** The values that a member may have, by its name. */
const CHOICES: Record<string, readonly string[]> = {
  view_type: ["GROUP_CALL", "WEBINAR", "AUDIO_ROOM", "LIVESTREAM", "CHAT"],
  quality: ["qvga", "vga", "hd", "fhd", "uhd"],
  can_produce: ["ALLOWED", "NOT_ALLOWED", "CAN_REQUEST"],
  stage_access: ["ALLOWED", "NOT_ALLOWED", "CAN_REQUEST"],
  recorder_type: ["NONE", "RECORDER", "LIVESTREAMER"],
  waiting_room_type: ["SKIP", "ON_PRIVILEGED_USER_ENTRY", "SKIP_ON_ACCEPT"],
  border_radius: ["sharp", "rounded", "extra-rounded", "circular"],
  border_width: ["none", "thin", "fat"],
  theme: ["darkest", "dark", "light"],
};

/** The values of a member; `null` if it may have others. */
export function choicesOf(name: string, value: Json): readonly string[] | null {
  const choices = CHOICES[name];
  return choices && typeof value === "string" && choices.includes(value) ? choices : null;
}

export function draftOf(preset: Pick<PresetAnswer, "name" | "config" | "permissions" | "ui">): PresetDraft {
  const { name, config, permissions, ui } = preset as PresetDraft;
  return { name, config, permissions, ui };
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The three parts in a text of JSON, or why it has none. */
export function readParts(text: string): { parts: Omit<PresetDraft, "name"> } | { problem: string } {
  let read: Json;
  try {
    read = JSON.parse(text) as Json;
  } catch (error) {
    return { problem: `This is not JSON: ${(error as Error).message}` };
  }
  if (!isObject(read)) return { problem: "This is not a JSON object." };
  const { config, permissions, ui, ...rest } = read;
  const others = Object.keys(rest);
  if (others.length) return { problem: `A preset has no part ${others.join(", ")}.` };
  for (const [name, part] of Object.entries({ config, permissions, ui })) {
    if (part === undefined || !isObject(part)) return { problem: `The part ${name} is missing, or is no object.` };
  }
  return { parts: { config, permissions, ui } as Omit<PresetDraft, "name"> };
}

export function writeParts(draft: PresetDraft): string {
  const { config, permissions, ui } = draft;
  return JSON.stringify({ config, permissions, ui }, null, 2);
}

/** The object with another value at the end of the path. */
export function withMember(object: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const inner = object[name];
  const next = rest.length && inner !== undefined && isObject(inner) ? withMember(inner, rest, value) : value;
  return { ...object, [name]: next };
}

/** `can_send` as a label: "Can send". */
export function formatMember(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
