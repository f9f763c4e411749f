// Series that we do not define but rely on: what Prometheus makes of each scrape and rule, and what prom-client and Node report of the process.
import { defineCatalogue } from "./catalogue.ts";

/** Made by Prometheus itself. */
export const prometheusSeries = defineCatalogue({
  up: { type: "gauge", help: "1 when the last scrape of the target succeeded." },
  scrape_samples_post_metric_relabeling: { type: "gauge", help: "Samples of the last scrape of the target, as far as they were kept." },
  scrape_duration_seconds: { type: "gauge", help: "How long the last scrape of the target took." },
  ALERTS: {
    type: "gauge",
    help: "1 for each pending or firing alert, with the alert's labels.",
    labels: { alertname: { open: true, bound: 40 }, alertstate: ["pending", "firing"], severity: ["critical", "warning", "info"] },
  },
});

/** prom-client's default metrics, as far as alerts and panels use them. */
export const processSeries = defineCatalogue({
  process_start_time_seconds: { type: "gauge", help: "Start of the process, seconds since the epoch." },
  process_cpu_seconds_total: { type: "counter", help: "User and system CPU time." },
  process_resident_memory_bytes: { type: "gauge", help: "Resident memory." },
  nodejs_heap_size_used_bytes: { type: "gauge", help: "Heap in use." },
  nodejs_heap_size_total_bytes: { type: "gauge", help: "Heap taken from the system." },
  process_open_fds: { type: "gauge", help: "Open file descriptors." },
  nodejs_eventloop_lag_p99_seconds: { type: "gauge", help: "99th percentile of the event loop's delay since the last scrape." },
  nodejs_gc_duration_seconds: { type: "histogram", help: "Pauses of garbage collection.", labels: { kind: ["major", "minor", "incremental", "weakcb"] } },
});

/** How often the event loop's delay is looked at. Each look is a timer: at prom-client's 10 ms they take half a percent of a core. */
export const eventLoopEveryMs = 20;

/** Of the pauses of garbage collection, in seconds: four kinds of it have a histogram each. */
export const gcBuckets = [0.001, 0.01, 0.1, 1] as const;

/** prom-client's that are not shown: three series for each of V8's thirteen heap spaces, when the whole heap's are there. */
export const omittedProcessSeries = ["nodejs_heap_space_size_total_bytes", "nodejs_heap_space_size_used_bytes", "nodejs_heap_space_size_available_bytes"] as const;
