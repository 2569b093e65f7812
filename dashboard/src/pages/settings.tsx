export function SettingsPage(_props: Record<string, string>) { return null; }
