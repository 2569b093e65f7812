"""Cost of the collector in a page with 20 streams: main thread, longest block, bytes per hour.

Figures are least / median / most. Two connections of one page to each other carry five audio and
five video streams each way; one of them is watched. The collector samples as fast as it can, so
that its share is measurable; an idle run of the same length beside it is subtracted. Needs Chromium
and the built collector.

    PYTHONPATH=. .venv/bin/python bench/collector.py
"""

import asyncio
import gzip
import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.async_api import CDPSession, Page, async_playwright

from tests.acceptance.chromium import CHROMIUM_FLAGS, find_chromium

BUILT = Path(__file__).resolve().parent.parent / "src" / "aftercall" / "_static" / "collector"
PORT = 18146
POLLS = 200
INTERVAL_S = 7
MOST_BLOCK_MS = 2.0

CONNECT = """
async () => {
  const audio = new AudioContext();
  const voices = () => {
    const to = audio.createMediaStreamDestination();
    const tone = audio.createOscillator();
    tone.connect(to);
    tone.start();
    return to.stream.getAudioTracks()[0];
  };
  const pictures = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 120 });
    const pen = canvas.getContext("2d");
    setInterval(() => pen.fillRect(Math.random() * 160, Math.random() * 120, 9, 9), 1000);
    return canvas.captureStream(1).getVideoTracks()[0];
  };
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
  far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
  for (const pc of [near, far]) {
    for (let count = 0; count < 5; count++) {
      pc.addTrack(voices());
      pc.addTrack(pictures());
    }
  }
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription);
  while (near.connectionState !== "connected") await new Promise((done) => setTimeout(done, 50));
  await new Promise((done) => setTimeout(done, 4000));
  window.near = near;
  const report = [...(await near.getStats()).values()];
  return report.filter(({ type }) => /^(in|out)bound-rtp$/.test(type)).length;
}
"""

ATTACH = """
() => {
  window.bodies = [];
  window.fetch = async (url, { body }) => {
    window.bodies.push(body.byteLength ?? body.length);
    const data = { rejected: [], session: null, interval_ms: 60000, next: "continue" };
    return Response.json({ data }, { status: 202 });
  };
  // The collector's one stretch without a pause: from the browser's report to its text.
  window.blocks = [];
  let began = 0;
  const { forEach } = RTCStatsReport.prototype;
  RTCStatsReport.prototype.forEach = function (visit) {
    began = performance.now();
    return forEach.call(this, visit);
  };
  const { stringify } = JSON;
  JSON.stringify = (value, ...rest) => {
    const text = stringify(value, ...rest);
    if (value?.type === "sample") window.blocks.push(performance.now() - began);
    return text;
  };
  window.collector = Aftercall.attach(window.near, { url: location.origin, token: "none" });
}
"""

POLL = """
async (polls) => {
  for (let count = 0; count < polls; count++) {
    await collector.sample();
    await new Promise((done) => setTimeout(done, 20));
  }
}
"""

BARE = """
async (polls) => {
  for (let count = 0; count < polls; count++) {
    (await near.getStats()).forEach(() => {});
    await new Promise((done) => setTimeout(done, 20));
  }
}
"""

IDLE = """
async (polls) => {
  for (let count = 0; count < polls; count++) {
    await new Promise((done) => setTimeout(done, 20));
  }
}
"""


async def main_thread_ms(cdp: CDPSession) -> float:
    metrics = (await cdp.send("Performance.getMetrics"))["metrics"]
    return 1_000 * next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")


async def measure(cdp: CDPSession, page: Page, script: str) -> float:
    before = await main_thread_ms(cdp)
    await page.evaluate(script, POLLS)
    return (await main_thread_ms(cdp) - before) / POLLS


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


async def run(executable: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=list(CHROMIUM_FLAGS)
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{PORT}/")
        await page.add_script_tag(url="/aftercall-collector.iife.js")
        streams = await page.evaluate(CONNECT)
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Performance.enable")
        idle = await measure(cdp, page, IDLE)
        bare = sorted([await measure(cdp, page, BARE) - idle for _ in range(5)])
        await page.evaluate(ATTACH)
        polls = sorted([await measure(cdp, page, POLL) - idle for _ in range(5)])
        bodies = sorted(await page.evaluate("window.bodies"))
        blocks = sorted(await page.evaluate("window.blocks"))
        await browser.close()
    block = blocks[len(blocks) // 2]
    median = polls[2]
    body = bodies[len(bodies) // 2]
    per_hour = body * 3_600 / INTERVAL_S
    print(f"streams                          {streams}")
    print(f"main thread per poll, ms         {polls[0]:.2f} / {median:.2f} / {polls[4]:.2f}")
    print(f"  of which getStats itself, ms   {bare[0]:.2f} / {bare[2]:.2f} / {bare[4]:.2f}")
    print(f"longest block, ms                {blocks[0]:.2f} / {block:.2f} / {blocks[-1]:.2f}")
    print(f"share of one core, at {INTERVAL_S} s        {median / INTERVAL_S / 10:.3f} %")
    print(f"bytes per report, gzipped        {body}")
    print(f"bytes per hour                   {per_hour / 1024:.0f} KiB")
    for file in sorted(BUILT.glob("*.js")):
        print(f"{file.name:32} {len(gzip.compress(file.read_bytes(), 9))} bytes gzipped")
    print(
        json.dumps(
            {"block_ms": round(block, 3), "ms_per_poll": round(median, 3), "bytes_per_report": body}
        )
    )
    if block > MOST_BLOCK_MS:
        raise SystemExit(f"the page was blocked for more than {MOST_BLOCK_MS} ms")


def main() -> None:
    executable = find_chromium()
    if executable is None:
        raise SystemExit("no Chromium was found on this machine")
    handler = partial(_Quiet, directory=str(BUILT))
    server = ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    asyncio.run(run(executable))
    server.shutdown()


if __name__ == "__main__":
    main()
