/** The imports that are shown: those of this browser, and those that go on on the server. */

import { signal } from "@preact/signals";
import { get, post, RequestError } from "../../api/request";
import { asRequestError } from "../../api/resource";
import type { DumpImport, DumpImports } from "../../api/types";
import { upload } from "../../api/upload";
import { formatBytes } from "../../format/numbers";

const POLL_MS = 1_000;
const OPEN = ["uploading", "waiting", "running"];

/** One import on the page. */
export interface ShownImport {
  key: string;
  appId: string;
  names: string[];
  /** The share that is sent, 0 to 1; `null` once all is there. */
  sent: number | null;
  /** What the server knows of it, once it does. */
  found: DumpImport | null;
  /** Why it could not be sent, or its state not be read. */
  error: RequestError | null;
  abort: (() => void) | null;
  again: (() => void) | null;
}

export const shownImports = signal<readonly ShownImport[]>([]);
/** How many imports have made sessions: a list is out of date when it changes. */
export const importsDone = signal(0);

let uploads = 0;
let limits: Promise<DumpImports> | null = null;

export function isOver(shown: ShownImport): boolean {
  return shown.error !== null || (shown.found !== null && !OPEN.includes(shown.found.state));
}

/** Sends files to be imported. */
export function importFiles(appId: string, files: readonly File[]): void {
  if (!files.length) return;
  const key = `upload ${++uploads}`;
  const again = (): void => {
    dismiss(key);
    importFiles(appId, files);
  };
  const names = files.map((file) => file.name);
  const base = { key, appId, names, sent: 0, found: null, error: null, abort: null, again };
  shownImports.value = [base, ...shownImports.value];
  void send(key, appId, files);
}

async function send(key: string, appId: string, files: readonly File[]): Promise<void> {
  try {
    const most = await limitsOf(appId);
    check(files, most);
    const sending = upload<DumpImport>(pathOf(appId), files, (sent) => change(key, { sent }));
    change(key, { abort: sending.abort });
    const found = await sending.answer;
    change(key, { found, sent: null, abort: null });
    await follow(key, appId, found);
  } catch (error) {
    change(key, { error: asRequestError(error), abort: null });
  }
}

/** Refuses here what the server would refuse after minutes of sending. */
function check(files: readonly File[], most: DumpImports): void {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (files.length > most.most_files) {
    throw new RequestError(400, "too_many_files", `An import has at most ${most.most_files} files; these are ${files.length}.`);
  }
  if (bytes > most.most_bytes) {
    const message = `An upload has at most ${formatBytes(most.most_bytes)}; these files have ${formatBytes(bytes)}. Compressed by gzip, a dump takes a tenth.`;
    throw new RequestError(413, "too_large", message);
  }
}

function limitsOf(appId: string): Promise<DumpImports> {
  limits ??= get<DumpImports>(pathOf(appId)).catch((error: unknown) => {
    limits = null;
    throw error;
  });
  return limits;
}

/** Shows the imports of an app that are not over, as after a reload of the page. */
export async function showOpenImports(appId: string): Promise<void> {
  let answer: DumpImports;
  try {
    answer = await get<DumpImports>(pathOf(appId));
  } catch {
    // The list of sessions says that the server cannot be reached.
    return;
  }
  limits = Promise.resolve(answer);
  // What is shown by now: the page may ask twice before the first answer is there.
  const known = new Set(shownImports.peek().flatMap((shown) => [shown.key, shown.found?.id ?? ""]));
  for (const found of answer.imports) {
    if (known.has(found.id) || found.state === "uploading" || !OPEN.includes(found.state)) continue;
    const names = found.files.map((file) => file.name);
    const shown = { key: found.id, appId, names, sent: null, found, error: null, abort: null, again: null };
    shownImports.value = [...shownImports.value, shown];
    follow(found.id, appId, found).catch((error: unknown) => change(found.id, { error: asRequestError(error) }));
  }
}

/** Asks for an import until it is over. */
async function follow(key: string, appId: string, first: DumpImport): Promise<void> {
  let found = first;
  while (OPEN.includes(found.state)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (!shownImports.peek().some((shown) => shown.key === key)) return;
    try {
      found = await get<DumpImport>(`${pathOf(appId)}/${encodeURIComponent(found.id)}`);
    } catch (error) {
      // A restart of the server does not lose the import.
      const failure = asRequestError(error);
      if (failure.status !== 0 && failure.status !== 503 && failure.status !== 429) throw failure;
      continue;
    }
    change(key, { found });
  }
  if (found.sessions.length) importsDone.value++;
}

/** Stops an import on the server; what it has recorded stays. */
export async function cancel(shown: ShownImport): Promise<void> {
  if (!shown.found) return;
  try {
    const path = `${pathOf(shown.appId)}/${encodeURIComponent(shown.found.id)}/cancel`;
    change(shown.key, { found: await post<DumpImport>(path) });
  } catch (error) {
    change(shown.key, { error: asRequestError(error) });
  }
}

export function dismiss(key: string): void {
  shownImports.value = shownImports.value.filter((shown) => shown.key !== key);
}

function change(key: string, members: Partial<ShownImport>): void {
  shownImports.value = shownImports.value.map((shown) => (shown.key === key ? { ...shown, ...members } : shown));
}

function pathOf(appId: string): string {
  return `/v1/apps/${encodeURIComponent(appId)}/imports`;
}
