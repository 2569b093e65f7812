import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../../components/icon";

/** The head of a page that is printed and downloaded: the way back, the title, CSV and Print. */
export function ReportHead(props: {
  crumbs: ComponentChildren;
  title: ComponentChildren;
  csv: string;
  /** What the file holds, if it is not what the page shows. */
  csvTitle?: string;
  /** Completes the page before it is printed. */
  beforePrint?: () => Promise<void>;
  children?: ComponentChildren;
}) {
  const [isPreparing, setPreparing] = useState(false);
  const printPage = async (): Promise<void> => {
    if (props.beforePrint) {
      setPreparing(true);
      await props.beforePrint();
      setPreparing(false);
      // After the rows that were added are drawn.
      await new Promise(requestAnimationFrame);
    }
    print();
  };
  return (
    <div class="report-head">
      <p class="crumbs">{props.crumbs}</p>
      <h1>{props.title}</h1>
      <div class="row tools">
        {props.children}
        <a class="choice" href={props.csv} title={props.csvTitle} download>
          <Icon name="download" />
          CSV
        </a>
        <button type="button" class="choice" disabled={isPreparing} onClick={() => void printPage()}>
          <Icon name="print" />
          {isPreparing ? "Loading…" : "Print"}
        </button>
      </div>
    </div>
  );
}

/** One of the figures over a table. */
export function Figure(props: { name: string; value: ComponentChildren; note?: ComponentChildren; title?: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class="big" title={props.title}>
        {props.value}
      </dd>
      {props.note && <dd>{props.note}</dd>}
    </div>
  );
}
