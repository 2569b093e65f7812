/** Uploads of files, whose progress `fetch` does not report. */

import { headersOf, readAnswer, RequestError } from "./request";

export interface Upload<Answer> {
  answer: Promise<Answer>;
  abort: () => void;
}

/** Sends files as `multipart/form-data`; `onShare` is called with the share that is sent, 0 to 1. */
export function upload<Answer>(
  path: string,
  files: readonly File[],
  onShare: (share: number) => void,
  method: "POST" | "PUT" = "POST",
): Upload<Answer> {
  const request = new XMLHttpRequest();
  const answer = new Promise<Answer>((resolve, reject) => {
    const lost = (): void => reject(new RequestError(0, "unreachable", "The connection ended before the files were sent."));
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onShare(event.loaded / event.total);
    };
    request.onerror = lost;
    request.onabort = () => reject(new RequestError(0, "stopped", "You stopped it."));
    request.onload = () => {
      try {
        resolve(readAnswer<Answer>(path, request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    request.open(method, path);
    for (const [name, value] of Object.entries(headersOf(method))) request.setRequestHeader(name, value);
    const body = new FormData();
    for (const file of files) body.append("file", file, file.name);
    request.send(body);
  });
  return { answer, abort: () => request.abort() };
}
