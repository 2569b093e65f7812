import { render } from "preact";
import { findOutWhoWeAre } from "./account";
import { watchBadNow } from "./bad_now";
import { readByLink } from "./api/request";
import { SharedShell } from "./frame/shared_shell";
import { Shell } from "./shell";
import { startClock } from "./clock";
import { isShared, startRouting } from "./route";
import { openSharedLink } from "./shared_link";
import { followSystemTheme } from "./theme";
import { followZone } from "./zone";
import "uplot/dist/uPlot.min.css";
import "@fontsource-variable/inter/wght.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/shell.css";
import "./style/tables.css";
import "./style/imports.css";
import "./style/session.css";
import "./style/sheet.css";
import "./style/settings.css";
import "./style/charts.css";
import "./style/first_run.css";
import "./style/participant.css";
import "./style/pages.css";
import "./style/overview.css";
import "./style/report.css";

startRouting();
followZone();
startClock();
followSystemTheme();
const root = document.getElementById("root");
if (isShared()) {
  readByLink();
  if (root) render(<SharedShell />, root);
  void openSharedLink();
} else {
  if (root) render(<Shell />, root);
  void findOutWhoWeAre();
  watchBadNow();
}
