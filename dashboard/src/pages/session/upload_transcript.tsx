import { useRef, useState } from "preact/hooks";
import type { RequestError } from "../../api/request";
import { withQuery } from "../../api/request";
import { asRequestError } from "../../api/resource";
import type { TranscriptUpload } from "../../api/types";
import { upload } from "../../api/upload";
import { Icon } from "../../components/icon";
import { formatPlural } from "../../format/numbers";

/** The server's code for a session whose transcript was recorded. */
const RECORDED = "transcript_recorded";

type State =
  | { step: "idle" }
  | { step: "sending"; file: File; share: number; abort: () => void }
  | { step: "refused"; file: File; error: RequestError }
  | { step: "done"; file: File; answer: TranscriptUpload };

/** Takes a finished transcript of an ended session, chosen or dropped. */
export function UploadTranscript({ base, onChange }: { base: string; onChange: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<State>({ step: "idle" });
  const [isOver, setIsOver] = useState(false);
  const send = async (file: File | undefined, replace = false): Promise<void> => {
    if (!file) return;
    const path = withQuery(`${base}/transcript`, { replace: replace ? "true" : null });
    const onShare = (share: number): void => setState((now) => (now.step === "sending" ? { ...now, share } : now));
    const sending = upload<TranscriptUpload>(path, [file], onShare, "PUT");
    setState({ step: "sending", file, share: 0, abort: sending.abort });
    try {
      const answer = await sending.answer;
      setState({ step: "done", file, answer });
      onChange();
    } catch (error) {
      setState({ step: "refused", file, error: asRequestError(error) });
    }
  };
  return (
    <div
      role="group"
      aria-label="A finished transcript"
      class={isOver ? "take-transcript over" : "take-transcript"}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        if (state.step !== "sending") void send(event.dataTransfer?.files[0]);
      }}
    >
      <Outcome state={state} onReplace={(file) => void send(file, true)} />
      {state.step !== "sending" && (
        <button
          type="button"
          class="choice"
          title="WebVTT, SRT, JSON or CSV; or drop the file here"
          onClick={() => input.current?.click()}
        >
          <Icon name="up" />
          Upload a transcript
        </button>
      )}
      <input
        ref={input}
        type="file"
        hidden
        accept=".vtt,.srt,.json,.csv,.tsv,.txt"
        aria-label="Transcript to upload"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          void send(file);
        }}
      />
    </div>
  );
}

function Outcome({ state, onReplace }: { state: State; onReplace: (file: File) => void }) {
  if (state.step === "idle") return null;
  const name = (
    <strong>
      <bdi>{state.file.name}</bdi>
    </strong>
  );
  if (state.step === "sending") {
    const percent = Math.round(100 * state.share);
    return (
      <div class="row">
        <p role="status">
          {name} {percent < 100 ? "is sent" : "is read"}
        </p>
        <div
          class={percent < 100 ? "progress" : "progress waiting"}
          role="progressbar"
          aria-label={`Upload of ${state.file.name}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
        >
          <span style={{ width: `${percent}%` }} />
        </div>
        <button type="button" class="quiet" onClick={state.abort}>
          Stop
        </button>
      </div>
    );
  }
  if (state.step === "refused") {
    return (
      <div class="row" role="alert">
        <p class="field-problem">
          {name}: {state.error.code === RECORDED ? "The session has a transcript that was recorded." : state.error.message}
        </p>
        {state.error.code === RECORDED && (
          <button type="button" class="choice" onClick={() => onReplace(state.file)}>
            Replace it
          </button>
        )}
      </div>
    );
  }
  return (
    <p role="status">
      {name}: {state.answer.is_new ? `${formatPlural(state.answer.lines, "line")} stored` : "nothing new in it"}
      {strangers(state.answer)}
      {state.answer.is_summarised && ". The summary is made again"}.
    </p>
  );
}

/** Names in the file that are nobody's in the session. */
function strangers(answer: TranscriptUpload): string {
  const names = answer.speakers.filter((one) => one.participant_id === null && one.name).map((one) => one.name);
  if (!names.length) return "";
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
  return `. Not in the session: \u2068${shown}\u2069`;
}
