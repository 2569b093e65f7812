import { post } from "../../api/request";
import { useResource } from "../../api/resource";
import type { WaitingJob } from "../../api/types";
import { Timestamp } from "../../components/timestamp";
import { Empty, Problem, Skeleton } from "../../components/placeholders";
import { capitalise } from "../../format/labels";
import { Outcome } from "./outcome";
import { useAction } from "./use_action";

/** The server's waiting and dead jobs. */
export function Jobs() {
  const resource = useResource<{ waiting: WaitingJob[]; dead: WaitingJob[] }>("/v1/jobs");
  const acting = useAction();
  const { act, isBusy } = acting;
  if (!resource.data) {
    return resource.error ? (
      <Problem error={resource.error} onRetry={resource.reload} />
    ) : (
      <Skeleton lines={6} />
    );
  }
  const { waiting, dead } = resource.data;
  const revive = (job: WaitingJob): void =>
    void act(async () => {
      await post(`/v1/jobs/${encodeURIComponent(job.id)}/revive`);
      resource.reload();
    }, "Revived: it is tried again.");
  return (
    <section>
      <p class="section-about">
        What the server does after a call: reports, summaries, exports, deletions. A job that fails is
        tried again, eight times in all.
      </p>
      <Outcome acting={acting} />
      <h3>Given up</h3>
      {dead.length ? (
        <Table jobs={dead} {...(isBusy ? {} : { onRevive: revive })} />
      ) : (
        <Empty title="Nothing was given up" />
      )}
      <h3>Waiting</h3>
      {waiting.length ? <Table jobs={waiting} /> : <Empty title="Nothing is waiting" />}
      <button type="button" class="choice" onClick={resource.reload}>
        Look again
      </button>
    </section>
  );
}

function Table({ jobs, onRevive }: { jobs: WaitingJob[]; onRevive?: (job: WaitingJob) => void }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Job</th>
          <th scope="col">Session</th>
          <th scope="col">Due</th>
          <th scope="col" class="number">
            Attempts
          </th>
          <th scope="col">Last error</th>
          <th scope="col">
            <span class="unseen">Revive</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id}>
            <td>
              {capitalise(job.task.replaceAll("_", " "))}
              {job.is_running && <span class="live-mark">Running</span>}
            </td>
            <td>
              {job.session_id && (
                <a href={`/sessions/${job.session_id}`}>{job.session_id.slice(0, 8)}…</a>
              )}
            </td>
            <td>
              <Timestamp at={job.due_at} />
            </td>
            <td class="number">{job.attempts}</td>
            <td>{job.last_error}</td>
            <td class="number">
              {onRevive && (
                <button type="button" class="choice" onClick={() => onRevive(job)}>
                  Revive
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
