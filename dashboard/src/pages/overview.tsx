export function OverviewPage(_props: Record<string, string>) { return null; }
