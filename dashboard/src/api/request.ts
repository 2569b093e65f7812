/** Requests to the server: the envelope, its errors, and the CSRF token. */

interface Envelope {
  success: boolean;
  data?: unknown;
  /** `reason` is the stable word; `code` is a number for RealtimeKit's clients. */
  error?: { code?: number; message?: string; reason?: string; field?: string };
}

/** The server refused, or could not be reached (`code` `unreachable`, `status` 0). */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

let csrf: string | null = null;
let isByLink = false;
let onSignedOut: () => void = () => {};

/** The value that requests which change something must carry. */
export function carryCsrf(value: string | null): void {
  csrf = value;
}

/** From now on every request is one with a read link, and with no sign-in. */
export function readByLink(): void {
  isByLink = true;
}

/** Whether requests are those of somebody with a read link. */
export function isReadByLink(): boolean {
  return isByLink;
}

/** Called when the server refuses the sign-in. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

export function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return request<Answer>("GET", path, undefined, signal);
}

export function post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  return request<Answer>("POST", path, body);
}

export function put<Answer>(path: string, body: unknown): Promise<Answer> {
  return request<Answer>("PUT", path, body);
}

export function remove<Answer>(path: string): Promise<Answer> {
  return request<Answer>("DELETE", path);
}

/** A path with query parameters; empty ones are left out. */
export function withQuery(path: string, query: Record<string, string | null | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) parameters.set(name, value);
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

async function request<Answer>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const headers = headersOf(method);
  if (body !== undefined) headers["content-type"] = "application/json";
  const options: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) options.body = JSON.stringify(body);
  if (signal) options.signal = signal;
  let answer: Response;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError(0, "unreachable", "The server cannot be reached.");
  }
  return readAnswer<Answer>(path, answer.status, await answer.text());
}

/** The headers with which the server knows who asks, and that the page itself does. */
export function headersOf(method: string): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  if (isByLink) headers["x-read-link"] = "1";
  return headers;
}

/** The data of an answer. Throws `RequestError` for a refusal. */
export function readAnswer<Answer>(path: string, status: number, text: string): Answer {
  const envelope = readEnvelope(text);
  if (status >= 200 && status < 300 && envelope.success) return envelope.data as Answer;
  if (status === 401 && !path.startsWith("/v1/sign-in")) onSignedOut();
  throw new RequestError(
    status,
    envelope.error?.reason ?? `http_${status}`,
    envelope.error?.message ?? `The server answered with status ${status}.`,
    envelope.error?.field,
  );
}

function readEnvelope(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return { success: false };
  }
}
