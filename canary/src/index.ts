// SPDX-License-Identifier: Apache-2.0
export {
  type Answer,
  classify,
  type Finding,
  OUTCOMES,
  type Outcome,
  PASSES,
  VERDICTS,
  type Verdict,
  worstOf,
} from './classify.ts';
export { comparePolicies, DEPLOYED, type Look, type Subjects } from './compare.ts';
export { CONTROL, controlReading } from './control.ts';
export { type Drift, digestOf, driftOf, driftReadings, type ExpectedPolicy } from './drift.ts';
export { type Grant, grantReadings } from './grants.ts';
export { type CanaryParts, createCanary, PROBE_LIMIT_MS } from './handler.ts';
export { type KmsPlace, kmsAsk } from './kms.ts';
export { awsLook } from './look.ts';
export { COMPARED, type Compared, type Manifest, parseManifest } from './manifest.ts';
export { type Operation, type Place, type Probe, type ProbedKeys, probesOf } from './probes.ts';
export { METRICS, type Reporter, reportLine } from './report.ts';
export { type Ask, answerWithin, type Called, type Reading, runProbes } from './run.ts';
export { CANARY, type CanaryConfig } from './settings.ts';
