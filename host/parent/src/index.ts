// SPDX-License-Identifier: Apache-2.0
export { type ParentConfig, readParentConfig } from './config.ts';
export { type CredentialSource, type InstanceIdentity, StaticCredentials } from './credentials/source.ts';
export { ParentError, type ParentErrorCode } from './errors.ts';
export { Fleet, type FleetOptions } from './fleet.ts';
export { EmulatedHypervisor } from './hypervisor/emulated.ts';
export type { EnclaveDescription, Hypervisor, RunEnclave } from './hypervisor/hypervisor.ts';
export { NitroCli, type NitroCliOptions } from './hypervisor/nitro-cli.ts';
export { DEADLINE_HEADER, ENCLAVE_HEADER, PARENT_TIMEOUT_MS } from './interface.ts';
export { createLog, type Log, type LogLevel } from './log.ts';
export { LocalPlaces } from './place/local.ts';
export type { Place, Places } from './place/place.ts';
export { KmsRelay, type RelayOptions } from './relay/kms-relay.ts';
export { ParentServer, type ParentServerOptions } from './server.ts';
export { PARENT, type ParentSettings } from './settings/role.ts';
