// The series that recording rules store for each instance. They carry the labels of their subject.
import { defineCatalogue } from "#telemetry/catalogue";

/** Long and short windows of burn-rate alerts (Google, The Site Reliability Workbook, chapter 5). */
export const burnWindows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;

export const recordedSeries = defineCatalogue({
  "kvresponder:operations:rate5m": { type: "gauge", help: "Operations a second, over both protocols." },
  "kvresponder:operations_failed:rate5m": { type: "gauge", help: "Operations a second that failed by the cache's fault." },
  "kvresponder:operations_timed:rate5m": { type: "gauge", help: "Operations a second whose time was taken." },
  "kvresponder:operations_slow:rate5m": { type: "gauge", help: "Operations a second that took longer than the objective allows." },
  "kvresponder:operations:avg_rate": { type: "gauge", help: "Operations a second over a long window.", labels: { window: ["1h", "6h", "1d", "3d"] } },
  "kvresponder:operations_failed:ratio": { type: "gauge", help: "Share of operations that failed.", labels: { window: burnWindows } },
  "kvresponder:operations_slow:ratio": { type: "gauge", help: "Share of operations that took longer than the objective allows.", labels: { window: burnWindows } },
  "kvresponder:lookups_hit:ratio_rate30m": { type: "gauge", help: "Share of lookups that found an entry." },
});
