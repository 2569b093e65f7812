export function PersonPage(_props: Record<string, string>) { return null; }
