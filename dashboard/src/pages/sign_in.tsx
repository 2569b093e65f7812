import { useEffect, useRef, useState } from "preact/hooks";
import { me, signIn } from "../account";
import { RequestError } from "../api/request";
import { Icon } from "../components/icon";
import { go, place } from "../route";
import { useTitle } from "../title";

const START = "/sessions";

/** Signs in with an API token, or with the one-time link's code that stands after the `#`. */
export function SignInPage() {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useTitle("Sign in");

  const enter = async (proof: { token: string } | { link: string }, to = START): Promise<void> => {
    setIsBusy(true);
    setProblem(null);
    try {
      await signIn(proof);
      if (place.value.path === "/sign-in") go(to, true);
    } catch (error) {
      setProblem(wordsFor(error));
      setIsBusy(false);
      field.current?.focus();
    }
  };

  useEffect(() => {
    const [link = "", to = ""] = place.value.path === "/sign-in" ? location.hash.slice(1).split("&to=") : [];
    if (link) {
      // A used code is worthless; it is removed from the history all the same.
      history.replaceState(history.state, "", "/sign-in");
      void enter({ link }, pageOf(to));
    } else if (me.value && place.value.path === "/sign-in") {
      go(START, true);
    } else {
      field.current?.focus();
    }
  }, []);

  return (
    <main class="entrance">
      <img src="/icon.svg" alt="" width="36" height="36" />
      <h1>Sign in to Aftercall</h1>
      <p class="entrance-host">on {location.host}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = field.current?.value.trim() ?? "";
          if (token) void enter({ token });
        }}
      >
        <label for="token">API token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          placeholder="ac_…"
          spellcheck={false}
          required
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? "token-problem token-help" : "token-help"}
        />
        {problem && (
          <p class="field-problem" role="alert" id="token-problem">
            {problem}
          </p>
        )}
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <p class="entrance-link" id="token-help">
        <Icon name="link" />
        <span>
          A link from <code>aftercall link</code> signs you in without a token. It is good once, for 15
          minutes. The server printed a token when it first started.
        </span>
      </p>
      <p class="entrance-after">
        {isOnTheWay() && "You land on the page that you were on your way to. "}
        This browser stays signed in for 12 hours.
      </p>
    </main>
  );
}

/** Whether somebody came for a page other than the first one. */
function isOnTheWay(): boolean {
  return !["/", "/sign-in", START].includes(place.value.path);
}

/** The page that a link leads to; the first one if it names none of ours. */
function pageOf(encoded: string): string {
  try {
    const page = decodeURIComponent(encoded);
    const url = new URL(page, location.origin);
    return page.startsWith("/") && url.origin === location.origin ? url.pathname + url.search : START;
  } catch {
    return START;
  }
}

function wordsFor(error: unknown): string {
  if (!(error instanceof RequestError)) return String(error);
  switch (error.code) {
    case "token_invalid":
      return "This token is unknown or was revoked.";
    case "link_invalid":
      return "This link was used already or is too old. Make a new one with `aftercall link`.";
    case "rate_limited":
      return "Too many failures. Wait a minute and try again.";
    default:
      return error.message;
  }
}
