/** The current sessions list: the last answer with the live updates since. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useLive } from "../../api/live";
import { useResource, type Resource } from "../../api/resource";
import type { LiveSession, SessionListPage, SessionRow } from "../../api/types";
import { aheadOf } from "../../clock";

const SOON_MS = 400;
/** After a mere join or leave the list is not requested more often than this. */
const LATER_MS = 5_000;
/** After an end the quality becomes final. */
const SETTLED_MS = 4_000;
/** The quality of a live session changes without joins and leaves. */
const RENEWED_EVERY_MS = 15_000;
/** Until the quality of a live session is known for the first time. */
const WAITING_MS = 4_000;

export interface LiveList extends Resource<SessionListPage> {
  isListening: boolean;
}

export function useLiveList(appId: string, path: string, isFirstPage: boolean): LiveList {
  const resource = useResource<SessionListPage>(path);
  const [news, setNews] = useState<ReadonlyMap<string, LiveSession>>(new Map());
  const { schedule } = useReloads(resource.reload);
  const data = resource.data;

  useEffect(() => {
    if (!data || !resource.isCurrent) return;
    aheadOf(data.now);
    setNews((known) => new Map([...known].filter(([, item]) => item.updated_at > data.now)));
  }, [data]);

  const isLive = isFirstPage && (data?.live.length ?? 0) > 0;
  const isWaiting = isLive && data?.live.some((call) => call.quality === null && call.live_participants > 0);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      if (!document.hidden) resource.reload();
    }, isWaiting ? WAITING_MS : RENEWED_EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive, isWaiting]);

  const isListening = useLive(isFirstPage ? appId : null, {
    onHello: (liveIds) => {
      const shown = new Set((data?.live ?? []).map((call) => call.id));
      if (data && (shown.size !== liveIds.length || liveIds.some((id) => !shown.has(id)))) {
        schedule(SOON_MS);
      }
    },
    onUpdate: (kind, item) => {
      setNews((known) => new Map(known).set(item.id, item));
      schedule(kind === "changed" ? LATER_MS : SOON_MS);
      if (kind === "ended") schedule(SETTLED_MS);
    },
  });

  const patched = data && news.size ? applyLiveUpdates(data, news) : data;
  return { ...resource, data: patched, isListening };
}

/** The list with the newer state of each session. */
export function applyLiveUpdates(list: SessionListPage, news: ReadonlyMap<string, LiveSession>): SessionListPage {
  const renew = (call: SessionRow): SessionRow => {
    const item = news.get(call.id);
    if (!item || call.status === "ENDED") return call;
    return {
      ...call,
      title: item.title,
      status: item.status,
      phase: item.phase,
      started_at: item.started_at,
      ended_at: item.ended_at,
      live_participants: item.live_participants,
      total_participants: item.total_participants,
      minutes: item.minutes ?? call.minutes,
    };
  };
  return { ...list, live: list.live.map(renew), items: list.items.map(renew) };
}

/** Reloads after the scheduled delays, once for each delay that is pending. */
function useReloads(reload: () => void): { schedule: (in_ms: number) => void } {
  const timers = useRef(new Map<number, number>());
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => () => timers.current.forEach((timer) => void clearTimeout(timer)), []);
  return {
    schedule: (in_ms) => {
      if (timers.current.has(in_ms)) return;
      const timer = window.setTimeout(() => {
        timers.current.delete(in_ms);
        latest.current();
      }, in_ms);
      timers.current.set(in_ms, timer);
    },
  };
}
