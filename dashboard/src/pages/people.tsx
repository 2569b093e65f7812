export function PeoplePage(_props: Record<string, string>) { return null; }
