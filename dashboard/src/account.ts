/** The signed-in account and the chosen app. */

import { computed, signal } from "@preact/signals";
import { carryCsrf, get, post, RequestError, whenSignedOut } from "./api/request";
import { forgetAnswers } from "./api/resource";
import type { Me, MyApp } from "./api/types";
import { aheadOf } from "./clock";
import { go, parameter } from "./route";

const KEY = "aftercall.app";

/** `undefined` while it is not known, `null` when nobody is. */
export const me = signal<Me | null | undefined>(undefined);
/** The error of the last request for the account. */
export const trouble = signal<RequestError | null>(null);

const chosen = signal<string | null>(remembered());

/** The app whose calls are shown: the one in the address, else the one chosen last. */
export const app = computed<MyApp | null>(() => {
  const apps = me.value?.apps ?? [];
  const wanted = parameter("app").value ?? chosen.value;
  return apps.find((one) => one.id === wanted) ?? apps[0] ?? null;
});

export const mayWrite = computed(() => me.value?.role === "admin");

export function chooseApp(id: string): void {
  chosen.value = id;
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Then it is chosen for this page only.
  }
}

export async function findOutWhoWeAre(): Promise<void> {
  whenSignedOut(() => become(null));
  trouble.value = null;
  try {
    become(await get<Me>("/v1/me"));
  } catch (error) {
    if (error instanceof RequestError && error.status !== 401) trouble.value = error;
  }
}

/** Signs in by an API token or by a link's code. */
export async function signIn(proof: { token: string } | { link: string }): Promise<void> {
  become(await post<Me>("/v1/sign-in", proof));
}

export async function signOut(): Promise<void> {
  try {
    await post("/v1/sign-out");
  } finally {
    become(null);
    go("/sign-in");
  }
}

/** Reads the account again, as after creating an app. */
export async function refreshMe(): Promise<void> {
  become(await get<Me>("/v1/me"));
}

function become(who: Me | null): void {
  if (who === null) forgetAnswers();
  else aheadOf(who.now);
  carryCsrf(who?.csrf ?? null);
  me.value = who;
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
