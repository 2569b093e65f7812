import { useEffect, useRef } from "preact/hooks";

const KEYS: readonly { keys: string[]; does: string }[] = [
  { keys: ["/"], does: "Find a person, a meeting or an id" },
  { keys: ["j", "k"], does: "Next and previous row of a list" },
  { keys: ["Enter"], does: "Open the row" },
  { keys: ["←", "→"], does: "Move the moment of a session; with Shift ten times as far" },
  { keys: ["[", "]"], does: "Previous and next cause of a session" },
  { keys: ["Esc"], does: "From a search to the rows; close a panel" },
  { keys: ["."], does: "Copy the link to what you see, with its moment and time zone" },
  { keys: ["?"], does: "This list" },
];

/** What the keys do that every page knows, and those of lists and sessions. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="raw key-list" aria-label="Keys" onClose={onClose}>
      <div class="row raw-head">
        <h2>Keys</h2>
        <button type="button" class="choice" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <dl>
        {KEYS.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
