import type { Part } from "./part.ts";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const banner = /\b(?:Chromium|Google Chrome) (\d+(?:\.\d+)+)/;

/** The browser in which reports and pages are looked at. */
export const chromium: Part = {
  id: "chromium",
  group: "debian",
  get: "apt-get install -y --no-install-recommends chromium",
  async probe(environment) {
    const reasons: string[] = [];
    for (const path of candidates) {
      const said = await environment.run(path, ["--version", "--no-sandbox"], 10_000);
      const version = said.ok ? banner.exec(said.text)?.[1] : undefined;
      if (version !== undefined) return { id: "chromium", version, path };
      reasons.push(said.ok ? `${path} is another program` : said.reason);
    }
    return { id: "chromium", reason: reasons.join("; ") };
  },
};
