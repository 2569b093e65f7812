import { useState } from "preact/hooks";
import { app as appHere, mayWrite, me, refreshMe } from "../../account";
import { post, remove } from "../../api/request";
import type { MyApp } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { fieldState, Outcome } from "./outcome";
import { useAction } from "./use_action";

/** The account's apps: a new one, and one that goes with everything in it. */
export function Apps() {
  const making = useAction();
  const deleting = useAction();
  const [name, setName] = useState("");
  const [toDelete, setToDelete] = useState<MyApp | null>(null);
  const apps = me.value?.apps ?? [];
  const mayMake = mayWrite.value && me.value?.app_id === null;
  return (
    <section>
      <p class="section-about">
        An app holds the meetings of one product or environment, apart from all others. Account{" "}
        <code>{me.value?.account_id}</code>{" "}
        <CopyButton text={me.value?.account_id ?? ""} label="Copy the account's id" />
      </p>
      {mayMake && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            void making.act(async () => {
              await post<MyApp>("/v1/apps", { name: name.trim() });
              setName("");
              await refreshMe();
            }, `Saved: the app ${name.trim()} is there.`);
          }}
        >
          <input
            aria-label="Name of the new app"
            placeholder="Name of a new app"
            required
            maxLength={200}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            {...fieldState(making, "app-problem")}
          />
          <button type="submit" class="primary" disabled={making.isBusy || !name.trim()}>
            Make an app
          </button>
        </form>
      )}
      <Outcome acting={making} id="app-problem" />
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">App</th>
            <th scope="col">Id</th>
            <th scope="col" class="drop">Made</th>
            <th scope="col">
              <span class="unseen">Delete</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {apps.map((app) => (
            <tr key={app.id}>
              <td>
                <Name name={app.name} />
                {app.id === appHere.value?.id && <span class="tag">Shown</span>}
              </td>
              <td>
                <code>{app.id}</code> <CopyButton text={app.id} label={`Copy the id of ${app.name}`} />
              </td>
              <td class="drop">
                <Timestamp at={app.created_at} />
              </td>
              <td class="number">
                {mayMake && (
                  <button
                    type="button"
                    class="quiet"
                    aria-label={`Delete ${app.name}`}
                    onClick={() => setToDelete(app)}
                  >
                    Delete…
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {toDelete && (
        <DeleteApp
          key={toDelete.id}
          app={toDelete}
          isBusy={deleting.isBusy}
          onCancel={() => setToDelete(null)}
          onDelete={() =>
            void deleting.act(async () => {
              await remove(`/v1/apps/${encodeURIComponent(toDelete.id)}`);
              setToDelete(null);
              await refreshMe();
            }, `Deleted: ${toDelete.name}. What is left of it goes in the background.`)
          }
        />
      )}
      <Outcome acting={deleting} />
    </section>
  );
}

interface DeleteProps {
  app: MyApp;
  isBusy: boolean;
  onCancel: () => void;
  onDelete: () => void;
}

function DeleteApp({ app, isBusy, onCancel, onDelete }: DeleteProps) {
  const [typed, setTyped] = useState("");
  return (
    <form
      class="confirm"
      aria-label={`Delete ${app.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() === app.name.trim()) onDelete();
      }}
    >
      <p>
        <b>
          Delete <Name name={app.name} /> with every meeting, session and token in it?
        </b>{" "}
        This cannot be undone.
      </p>
      <label for="app-to-delete">
        Type the app's name, <bdi>{app.name}</bdi>, to confirm
      </label>
      <div class="row">
        <input
          id="app-to-delete"
          autocomplete="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="choice danger" disabled={isBusy || typed.trim() !== app.name.trim()}>
          Delete the app
        </button>
        <button type="button" class="quiet" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
