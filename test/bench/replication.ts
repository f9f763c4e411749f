// Replication, one section for each question; `make bench ARGS=replication` runs all, ARGS=replication/lag one.
import type { Section } from "./harness/report.ts";
import { convergenceBench } from "./replication/convergence.ts";
import { costBench } from "./replication/cost.ts";
import { frozenBench } from "./replication/frozen.ts";
import { joinBench } from "./replication/join.ts";
import { lagBench } from "./replication/lag.ts";
import { profileBench } from "./replication/profile.ts";
import { sustainedBench } from "./replication/sustained.ts";
import { turnsBench } from "./replication/turns.ts";
import { waysBench } from "./replication/ways-compared.ts";

export const replicationBenches: Readonly<Record<string, () => Promise<Section>>> = {
  "replication/lag": lagBench,
  "replication/cost": costBench,
  "replication/turns": turnsBench,
  "replication/ways": waysBench,
  "replication/sustained": sustainedBench,
  "replication/join": joinBench,
  "replication/frozen": frozenBench,
  "replication/convergence": convergenceBench,
  "replication/profile": profileBench,
};
