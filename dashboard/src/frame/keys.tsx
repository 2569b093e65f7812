import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { linkToHere } from "../link";
import { openFind } from "./find";

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

const SHOWN_MS = 2_500;

/** A sentence about what a key did. */
const done = signal<string | null>(null);
const isListOpen = signal(false);

export function openKeys(): void {
  isListOpen.value = true;
}

/** The keys of every page, their list, and what the last one did. */
export function Keys() {
  useEffect(() => {
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <p class={done.value ? "toast" : "unseen"} role="status">
        {done.value}
      </p>
      {isListOpen.value && <List />}
    </>
  );
}

function press(event: KeyboardEvent): void {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const target = event.target as HTMLElement;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("dialog")) return;
  if (event.key === "/") openFind();
  else if (event.key === "?") openKeys();
  else if (event.key === ".") void copyLink();
  else return;
  event.preventDefault();
}

export async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(linkToHere());
    done.value = "Link copied";
  } catch {
    done.value = "The browser does not allow copying";
  }
  setTimeout(() => {
    done.value = null;
  }, SHOWN_MS);
}

function List() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="raw key-list"
      aria-label="Keys"
      onClose={() => {
        isListOpen.value = false;
      }}
    >
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
