import { mayWrite, me } from "../account";
import { useResource } from "../api/resource";
import type { ServerSettings } from "../api/types";
import { Problem, Skeleton } from "../components/placeholders";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { capitalise } from "../format/labels";
import { Apps } from "./settings/apps";
import { Audit } from "./settings/audit";
import { Jobs } from "./settings/jobs";
import { PersonData } from "./settings/person";
import { ReadLinks } from "./settings/read_links";
import { RetentionTimes } from "./settings/retention";
import { Tokens } from "./settings/tokens";

const SECTIONS = [
  { name: "apps", title: "Apps" },
  { name: "tokens", title: "Tokens" },
  { name: "links", title: "Shared sessions" },
  { name: "jobs", title: "Jobs" },
  { name: "retention", title: "Retention" },
  { name: "privacy", title: "Privacy" },
  { name: "person", title: "One person" },
  { name: "audit", title: "Audit log" },
  { name: "server", title: "Server" },
] as const;

type Section = (typeof SECTIONS)[number]["name"];

const PRIVACY: Record<string, string> = {
  full: "Whole IP addresses are kept.",
  truncate: "Only the network part of IP addresses is kept (/24, /48).",
  none: "No IP address is kept.",
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
              {section.title}
            </a>
          ))}
        </nav>
        <div class="settings-body">
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
        <h2>{capitalise(data.privacy)}</h2>
        <p>{PRIVACY[data.privacy] ?? ""} The operator chooses this when starting the server.</p>
      </section>
    );
  }
  return (
    <section>
      <p>
        Aftercall {data.version}, model of quality {data.fold_version}.{" "}
        <a href={data.docs_path}>API documentation</a> · <a href={data.metrics_path}>Metrics</a>
      </p>
      <table class="plain">
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
