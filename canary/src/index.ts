// SPDX-License-Identifier: Apache-2.0
export { type Answer, classify, type Finding, OUTCOMES, type Outcome } from './classify.ts';
export { type CanaryParts, createCanary, PROBE_LIMIT_MS } from './handler.ts';
export { kmsAsk } from './kms.ts';
export { type Operation, type Place, type Probe, type ProbedKeys, probesOf } from './probes.ts';
export { reportLine } from './report.ts';
export { type Ask, type Reading, runProbes } from './run.ts';
export { CANARY, type CanaryConfig } from './settings.ts';
