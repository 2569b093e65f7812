// Makes the nine calls of the Sessions API with one generation of the official SDK and prints what
// came back, as one JSON object. Arguments: generation, base URL, token, account, app, session, peer.
const [generation, baseURL, apiToken, account, app, session, peer] = process.argv.slice(2);
const { default: Cloudflare } = await import(`cloudflare-${generation}`);
const { sessions } = new Cloudflare({ baseURL, apiToken, maxRetries: 0 }).realtimeKit;

const inApp = { account_id: account, app_id: app };
const inAccount = { account_id: account };
// generation 6 names the app first, generation 7 among the parameters
const calls =
  generation === "6"
    ? {
        list: () => sessions.getSessions(app, { ...inAccount, search: session }),
        details: () => sessions.getSessionDetails(app, session, inAccount),
        participants: () => sessions.getSessionParticipants(app, session, { ...inAccount, per_page: 2 }),
        participant: () => sessions.getSessionParticipantDetails(app, session, peer, inAccount),
        chat: () => sessions.getSessionChat(app, session, inAccount),
        transcript: () => sessions.getSessionTranscripts(app, session, inAccount),
        summary: () => sessions.getSessionSummary(app, session, inAccount),
        summarise: () => sessions.generateSummaryOfTranscripts(app, session, inAccount),
        report: () => sessions.getParticipantDataFromPeerId(app, peer, inAccount),
      }
    : {
        list: () => sessions.getSessions(app, { ...inAccount, search: session }),
        details: () => sessions.getSessionDetails(session, inApp),
        participants: () => sessions.getSessionParticipants(session, { ...inApp, per_page: 2 }),
        participant: () =>
          sessions.getSessionParticipantDetails(peer, { ...inApp, session_id: session }),
        chat: () => sessions.getSessionChat(session, inApp),
        transcript: () => sessions.getSessionTranscripts(session, inApp),
        summary: () => sessions.getSessionSummary(session, inApp),
        summarise: () => sessions.generateSummaryOfTranscripts(session, inApp),
        report: () => sessions.getParticipantDataFromPeerID(peer, inApp),
      };

const answers = {};
for (const [name, call] of Object.entries(calls)) answers[name] = await call();
process.stdout.write(JSON.stringify(answers));
