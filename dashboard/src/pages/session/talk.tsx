import { Clamped, Name } from "../../components/texts";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { mayWrite } from "../../account";
import { get, withQuery } from "../../api/request";
import { asRequestError } from "../../api/resource";
import type { ChatLine, SessionPage, SpokenLine } from "../../api/types";
import type { Paged } from "../../api/members";
import { lazy } from "../../components/lazy";
import { Timestamp } from "../../components/timestamp";
import { Empty } from "../../components/placeholders";
import { formatCount } from "../../format/numbers";
import { cursor, isInList, pin, point } from "./time_cursor";
import { EventList } from "./events";
import { emptyTitle } from "./kept";
import { mergeTalk, nextToLoad, type TalkLine } from "./talk_lines";
import { lastBefore } from "./time_scale";
import { SummaryText } from "./summary";
import { sharedLink } from "../../shared_link";

type Tab = "talk" | "summary" | "polls" | "events";

const UploadTranscript = lazy(() => import("./upload_transcript").then((module) => module.UploadTranscript), true);
const Polls = lazy(() => import("./polls").then((module) => module.Polls), true);

/** What was said and written, the summary, and the events; beside the sheet and aligned with its cursor. */
export function TalkPanel(props: { page: SessionPage; base: string; kit: string; onChange: () => void }) {
  const { page } = props;
  const hasTalk = sharedLink.value?.with_talk ?? true;
  const said = (page.chat.total ?? page.chat.items.length) + (page.transcript.total ?? page.transcript.items.length);
  const tabs: { tab: Tab; text: string; count?: number }[] = [
    { tab: "talk", text: "Talk", count: said },
    { tab: "summary", text: "Summary" },
    ...(page.polls.length ? [{ tab: "polls" as const, text: "Polls", count: page.polls.length }] : []),
    { tab: "events", text: "Events", count: page.events.length },
  ];
  const [chosen, setChosen] = useState<Tab | null>(null);
  const tab = chosen ?? (said ? "talk" : "events");
  return (
    <section class="talk" aria-label="What was said and what happened">
      <div class="segments" role="tablist" aria-label="Beside the timeline">
        {tabs.filter((one) => hasTalk || one.tab === "events").map((one) => (
          <button
            key={one.tab}
            id={`tab-${one.tab}`}
            type="button"
            role="tab"
            aria-selected={tab === one.tab}
            aria-controls="talk-panel"
            onClick={() => setChosen(one.tab)}
          >
            {one.text}
            {one.count !== undefined && <span class="tab-count"> {formatCount(one.count)}</span>}
          </button>
        ))}
      </div>
      <div id="talk-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="talk-body">
        {tab === "talk" && <TalkList page={page} base={props.base} />}
        {tab === "talk" && takesTranscript(page) && <UploadTranscript base={props.base} onChange={props.onChange} />}
        {tab === "summary" && (
          <SummaryText page={page} path={`${props.kit}/summary`} onChange={props.onChange} />
        )}
        {tab === "polls" && <Polls polls={page.polls} />}
        {tab === "events" && <EventList page={page} />}
      </div>
    </section>
  );
}

/** Whether the reader may put a transcript in the place of the session's. */
function takesTranscript(page: SessionPage): boolean {
  return mayWrite.value && page.call.ended_at !== null && !page.expired.includes("transcripts");
}

function TalkList({ page, base }: { page: SessionPage; base: string }) {
  const chat = useMore<ChatLine>(page.chat, `${base}/chat`);
  const transcript = useMore<SpokenLine>(page.transcript, `${base}/transcript`);
  const lines = useMemo(() => mergeTalk(chat.list, transcript.list), [chat.list, transcript.list]);
  const next = nextToLoad(chat.list, transcript.list);
  const list = useRef<HTMLOListElement>(null);
  const here = lastBefore(lines, cursor.value);
  useEffect(() => {
    if (here === null || isInList.peek()) return;
    const box = list.current;
    const item = box?.children[here] as HTMLElement | undefined;
    if (box && item) box.scrollTop = item.offsetTop - box.clientHeight / 2;
  }, [here]);

  if (!lines.length) {
    const kinds = [emptyTitle(page, "chat", ""), emptyTitle(page, "transcripts", "")].filter(Boolean);
    return <Empty title={kinds.join(". ") || "Nothing was said or written"} />;
  }
  const problem = chat.problem ?? transcript.problem;
  return (
    <ol class="said" ref={list} tabIndex={0} aria-label="In order of time">
      {lines.map((line, index) => (
        <Line key={line.id} line={line} isHere={index === here} />
      ))}
      {next && (
        <li>
          <span />
          <span>
            <button type="button" class="choice" onClick={() => void (next === "chat" ? chat : transcript).load()}>
              Show more
            </button>
            {problem && <span class="field-problem">{problem}</span>}
          </span>
        </li>
      )}
    </ol>
  );
}

function Line({ line, isHere }: { line: TalkLine; isHere: boolean }) {
  const isWritten = "kind" in line;
  return (
    <li
      class={isHere ? "here" : undefined}
      aria-current={isHere ? "time" : undefined}
      onPointerEnter={() => point(line.at, true)}
      onPointerLeave={() => point(null)}
    >
      <button type="button" class="quiet" title="Show this moment" onClick={() => pin(line.at)}>
        <Timestamp at={line.at} as="exact" />
      </button>
      <div class={isWritten ? "said-text written" : "said-text"}>
        <Clamped lines={12}>
          <b>
            <Name name={line.name} />
          </b>{" "}
          <bdi>{line.text}</bdi>
        </Clamped>
        <Marks line={line} />
      </div>
    </li>
  );
}

function Marks({ line }: { line: TalkLine }) {
  if (!("kind" in line)) return null;
  const marks = [
    line.kind === "text" ? "written" : line.kind,
    line.is_pinned ? "pinned" : null,
    line.is_edited ? "edited" : null,
  ].filter(Boolean);
  return <span class="faint said-marks">{marks.join(" · ")}</span>;
}

interface More<Item> {
  list: { items: Item[]; next_cursor: string | null };
  problem: string | null;
  load: () => Promise<void>;
}

/** The first page of a list, which the session's page contains, and those that were loaded after it. */
function useMore<Item>(first: Paged<Item>, path: string): More<Item> {
  const [more, setMore] = useState<{ items: Item[]; next: string | null } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const list = useMemo(
    () =>
      more
        ? { items: [...first.items, ...more.items], next_cursor: more.next }
        : { items: first.items, next_cursor: first.next_cursor },
    [first, more],
  );
  const load = async (): Promise<void> => {
    try {
      const page = await get<Paged<Item>>(withQuery(path, { cursor: list.next_cursor }));
      setMore({ items: [...(more?.items ?? []), ...page.items], next: page.next_cursor });
      setProblem(null);
    } catch (error) {
      setProblem(asRequestError(error).message);
    }
  };
  return { list, problem, load };
}
