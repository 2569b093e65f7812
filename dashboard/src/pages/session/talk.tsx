import { Clamped, Name } from "../../components/texts";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../../api/request";
import { asRequestError } from "../../api/resource";
import type { ChatLine, SessionPage, SpokenLine } from "../../api/types";
import type { Paged } from "../../api/members";
import { Timestamp } from "../../components/timestamp";
import { Empty } from "../../components/placeholders";
import { formatCount } from "../../format/numbers";
import { cursor, isInList, pin, point } from "./time_cursor";
import { EventList } from "./events";
import { emptyTitle } from "./kept";
import { lastBefore } from "./time_scale";
import { SummaryText } from "./summary";
import { sharedLink } from "../../shared_link";

type Tab = "chat" | "transcript" | "summary" | "events";

/** Chat, transcript, summary and events, beside the timeline and aligned with its cursor. */
export function TalkPanel(props: { page: SessionPage; base: string; kit: string; onChange: () => void }) {
  const { page } = props;
  const hasTalk = sharedLink.value?.with_talk ?? true;
  const tabs: { tab: Tab; text: string }[] = [
    { tab: "chat", text: `Chat ${formatCount(page.chat.total ?? page.chat.items.length)}` },
    {
      tab: "transcript",
      text: `Transcript ${formatCount(page.transcript.total ?? page.transcript.items.length)}`,
    },
    { tab: "summary", text: "Summary" },
    { tab: "events", text: `Events ${formatCount(page.events.length)}` },
  ];
  const [chosen, setChosen] = useState<Tab | null>(null);
  const tab = chosen ?? firstWithSomething(page);
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
          </button>
        ))}
      </div>
      <div id="talk-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="talk-body">
        {tab === "chat" && (
          <UtteranceList
            key="chat"
            first={page.chat}
            path={`${props.base}/chat`}
            nothing={emptyTitle(page, "chat", "Nobody wrote anything")}
          />
        )}
        {tab === "transcript" && (
          <UtteranceList
            key="transcript"
            first={page.transcript}
            path={`${props.base}/transcript`}
            nothing={emptyTitle(page, "transcripts", "There is no transcript")}
          />
        )}
        {tab === "summary" && (
          <SummaryText page={page} path={`${props.kit}/summary`} onChange={props.onChange} />
        )}
        {tab === "events" && <EventList page={page} />}
      </div>
    </section>
  );
}

function firstWithSomething(page: SessionPage): Tab {
  if (page.chat.items.length) return "chat";
  return page.transcript.items.length ? "transcript" : "events";
}

type Utterance = ChatLine | SpokenLine;

function UtteranceList<Item extends Utterance>(props: {
  first: Paged<Item>;
  path: string;
  nothing: string;
}) {
  const [more, setMore] = useState<{ items: Item[]; next: string | null } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const items = useMemo(
    () => (more ? [...props.first.items, ...more.items] : props.first.items),
    [props.first, more],
  );
  const next = more ? more.next : props.first.next_cursor;
  const here = lastBefore(items, cursor.value);
  useEffect(() => {
    if (here === null || isInList.peek()) return;
    const box = list.current;
    const item = box?.children[here] as HTMLElement | undefined;
    if (box && item) box.scrollTop = item.offsetTop - box.clientHeight / 2;
  }, [here]);

  if (!items.length) return <Empty title={props.nothing} />;
  const load = async (): Promise<void> => {
    try {
      const page = await get<Paged<Item>>(withQuery(props.path, { cursor: next }));
      setMore({ items: [...(more?.items ?? []), ...page.items], next: page.next_cursor });
      setProblem(null);
    } catch (error) {
      setProblem(asRequestError(error).message);
    }
  };
  return (
    <ol class="said" ref={list} tabIndex={0} aria-label="In order of time">
      {items.map((item, index) => (
        <li
          key={item.id}
          class={index === here ? "here" : undefined}
          aria-current={index === here ? "time" : undefined}
          onPointerEnter={() => point(item.at, true)}
          onPointerLeave={() => point(null)}
        >
          <p class="said-head">
            <b>
              <Name name={item.name} />
            </b>
            <button type="button" class="quiet" title="Show this moment" onClick={() => pin(item.at)}>
              <Timestamp at={item.at} as="exact" />
            </button>
          </p>
          <p class="said-text" dir="auto">
            <Clamped lines={12}>{item.text}</Clamped>
          </p>
          <Marks item={item} />
        </li>
      ))}
      {next && (
        <li>
          <button type="button" class="choice" onClick={() => void load()}>
            Show more
          </button>
          {problem && <p class="field-problem">{problem}</p>}
        </li>
      )}
    </ol>
  );
}

function Marks({ item }: { item: Utterance }) {
  if (!("kind" in item)) return null;
  const marks = [
    item.kind === "text" ? null : item.kind,
    item.is_pinned ? "pinned" : null,
    item.is_edited ? "edited" : null,
  ].filter(Boolean);
  return marks.length ? <p class="faint">{marks.join(" · ")}</p> : null;
}
