// What many scrapers cost, and that one alone always sees what is true.
import { responderMetrics } from "#contract/metrics";
import { createExpositionPage } from "#telemetry/exposition-page";
import { createTelemetry } from "#telemetry/instruments";
import { expect, test } from "vitest";

const openMetrics = "application/openmetrics-text;version=1.0.0";

const open = () => {
  const time = { now: 5_000 };
  const rendered: { format: string; at: number }[] = [];
  const page = createExpositionPage({
    clock: { monotonic: () => time.now },
    render: async (format) => {
      rendered.push({ format, at: time.now });
      return `${format} ${rendered.length}`;
    },
  });
  return { time, rendered, page };
};

test("a scraper that is alone always gets a fresh text, in its format", async () => {
  const { time, page } = open();
  for (let n = 1; n < 40; n += 2) {
    expect(await page(undefined)).toEqual({ contentType: "text/plain; version=0.0.4; charset=utf-8", text: `text ${n}` });
    expect(await page(openMetrics)).toEqual({ contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8", text: `openMetrics ${n + 1}` });
    time.now += 100;
  }
});

test("fifty scrapes a second are ten renderings, after the first ten, and no text is older than a tenth of a second", async () => {
  const { time, rendered, page } = open();
  for (let i = 0; i < 500; i++) {
    const { text } = await page(undefined);
    const made = rendered[Number(text.split(" ")[1]) - 1];
    expect(time.now - (made?.at ?? 0)).toBeLessThanOrEqual(100);
    time.now += 20;
  }
  // in ten seconds
  expect(rendered.length).toBeGreaterThanOrEqual(100);
  expect(rendered.length).toBeLessThanOrEqual(110);
  for (const { at } of rendered) expect(rendered.filter((other) => other.at >= at && other.at < at + 1_000).length).toBeLessThanOrEqual(20);
});

test("scrapes that come together share one rendering", async () => {
  const { rendered, page } = open();
  const pages = await Promise.all([page(undefined), page("*/*"), page(undefined)]);
  expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
  expect(rendered).toHaveLength(1);
});

test("a rendering that fails fails its own scrape and no later one", async () => {
  let fails = true;
  const page = createExpositionPage({ clock: { monotonic: () => 0 }, render: async () => (fails ? Promise.reject(new Error("no")) : "text") });
  for (let i = 0; i < 20; i++) await expect(page(undefined)).rejects.toThrow("no");
  fails = false;
  expect((await page(undefined)).text).toBe("text");
});

test("a rendering takes less than 5 ms of the processor, process metrics included, and its time is told", async () => {
  const telemetry = createTelemetry(responderMetrics);
  for (let i = 0; i < 100; i++) await telemetry.render();
  const times = 200;
  const before = process.cpuUsage();
  const toldBefore = telemetry.renderSeconds();
  for (let i = 0; i < times; i++) await telemetry.render(i % 2 === 0 ? "text" : "openMetrics");
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000;
  expect(milliseconds / times).toBeLessThan(5);
  expect((telemetry.renderSeconds() - toldBefore) * 1000).toBeGreaterThan(milliseconds / 10);
});
