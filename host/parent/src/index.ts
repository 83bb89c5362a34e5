// SPDX-License-Identifier: Apache-2.0
export { type ParentConfig, parseParentConfig } from './config.ts';
export { ParentError, type ParentErrorCode } from './errors.ts';
export { Fleet, type FleetOptions } from './fleet.ts';
export { Hypervisor } from './hypervisor.ts';
export { DEADLINE_HEADER, ENCLAVE_HEADER, PARENT_TIMEOUT_MS } from './interface.ts';
export { createLog, type Log, type LogLevel } from './log.ts';
export { KmsRelay, type RelayOptions } from './relay.ts';
export { ParentServer, type ParentServerOptions } from './server.ts';
