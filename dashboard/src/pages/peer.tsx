export function PeerPage(_props: Record<string, string>) { return null; }
