import { mayWrite, me } from "../account";
import { useResource } from "../api/resource";
import type { ServerSettings } from "../api/types";
import { Icon, type IconName } from "../components/icon";
import { lazy } from "../components/lazy";
import { Problem, Skeleton } from "../components/placeholders";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { Apps } from "./settings/apps";
import { Audit } from "./settings/audit";
import { Jobs } from "./settings/jobs";
import { PersonData } from "./settings/person";
import { ReadLinks } from "./settings/read_links";
import { RetentionTimes } from "./settings/retention";
import { Tokens } from "./settings/tokens";

const Sources = lazy(() => import("./settings/sources").then((module) => module.Sources));

const Webhooks = lazy(() => import("./settings/webhooks").then((module) => module.Webhooks));
const Presets = lazy(() => import("./settings/presets").then((module) => module.Presets));
const Alerts = lazy(() => import("./settings/alerts").then((module) => module.Alerts));

const SECTIONS = [
  { name: "apps", title: "Apps", icon: "grid" },
  { name: "tokens", title: "Tokens", icon: "key" },
  { name: "sources", title: "Sources", icon: "server" },
  { name: "presets", title: "Presets", icon: "person" },
  { name: "webhooks", title: "Webhooks", icon: "relay" },
  { name: "alerts", title: "Alerts", icon: "alert" },
  { name: "links", title: "Shared sessions", icon: "link" },
  { name: "retention", title: "Retention", icon: "clock" },
  { name: "privacy", title: "Privacy", icon: "shield" },
  { name: "person", title: "One person", icon: "person" },
  { name: "jobs", title: "Jobs", icon: "list" },
  { name: "audit", title: "Audit log", icon: "search" },
  { name: "server", title: "Server", icon: "settings" },
] as const satisfies readonly { name: string; title: string; icon: IconName }[];

type Section = (typeof SECTIONS)[number]["name"];

const PRIVACY: Record<string, { title: string; about: string }> = {
  full: { title: "Whole addresses are kept", about: "Every IP address is kept as it came." },
  truncate: {
    title: "Addresses are shortened",
    about: "Only the network part is kept (/24, /48): 198.51.100.23 is written as 198.51.100.0.",
  },
  none: { title: "No address is kept", about: "Not even the network part of an IP address is written down." },
};

/** The settings of the account, and those of the server. */
export function SettingsPage() {
  const given = place.value.query.get("section");
  const here: Section = SECTIONS.find((section) => section.name === given)?.name ?? "apps";
  useTitle("Settings");
  return (
    <div class="page">
      <div class="page-head">
        <h1>Settings</h1>
        <p class="faint">
          {me.value?.account_name} · {mayWrite.value ? "admin" : "read only"}
        </p>
      </div>
      <div class="settings">
        <nav aria-label="Settings">
          {SECTIONS.map((section) => (
            <a
              key={section.name}
              href={`/settings?section=${section.name}`}
              aria-current={section.name === here ? "page" : undefined}
              onClick={(event) => {
                event.preventDefault();
                goQuery({ section: section.name });
              }}
            >
              <Icon name={section.icon} />
              {section.title}
            </a>
          ))}
        </nav>
        <div class="settings-body">
          <h2 class="section-title">{SECTIONS.find((section) => section.name === here)?.title}</h2>
          <Body section={here} />
        </div>
      </div>
    </div>
  );
}

function Body({ section }: { section: Section }) {
  if (section === "apps") return <Apps />;
  if (section === "privacy" || section === "server") return <Server section={section} />;
  if (section === "retention") return <RetentionTimes />;
  if (!mayWrite.value) return <p class="faint">Only an admin may see this.</p>;
  if (section === "person") return <PersonData />;
  if (section === "audit") return <Audit />;
  if (section === "sources") return <Sources />;
  if (section === "presets") return <Presets />;
  if (section === "webhooks") return <Webhooks />;
  if (section === "alerts") return <Alerts />;
  if (section === "links") return <ReadLinks />;
  return section === "tokens" ? <Tokens /> : <Jobs />;
}

function Server({ section }: { section: "privacy" | "server" }) {
  const resource = useResource<ServerSettings>("/v1/settings");
  const { data } = resource;
  if (!data) {
    return resource.error ? (
      <Problem error={resource.error} onRetry={resource.reload} />
    ) : (
      <Skeleton lines={8} />
    );
  }
  if (section === "privacy") {
    return (
      <section>
        <p class="section-about">How much of a person’s IP address is kept.</p>
        <h3>{PRIVACY[data.privacy]?.title ?? data.privacy}</h3>
        <p>
          {PRIVACY[data.privacy]?.about} The operator chooses this when starting the server
          (<code>AFTERCALL_PRIVACY</code>).
        </p>
        <p>
          How long what is kept stays is in <a href="/settings?section=retention">Retention</a>; one
          person’s data is exported and erased in <a href="/settings?section=person">One person</a>.
        </p>
      </section>
    );
  }
  return (
    <section>
      <p>
        Aftercall {data.version} on {data.database}, model of quality {data.fold_version}.{" "}
        <a href={data.docs_path}>API documentation</a> · <a href={data.metrics_path}>Metrics</a>
      </p>
      <table class="plain server-settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col">What it does</th>
          </tr>
        </thead>
        <tbody>
          {data.settings.map((setting) => (
            <tr key={setting.name}>
              <td>
                <code>{setting.name}</code>
              </td>
              <td>{String(setting.value) || <span class="faint">empty</span>}</td>
              <td class="faint">{setting.about}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
