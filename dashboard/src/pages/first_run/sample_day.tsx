import { useEffect } from "preact/hooks";
import { chooseApp, mayWrite, me, refreshMe } from "../../account";
import { post } from "../../api/request";
import { useResource } from "../../api/resource";
import type { SampleDayAnswer } from "../../api/types";
import { formatCount } from "../../format/numbers";
import { useAction } from "../settings/use_action";

/** As often as the list of sessions is renewed while a call has no quality yet. */
const LOOK_EVERY_MS = 4_000;

/** Loads a day of simulated calls into an app of its own, and says how far it is. */
export function SampleDay() {
  const isOfAccount = me.value?.app_id === null;
  const resource = useResource<SampleDayAnswer>(isOfAccount ? "/v1/sample-day" : null);
  const { act, problem, isBusy } = useAction();
  const day = resource.data;
  const isRunning = day?.state === "running";
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => {
      if (!document.hidden) resource.reload();
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  if (!day) return null;
  const load = (): void =>
    void act(async () => {
      try {
        await post<SampleDayAnswer>("/v1/sample-day");
      } finally {
        // Also when somebody else has just begun.
        await refreshMe();
        resource.reload();
      }
    });
  return (
    <>
      {day.state === "none" && mayWrite.value && (
        <button type="button" class="choice" disabled={isBusy} onClick={load}>
          Load a sample day
        </button>
      )}
      {day.state !== "none" && day.app_id !== null && <Open day={day} appId={day.app_id} />}
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function Open({ day, appId }: { day: SampleDayAnswer; appId: string }) {
  const isWhole = day.state === "done";
  return (
    <>
      {(isWhole || day.calls_played > 0) && (
        <a
          class="choice"
          href={`/sessions?app=${encodeURIComponent(appId)}`}
          onClick={() => void refreshMe().then(() => chooseApp(appId))}
        >
          {isWhole ? "Open the sample day" : "Look into the sample day"}
        </a>
      )}
      {!isWhole && (
        <span class="sample-progress">
          <progress
            aria-label="Sample day"
            max={day.calls_planned}
            value={day.calls_played}
          />
          <span role="status">
            {day.state === "failed"
              ? "It could not be loaded whole."
              : `Loading: ${formatCount(day.calls_played)} of ${formatCount(day.calls_planned)} calls.`}
          </span>
        </span>
      )}
      {!isWhole && day.problem && (
        <p class="field-problem">
          {day.problem.replace(/^\w+: /, "")}
          {day.state === "running"
            ? " It is tried again by itself."
            : " Delete the app Sample day in the settings, and load it again."}
        </p>
      )}
    </>
  );
}
