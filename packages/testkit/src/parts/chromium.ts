import { programPart } from "./banner.ts";

/** The browser in which reports and pages are looked at. */
export const chromium = programPart({
  id: "chromium",
  group: "debian",
  get: "apt-get install -y --no-install-recommends chromium",
  paths: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  args: ["--version", "--no-sandbox"],
  timeoutMs: 10_000,
  banner: /\b(?:Chromium|Google Chrome) (\d+(?:\.\d+)+)/,
});
