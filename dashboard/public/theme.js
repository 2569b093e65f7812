// Before the first paint, so that a chosen theme does not flash in the other one's colours.
try {
  const chosen = localStorage.getItem("aftercall.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the system's theme stays.
}
