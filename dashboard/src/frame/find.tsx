import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { now } from "../clock";
import { withQuery } from "../api/request";
import { fromTheStart, timeParameters } from "../pages/sessions/filters";
import { parseTypedTime } from "../pages/sessions/typed_time";
import { go, goQuery, parameter, pathname } from "../route";

const TYPING_PAUSE_MS = 140;
const LIST = "/sessions";

/** Whether a narrow page shows the field over its top bar. */
const isOpen = signal(false);

/** Puts the cursor into the page's own search, else into the one of the top bar. */
export function openFind(): void {
  const own = document.getElementById("search");
  const field = (own ?? document.getElementById("find")) as HTMLInputElement | null;
  if (own === null) {
    isOpen.value = true;
    // At once and not with the next rendering: the next key belongs to the field already.
    field?.form?.classList.add("open");
  }
  field?.focus();
  field?.select();
}

/** Finds sessions: at once in their list, with Enter from other pages. */
export function Find() {
  const isInList = pathname.value === LIST;
  const inAddress = (isInList && parameter("search").value) || "";
  const [text, setText] = useState(inAddress);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  /** Whether the range in the address is the one that was typed here, and goes with its words. */
  const isTimeTyped = useRef(false);

  useEffect(() => {
    // The field follows the address, except while the viewer is typing.
    if (document.activeElement !== field.current) setText(inAddress);
  }, [inAddress, isInList]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = (typed: string): void => {
    const asked = soughtFor(typed);
    const isTimeKept = !asked.from && !isTimeTyped.current;
    isTimeTyped.current = Boolean(asked.from);
    goQuery(fromTheStart(isTimeKept ? { search: asked.search } : asked), true);
  };
  return (
    <form
      class={isOpen.value ? "find open" : "find"}
      role="search"
      aria-label="Sessions"
      onSubmit={(event) => {
        event.preventDefault();
        clearTimeout(timer.current);
        if (isInList) search(text);
        else if (text.trim()) go(withQuery(LIST, soughtFor(text)));
        isOpen.value = false;
      }}
    >
      <Icon name="search" />
      <input
        id="find"
        ref={field}
        type="search"
        placeholder="Person, meeting or id"
        title="A day and an hour may follow: mei tue 10:00"
        aria-label="Find a person, a meeting or an id"
        aria-keyshortcuts="/"
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(event) => {
          const typed = event.currentTarget.value;
          setText(typed);
          clearTimeout(timer.current);
          if (isInList) timer.current = window.setTimeout(() => search(typed), TYPING_PAUSE_MS);
        }}
        onBlur={() => {
          isOpen.value = false;
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

/** The parameters of the list for what was typed: a day and an hour in it are when the sessions began. */
function soughtFor(typed: string): Record<"search" | "from" | "to", string | null> {
  const time = parseTypedTime(typed, now.peek());
  const search = (time ? time.rest : typed.trim()) || null;
  return { search, ...timeParameters(time?.from ?? null, time?.to ?? null) };
}

export function FindButton() {
  return (
    <button type="button" class="quiet only-narrow" aria-label="Find" onClick={openFind}>
      <Icon name="search" />
    </button>
  );
}
