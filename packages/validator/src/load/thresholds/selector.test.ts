import { describe, expect, it } from "vitest";
import { bindJob, plannedSamples } from "../job.ts";
import { jobOfFile } from "../job-of-file.ts";
import { home, planFolder } from "../plan/run.fixture.ts";
import type { LoadLimit } from "../types.ts";

/** A shop of 10 iterations, whose checkout asks twice, beside a search of one request. */
const plan = (thresholds: string): string => `load:
  target: { baseUrl: "${home}" }
  scenarios:
    shop:
      executor: shared-iterations
      iterations: 10
      tags: { team: web, tier: gold }
      steps:
        - { name: home, http: / }
        - group:
            name: checkout
            steps:
              - { name: cart, http: /cart, tags: { team: pay } }
              - { name: pay, http: /pay, tags: { team: pay } }
    search: { executor: shared-iterations, iterations: 4, tags: { team: web }, steps: [{ name: find, http: /find }] }
  thresholds: ${thresholds}
`;

/** A mix whose parts both ask, the second one for a team of its own. */
const mix =
  (team: string) =>
  (thresholds: string): string =>
    `load:
  target: { baseUrl: "${home}" }
  scenarios:
    s:
      executor: shared-iterations
      iterations: 10
      mix:
        a: { weight: 1, steps: [{ name: ask, http: /a, tags: { team: pay } }] }
        b: { weight: 1, steps: [{ name: ask, http: /b, tags: { team: ${team} } }, { name: end, http: /c }] }
  thresholds: ${thresholds}
`;

async function bound(selector: string, threshold: string, write = plan) {
  using folder = planFolder();
  const file = await folder.compile(write(JSON.stringify({ [selector]: [threshold] })));
  const { bound: all, load } = bindJob(jobOfFile(file, { profile: "test", explore: false }));
  const [found] = all;
  if (found === undefined) throw new Error("no claim");
  return { ...found, planned: plannedSamples(found, load).most };
}

const of = ({ scenario, step }: LoadLimit): string => `${scenario}/${step ?? "*"}`;

describe("tags of a plan in selectors", () => {
  it.each([
    ["response_time{tier:gold}", ["shop/*"], 30],
    ["response_time{team:pay}", ["shop/cart", "shop/pay"], 20],
    ["response_time{team:web}", ["shop/home", "search/*"], 14],
    ["response_time{group:checkout}", ["shop/cart", "shop/pay"], 20],
    ["response_time{team:pay,step:cart}", ["shop/cart"], 10],
    ["response_time{scenario:search,team:web}", ["search/*"], 4],
    ["response_time{tier:gold,team:web}", ["shop/home"], 10],
  ])("%s covers what has them, and nothing else", async (selector, covered, samples) => {
    const { limits, planned } = await bound(selector, "p(50)<1s");
    expect(limits.map(of)).toEqual(covered);
    expect(planned).toBe(samples);
  });

  it("a name that two parts of a mix share is covered once: no request counts twice", async () => {
    for (const selector of ["response_time{step:ask}", "response_time{team:pay}"]) {
      const { limits, planned } = await bound(selector, "p(50)<1s", mix("pay"));
      expect([limits.map(of), planned], selector).toEqual([["s/ask"], 10]);
    }
  });

  it("requests of one name are told apart by no tag: a threshold that asks so is refused", async () => {
    await expect(bound("errors{team:pay}", "rate<1%", mix("web"))).rejects.toMatchObject({
      code: "LL_LOAD_PLAN_INVALID",
      message: expect.stringContaining("two requests of s are named ask and have other tags"),
    });
    expect((await bound("errors{step:ask}", "rate<1%", mix("web"))).limits.map(of)).toEqual([
      "s/ask",
    ]);
  });

  it.each(["{team:pay,team:web}", "{team:pay, team:pay}", "{step:cart,name:pay}"])(
    "errors%s is refused: it asks twice for one tag",
    async (tags) => {
      await expect(bound(`errors${tags}`, "rate<1%")).rejects.toMatchObject({
        code: "LL_LOAD_THRESHOLD_SYNTAX",
        message: expect.stringMatching(/asks for (team|step) twice/),
      });
    },
  );

  it("claims of two tags have ids of their own", async () => {
    expect((await bound("errors{team:pay}", "rate<1%")).claim.id).toBe("all.pay.errors.rate");
    expect((await bound("errors{team:web}", "rate<1%")).claim.id).toBe("all.web.errors.rate");
  });

  it.each([
    ["response_time{tema:pay}", /no tag tema\. Did you mean "team"\?/],
    ["response_time{team:pey}", /no request has team:pey\. Did you mean "team:pay"\?/],
    ["response_time{scenario:search,team:pay}", /no request has team:pay/],
    ["response_time{step:find,team:pay}", /no request has team:pay/],
    ["response_time{team:pay,step:home}", /no request has team:pay/],
  ])("%s is refused, with the nearest that is there", async (selector, says) => {
    await expect(bound(selector, "p(50)<1s")).rejects.toMatchObject({
      code: "LL_LOAD_METRIC_UNKNOWN",
      message: expect.stringMatching(says),
    });
  });

  it("what is told of a scenario alone is refused of one of its steps, not of the only one", async () => {
    const type = { code: "LL_LOAD_THRESHOLD_TYPE" };
    await expect(bound("icl{step:pay}", "p(50)<1s")).rejects.toMatchObject(type);
    await expect(bound("output_tokens{team:pay}", "count>1")).rejects.toMatchObject(type);
    await expect(bound("iterations{team:pay}", "count>1")).rejects.toMatchObject(type);
    await expect(bound("response_time{step:pay}", "p(50)<baseline+10%")).rejects.toMatchObject(
      type,
    );
    expect((await bound("icl{step:find}", "p(50)<1s")).limits.map(of)).toEqual(["search/*"]);
    expect((await bound("icl{tier:gold}", "p(50)<1s")).limits.map(of)).toEqual(["shop/*"]);
    const whole = await bound("response_time{step:find}", "p(50)<baseline+10%");
    expect(whole.claim.kind).toBe("comparison");
  });

  it("a tag that selectors know themselves is none a plan may give", async () => {
    using folder = planFolder();
    const text = plan("{}").replace("tier: gold", "step: gold");
    expect(await folder.refusal(text)).toMatch(
      /LL_LOAD_PLAN_INVALID .*shop\.tags\.step: has a meaning of its own/s,
    );
  });
});
