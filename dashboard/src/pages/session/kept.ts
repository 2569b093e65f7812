import type { SessionPage } from "../../api/types";

/** The heading of an empty part of the page: that its data are not kept any more, if so. */
export function emptyTitle(page: SessionPage, kind: Kind, otherwise: string): string {
  return page.expired.includes(kind) ? GONE[kind] : otherwise;
}

type Kind = keyof typeof GONE;

const GONE = {
  reports: "The reports of this session are not kept any more",
  chat: "The chat is not kept any more",
  transcripts: "The transcript is not kept any more",
  summaries: "The summary is not kept any more",
};
