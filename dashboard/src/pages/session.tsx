import { isolate } from "../format/texts";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { app, chooseApp, me } from "../account";
import { useLive } from "../api/live";
import { useResource } from "../api/resource";
import type { ParticipantTimeline, SessionPage, VerdictWords } from "../api/types";
import { aheadOf, now } from "../clock";
import { lazy } from "../components/lazy";
import { Failed, Skeleton, Trouble } from "../components/placeholders";
import { goQuery, parameter, place } from "../route";
import { useTitle } from "../title";
import { formatTitle } from "../format/labels";
import { Head } from "./session/head";
import { chosenLane } from "./session/chosen_lane";
import { Settling } from "./session/settling";
import { Sheet } from "./session/sheet";
import { joinStays } from "./session/stays";
import { kitPath } from "./session/snippets";
import { TalkPanel } from "./session/talk";
import { pin, point } from "./session/time_cursor";
import { VerdictHead } from "./session/verdict";

const Egresses = lazy(() => import("./session/egresses").then((module) => module.Egresses), true);

const RENEWED_EVERY_MS = 7_000;
/** Two hundred people who join one after the other are two hundred changes. */
const CHANGES_APART_MS = 2_000;
/** An ended session is asked for again so soon, then more slowly, until it is final. */
const SETTLING_EVERY_MS = 1_500;
const SETTLING_FAST_MS = 30_000;
const SETTLING_SLOWLY_MS = 10_000;

/** The app of a session; requested only if the account has several. */
export function useAppOf(sessionId: string): { appId: string | null; lookup: ReturnType<typeof useResource> } {
  const isAlone = (me.value?.apps.length ?? 0) < 2;
  const lookup = useResource<{ app_id: string }>(isAlone ? null : `/v1/calls/${encodeURIComponent(sessionId)}`);
  const found = isAlone ? (app.value?.id ?? null) : (lookup.data?.app_id ?? null);
  useEffect(() => {
    if (found) chooseApp(found);
  }, [found]);
  return { appId: found, lookup };
}

/** One session: the verdict, causes and people over time, what was said. */
export function SessionPage({ sessionId }: { sessionId: string }) {
  const { appId, lookup } = useAppOf(sessionId);
  const base = appId && `/v1/apps/${encodeURIComponent(appId)}/calls/${encodeURIComponent(sessionId)}`;
  const resource = useResource<SessionPage>(base);
  const answer = resource.data;
  const data = useMemo(() => answer && { ...answer, lanes: joinStays(answer.lanes) }, [answer]);
  const wanted = parameter("person").value;
  const chosen = data ? chosenLane(data.lanes, wanted) : null;
  useTitle(data ? isolate(formatTitle(data.call)) : "Session");
  useRenewal(appId, sessionId, data, resource.reload);
  useWorstMoment(data, chosen);
  useEffect(() => {
    if (data && resource.isCurrent) aheadOf(Math.max(data.now, now.peek()));
  }, [data]);
  useEffect(() => () => point(null), []);

  if (!data || !appId || !base) {
    const failed = [resource, lookup].find((one) => one.error);
    return failed ? (
      <Failed what="session" resource={failed} />
    ) : (
      <Skeleton lines={14} isTall onStop={resource.stop} />
    );
  }
  const kit = `${kitPath(me.value?.account_id ?? "", appId)}/sessions/${encodeURIComponent(sessionId)}`;
  const verdict: VerdictWords = (chosen && data.personal[chosen.participant_id]) || unmeasured(data, chosen);
  return (
    <article class={resource.error ? "page session is-stale" : "page session"}>
      <Head page={data} verdict={verdict} chosen={chosen} appId={appId} rawPath={kit} />
      <Trouble resource={resource} />
      <Settling page={data} />
      {wanted && !chosen && <NotInIt />}
      <VerdictHead page={data} verdict={verdict} chosen={chosen} />
      <div class="beside">
        <Sheet page={data} chosen={chosen} />
        <TalkPanel page={data} base={base} kit={kit} onChange={resource.reload} />
      </div>
      {data.egresses.length > 0 && <Egresses page={data} />}
    </article>
  );
}

/** The verdict on everybody, or none on somebody of whom nothing was folded. */
function unmeasured(page: SessionPage, chosen: ParticipantTimeline | null): VerdictWords {
  if (chosen === null) return page.verdict;
  return { level: 0, who: [], what: [], reach: [], more: [], advice: [], cause: null, worst_at: null };
}

function NotInIt() {
  return (
    <p class="settling" role="status">
      <span>The person of this link was not in this session.</span>
      <button type="button" class="choice" onClick={() => goQuery({ person: null }, true)}>
        Show it as everyone
      </button>
    </p>
  );
}

/** Who arrives as a person, and not at a moment, sees that person's worst moment. */
function useWorstMoment(page: SessionPage | undefined, chosen: ParticipantTimeline | null): void {
  const arrived = useRef(false);
  useEffect(() => {
    if (!page || arrived.current) return;
    arrived.current = true;
    if (!chosen || place.peek().query.has("at")) return;
    const worst = page.personal[chosen.participant_id]?.worst_at;
    if (worst) pin(worst);
  }, [page, chosen]);
}

/** Requests the page again: of a live session repeatedly and soon after a join or leave, of an ended
 * one until it is final. */
function useRenewal(appId: string | null, sessionId: string, page: SessionPage | undefined, reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  const isLive = page?.call.status === "LIVE";
  const isSettling = page !== undefined && !isLive && !page.is_final;
  const since = useRef(0);
  useEffect(() => {
    if (!isLive && !isSettling) return;
    since.current = Date.now();
    let timer = 0;
    const again = (): void => {
      const isSlow = Date.now() - since.current > SETTLING_FAST_MS;
      const pause = isLive ? RENEWED_EVERY_MS : isSlow ? SETTLING_SLOWLY_MS : SETTLING_EVERY_MS;
      timer = window.setTimeout(() => {
        if (!document.hidden) latest.current();
        again();
      }, pause);
    };
    again();
    return () => clearTimeout(timer);
  }, [isLive, isSettling]);
  const change = useRef({ timer: 0, at: 0 });
  useEffect(() => () => clearTimeout(change.current.timer), []);
  useLive(isLive ? appId : null, {
    onHello: () => {},
    onUpdate: (_, news) => {
      const { timer, at } = change.current;
      if (news.id !== sessionId || timer) return;
      const pause = Math.max(0, at + CHANGES_APART_MS - Date.now());
      change.current.timer = window.setTimeout(() => {
        change.current = { timer: 0, at: Date.now() };
        latest.current();
      }, pause);
    },
  });
}
