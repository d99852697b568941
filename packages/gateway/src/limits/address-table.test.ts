import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { errorCode, runGateway } from "../../test/harness.ts";
import { type AddressTable, createAddressTable } from "./address-table.ts";

const tableOf = (addressesMax = 100_000, failuresPerMinute = 100): AddressTable =>
  createAddressTable({ failuresPerMinute, addressesMax, random: seededRandom(1) });

const failTimes = (table: AddressTable, address: string, times: number, nowUs = 1): void => {
  for (let i = 0; i < times; i++) table.fail(address, nowUs);
};

describe("failures by address", () => {
  it("100 failures pass, then the address waits 600 ms, which admits exactly one more", () => {
    const table = tableOf();
    for (let i = 0; i < 100; i++) {
      expect(table.waitUs("10.0.0.1", 1)).toBe(0);
      table.fail("10.0.0.1", 1);
    }
    expect(table.waitUs("10.0.0.1", 1)).toBe(600_000);
    expect(table.waitUs("10.0.0.1", 600_001)).toBe(0);
    table.fail("10.0.0.1", 600_001);
    expect(table.waitUs("10.0.0.1", 600_001)).toBe(600_000);
    expect(table.waitUs("10.0.0.2", 1)).toBe(0);
  });

  it("IPv6 counts by /64, a mapped IPv4 address as itself", () => {
    const table = tableOf(100_000, 1);
    table.fail("2001:db8:1:2::1", 1);
    expect(table.waitUs("2001:db8:1:2:ffff::9", 1)).toBeGreaterThan(0);
    expect(table.waitUs("2001:db8:1:3::1", 1)).toBe(0);
    expect(table.waitUs("2001:db8::2", 1)).toBe(0);
    table.fail("::ffff:10.1.2.3", 1);
    expect(table.waitUs("10.1.2.3", 1)).toBeGreaterThan(0);
    table.fail("fe80::1%eth0", 1);
    expect(table.waitUs("fe80::2%eth1", 1)).toBeGreaterThan(0);
  });

  it("looking up takes no entry, and nothing is kept before the first failure", () => {
    const table = tableOf();
    for (let i = 0; i < 1000; i++) table.waitUs(`10.0.${i >> 8}.${i & 255}`, 1);
    expect(table.size(1)).toBe(0);
    table.fail("10.0.0.1", 1);
    expect(table.size(2)).toBe(1);
    expect(table.size(1_000_000_000)).toBe(0);
  });

  it("1,000,000 addresses that fail grow neither the table nor the heap", () => {
    const table = tableOf();
    failTimes(table, "192.0.2.1", 100);
    const before = process.memoryUsage();
    for (let i = 0; i < 1_000_000; i++) {
      const address =
        i % 2 === 0
          ? `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
          : `2001:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`;
      table.fail(address, 1);
    }
    const after = process.memoryUsage();
    expect(table.size(2)).toBeLessThanOrEqual(100_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100_000);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(64 * 1024 * 1024);
    expect(table.waitUs("192.0.2.1", 1)).toBeGreaterThan(0);
  });
});

describe("the address limiter of a running gateway", () => {
  it("wrong keys are refused after the limit, before they are looked at; health stays open", async () => {
    await using running = await runGateway({ addressLimit: { failuresPerMinute: 5 } });
    const headers = { authorization: "Bearer wrong", "content-type": "application/json" };
    const url = `${running.url}/v1/models`;
    for (let i = 0; i < 5; i++) {
      const response = await fetch(url, { headers });
      expect(response.status).toBe(401);
      await response.text();
    }
    const refused = await fetch(url, { headers });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-loadline-limit")).toBe("address/failures");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await errorCode(refused)).toBe("LL_LIMIT_ADDRESS");
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  });

  it("calls that succeed are free", async () => {
    await using running = await runGateway({ addressLimit: { failuresPerMinute: 1 } });
    for (let i = 0; i < 20; i++) {
      const response = await running.get("/v1/models");
      expect(response.status).toBe(200);
      await response.text();
    }
  });
});
