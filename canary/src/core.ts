// SPDX-License-Identifier: Apache-2.0
/** What canaries mean, without anything that calls AWS: for those that probe or call by a client of their own. */
export {
  classify,
  type Finding,
  isGood,
  OUTCOMES,
  VERDICTS,
  type Verdict,
  wordOf,
  worstOf,
} from './classify.ts';
export { CONTROL, controlReading } from './control.ts';
export { digestOf, driftOf, driftReadings, type ExpectedPolicy } from './drift.ts';
export { stateReading, unlessUnusable } from './key-state.ts';
export { type Probe, type ProbedKeys, probesOf } from './probes.ts';
export { METRICS, type Reporter, reportLine, writeLine } from './report.ts';
export { type Ask, type Reading, runProbes } from './run.ts';
