// SPDX-License-Identifier: Apache-2.0
export type {
  KmsEmulatorConfig,
  ListenerConfig,
  NetworkConfig,
  PrincipalConfig,
  QuotaConfig,
} from './config.ts';
export type { LogLine } from './dispatch.ts';
export { type Endpoint, type Hooks, type KmsEmulator, startKmsEmulator } from './emulator.ts';
export { type AwsErrorName, StartError, type StartErrorCode } from './errors.ts';
export type { CloudTrailEvent } from './events.ts';
export { parseConfig } from './parse-config.ts';
