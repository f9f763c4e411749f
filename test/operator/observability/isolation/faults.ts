// Every fault, in an order in which no critical alert hides a lesser one of its signal before a receiver was told of that.
import { clientFaults } from "./client-faults.ts";
import type { Fault } from "./fault.ts";
import { lastFaults } from "./last-faults.ts";
import { peerFaults } from "./peer-faults.ts";
import { restartFaults } from "./restart-faults.ts";
import { trafficFaults } from "./traffic-faults.ts";

// 30 minutes of rates are long to fill: what needs a cache without traffic, and then without evictions, comes first
export const faults: readonly Fault[] = [...trafficFaults, ...peerFaults, ...clientFaults, ...restartFaults, ...lastFaults];
