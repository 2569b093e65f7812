/** Who sends the requests of "Try it out": the browser's sign-in, or the holder of a token. */

interface Me {
  account_id: string;
  account_name: string;
  role: "admin" | "read";
  app_id: string | null;
  apps: { id: string; name: string }[];
  csrf: string | null;
}

interface SwaggerRequest {
  url: string;
  method?: string;
  headers: Record<string, string>;
}

let me: Me | null = null;
let token = "";

function field<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no ${id}`);
  return found as T;
}

/** Finds out who is signed in; without anybody a field for a token is shown. */
export async function startCaller(): Promise<void> {
  const form = field<HTMLFormElement>("use-token");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    token = field<HTMLInputElement>("token").value.trim();
    void findOut();
  });
  await findOut();
}

async function findOut(): Promise<void> {
  const form = field<HTMLFormElement>("use-token");
  const given = token;
  const answer = await ask(given);
  me = answer;
  form.hidden = answer !== null && !given;
  field("who").textContent = sentence(given);
}

async function ask(secret: string): Promise<Me | null> {
  try {
    const headers: Record<string, string> = secret ? { authorization: `Bearer ${secret}` } : {};
    const answer = await fetch("/v1/me", { headers });
    return answer.ok ? ((await answer.json()) as { data: Me }).data : null;
  } catch {
    return null;
  }
}

function sentence(given: string): string {
  if (me === null) {
    return given
      ? "The server does not know this token, or it was revoked."
      : "To try requests out, give an API token: it stays on this page, and is gone when you leave it.";
  }
  const who = given ? `The token is one of ${me.account_name}` : `You are signed in to ${me.account_name}`;
  const may = me.role === "admin" ? "may read and write" : "may only read";
  return `${who} and ${may}: “Try it out” sends real requests as you.`;
}

/** Adds the token, or the value that guards a sign-in against forged requests. */
export function withCaller(request: SwaggerRequest): SwaggerRequest {
  if (new URL(request.url, location.origin).origin !== location.origin) return request;
  const isNamed = Object.keys(request.headers).some((name) => name.toLowerCase() === "authorization");
  if (token && !isNamed) request.headers.Authorization = `Bearer ${token}`;
  else if (!isNamed && me?.csrf && request.method?.toUpperCase() !== "GET") {
    request.headers["X-CSRF-Token"] = me.csrf;
  }
  return request;
}

/** Values of path parameters that the caller has, so that they need not be typed. */
export function knownParameters(): Record<string, string> {
  const known: Record<string, string> = {};
  if (me) {
    known.account_id = me.account_id;
    const app = me.app_id ?? me.apps[0]?.id;
    if (app) known.app_id = app;
  }
  return known;
}
