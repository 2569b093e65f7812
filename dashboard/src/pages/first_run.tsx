import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { app, mayWrite, me } from "../account";
import { useResource, type Resource } from "../api/resource";
import type { ServerSettings, SessionListPage, SessionRow } from "../api/types";
import { now } from "../clock";
import { CopyButton } from "../components/copy_button";
import { Icon } from "../components/icon";
import { LevelMark } from "../components/level";
import { Trouble } from "../components/placeholders";
import { Title } from "../components/texts";
import { formatPlural } from "../format/numbers";
import { formatFullVerdict } from "../format/quality";
import { formatDateTime, formatTimeWithSeconds } from "../format/time";
import { formatZone } from "../format/zone";
import { useTitle } from "../title";
import { SampleDay } from "./first_run/sample_day";
import { SNIPPETS, type Snippet } from "./first_run/snippets";
import { knownToken, makeToken } from "./first_run/test_tokens";
import { useAction } from "./settings/use_action";

/** The three steps from an empty server to the first call. */
export function FirstRun({ appId, list }: { appId: string; list: Resource<SessionListPage> }) {
  useTitle("Get started");
  const server = useResource<ServerSettings>("/v1/settings");
  const call = firstCall(list.data);
  return (
    <div class="first">
      <h1>Three steps to your first call</h1>
      <p class="lead">
        Aftercall measures your calls and says what went wrong, whose it was and what to do. Nothing
        leaves this machine.
      </p>
      <Trouble resource={list} />
      <ol class="steps card">
        <Step number={1} title="Aftercall runs" state="done">
          <p>
            Version {me.value?.version} on {location.host}
            {server.data && `, ${server.data.database}`}, app “<bdi>{app.value?.name}</bdi>”.
          </p>
        </Step>
        <Collector appId={appId} call={call} />
        <Step number={3} title="Look at a call" state={call ? "now" : "later"}>
          {call ? <FirstCall call={call} /> : <p>It appears here while it lasts, with what is bad right now.</p>}
        </Step>
      </ol>
      <div class="first-others">
        <span>No call at hand?</span>
        {server.data?.try_app_id === appId && (
          <a class="choice" href="/try" target="_blank" rel="noopener">
            <Icon name="play" />
            Try one in two tabs
          </a>
        )}
        <SampleDay />
        <a class="guide" href="/docs/guide">
          Read the guide
        </a>
      </div>
    </div>
  );
}

type StepState = "done" | "now" | "later";

const STATES: Record<StepState, string> = { done: "Done", now: "To do", later: "Later" };

function Step(props: { number: number; title: string; state: StepState; children: ComponentChildren }) {
  const { number, title, state } = props;
  return (
    <li class={`step ${state}`} aria-current={state === "now" ? "step" : undefined}>
      <span class="step-mark">
        {state === "done" ? <Icon name="check" /> : <span aria-hidden="true">{number}</span>}
        <span class="unseen">{STATES[state]}:</span>
      </span>
      <div>
        <h2>{title}</h2>
        {props.children}
      </div>
    </li>
  );
}

/** A call that somebody has joined: one that goes on, or else the latest. */
function firstCall(list: SessionListPage | undefined): SessionRow | null {
  const joined = (call: SessionRow): boolean => call.total_participants > 0;
  return list?.live.find(joined) ?? list?.items.find(joined) ?? null;
}

function Collector({ appId, call }: { appId: string; call: SessionRow | null }) {
  const [name, setName] = useState(SNIPPETS[0]?.name);
  const snippet = SNIPPETS.find((each) => each.name === name) ?? SNIPPETS[0];
  const isIn = call !== null && (call.quality !== null || call.status === "ENDED");
  return (
    <Step number={2} title="Put the collector into your page" state={isIn ? "done" : "now"}>
      <p>Choose what you build with, and paste. The collector is under 6 KB.</p>
      <div class="segments" role="group" aria-label="What you build with">
        {SNIPPETS.map((each) => (
          <button
            key={each.name}
            type="button"
            aria-pressed={each === snippet}
            onClick={() => setName(each.name)}
          >
            {each.name}
          </button>
        ))}
      </div>
      {snippet && <Code appId={appId} snippet={snippet} />}
      <p class="wait-line" role="status">
        {!isIn && (
          <span class="wait" aria-hidden="true">
            <i />
          </span>
        )}
        <span>{whatIsIn(call)}</span>
      </p>
    </Step>
  );
}

function whatIsIn(call: SessionRow | null): string {
  if (call === null) return "Waiting for the first report. This step ticks by itself.";
  const joined = `Somebody joined at ${formatTimeWithSeconds(call.started_at)} ${formatZone(call.started_at)}`;
  if (call.quality !== null) return `${joined}, and the first report is in.`;
  if (call.status === "ENDED") return `${joined}, and left before a connection was measured.`;
  return `${joined}. The first measurements follow as soon as there is a connection.`;
}

function Code({ appId, snippet }: { appId: string; snippet: Snippet }) {
  const { act, problem, isBusy } = useAction();
  const token = knownToken(appId, snippet.token);
  const text = snippet.write({
    url: location.origin,
    appId,
    token: token?.secret ?? snippet.placeholder,
  });
  return (
    <>
      <p>{snippet.about}</p>
      <div class="code">
        <pre tabIndex={0}>
          {text}
        </pre>
        <CopyButton text={text} label="Copy the snippet" shown="Copy" />
      </div>
      {token ? (
        <p role="status">{whatTokenIs(token.expiresAt)}</p>
      ) : mayWrite.value ? (
        <p class="row">
          <button
            type="button"
            class="primary"
            disabled={isBusy}
            onClick={() => void act(() => makeToken(appId, snippet.token))}
          >
            Fill in a real token
          </button>
          <span>
            {snippet.token === "participant"
              ? "Creates a test meeting with one participant."
              : "Creates an API token for this app alone."}
          </span>
        </p>
      ) : (
        <p>
          <code>{snippet.placeholder}</code> is a placeholder: you may only read. Somebody who may write
          can fill in a real token here.
        </p>
      )}
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function whatTokenIs(expiresAt: number | null): string {
  if (expiresAt === null) {
    return "Ready to paste: the token is a real one, for this app. It is listed in the settings as Janus.";
  }
  const until = `${formatDateTime(expiresAt, now.value)} ${formatZone(expiresAt)}`;
  return `Ready to paste: the token is a real one, for a test meeting, good until ${until}.`;
}

function FirstCall({ call }: { call: SessionRow }) {
  const { quality } = call;
  const isLive = call.status === "LIVE";
  return (
    <p class="first-call">
      {quality && <LevelMark level={quality.level} text={formatFullVerdict(quality)} />}
      <a href={`/sessions/${call.id}`}>
        <Title call={call} />
      </a>
      <span>
        {isLive
          ? `${formatPlural(call.live_participants, "person", "people")} there`
          : formatPlural(call.total_participants, "person", "people")}
      </span>
      {isLive && <span class="live-mark">Live</span>}
    </p>
  );
}
