// SPDX-License-Identifier: Apache-2.0
export type { EnclaveDescription, RunEnclaveOptions, Termination } from './descriptions.ts';
export { NitroError, type NitroErrorCode } from './errors.ts';
export { Hypervisor, type HypervisorOptions } from './hypervisor.ts';
export type { MeasurementsJson } from './measure/measurements.ts';
export { SecureModule, type SecureModuleOptions } from './nsm/module.ts';
export { extendZero, Registers } from './nsm/registers.ts';
export type { NsmErrorCode } from './nsm/requests.ts';
