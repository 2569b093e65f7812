import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { lazy } from "../components/lazy";
import { linkToHere } from "../link";
import { openFind } from "./find";

const KeyList = lazy(() => import("./key_list").then((module) => module.KeyList), true);

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
      {isListOpen.value && (
        <KeyList
          onClose={() => {
            isListOpen.value = false;
          }}
        />
      )}
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
