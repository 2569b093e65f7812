/** What the server answers about accounts and itself (docs/reference/dashboard-api.md). */

import type { Maybe } from "./shapes";

export type Role = "admin" | "read";

export interface App {
  id: string;
  name: string;
  created_at: number;
}

export interface Me {
  account_id: string;
  account_name: string;
  role: Role;
  app_id: string | null;
  apps: App[];
  csrf: string | null;
  expires_at: number | null;
  version: string;
  now: number;
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  app_id: string | null;
  created_at: number;
  last_used_at: Maybe;
  revoked_at: Maybe;
  is_mine: boolean;
}

export interface Job {
  id: string;
  task: string;
  app_id: string;
  session_id: string | null;
  created_at: number;
  due_at: number;
  attempts: number;
  last_error: string | null;
  dead_at: Maybe;
  is_running: boolean;
}

export interface ServerSettings {
  version: string;
  fold_version: number | string;
  privacy: string;
  settings: { name: string; value: string | number | boolean; about: string }[];
  docs_path: string;
  metrics_path: string;
}
