import { useEffect, useRef, useState } from "preact/hooks";
import { me, signIn } from "../account";
import { RequestError } from "../api/request";
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
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          const token = field.current?.value.trim() ?? "";
          if (token) void enter({ token });
        }}
      >
        <p class="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>Aftercall</span>
        </p>
        <h1>Sign in</h1>
        <label for="token">API token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          placeholder="ac_…"
          spellcheck={false}
          required
          aria-describedby="token-help"
        />
        {problem && (
          <p class="field-problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
        <p id="token-help" class="faint">
          The server printed a token when it first started. <code>aftercall link</code> makes a link
          that signs you in without one.
        </p>
      </form>
    </main>
  );
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
