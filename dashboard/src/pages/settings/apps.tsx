import { useState } from "preact/hooks";
import { mayWrite, me, refreshMe } from "../../account";
import { post } from "../../api/request";
import type { MyApp } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Timestamp } from "../../components/timestamp";
import { useAction } from "./use_action";

/** The account's apps, and a new one. */
export function Apps() {
  const [name, setName] = useState("");
  const { act, problem, isBusy } = useAction();
  const apps = me.value?.apps ?? [];
  return (
    <section>
      <p>
        Account <code>{me.value?.account_id}</code>{" "}
        <CopyButton text={me.value?.account_id ?? ""} label="Copy the account's id" />
      </p>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">App</th>
            <th scope="col">Id</th>
            <th scope="col">Made</th>
          </tr>
        </thead>
        <tbody>
          {apps.map((app) => (
            <tr key={app.id}>
              <td>
                <bdi>{app.name}</bdi>
              </td>
              <td>
                <code>{app.id}</code> <CopyButton text={app.id} label={`Copy the id of ${app.name}`} />
              </td>
              <td>
                <Timestamp at={app.created_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {mayWrite.value && me.value?.app_id === null && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            void act(async () => {
              await post<MyApp>("/v1/apps", { name: name.trim() });
              setName("");
              await refreshMe();
            });
          }}
        >
          <input
            aria-label="Name of the new app"
            placeholder="Name of a new app"
            required
            maxLength={200}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <button type="submit" class="primary" disabled={isBusy || !name.trim()}>
            Make an app
          </button>
        </form>
      )}
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
