/** The events that a webhook may be for. */
export const WEBHOOK_EVENTS: readonly { name: string; title: string }[] = [
  { name: "meeting.started", title: "Session started" },
  { name: "meeting.ended", title: "Session ended" },
  { name: "meeting.participantJoined", title: "Participant joined" },
  { name: "meeting.participantLeft", title: "Participant left" },
  { name: "meeting.chatSynced", title: "Chat is ready" },
  { name: "meeting.transcript", title: "Transcript is ready" },
  { name: "meeting.summary", title: "Summary is ready" },
  { name: "recording.statusUpdate", title: "Recording changed" },
  { name: "livestreaming.statusUpdate", title: "Livestream changed" },
  { name: "alert.statusUpdate", title: "Alert raised or over" },
];

export function formatEventName(name: string): string {
  if (name === "webhook.test") return "Test";
  return WEBHOOK_EVENTS.find((each) => each.name === name)?.title ?? name;
}
