// SPDX-License-Identifier: Apache-2.0
export { Account, type AccountOptions, type Call, type JournalEntry } from './account.ts';
export { Clock } from './clock.ts';
export type { ChangeSetInput } from './cloudformation/inputs.ts';
export { resolveObject, type Scope } from './cloudformation/intrinsics.ts';
export { CloudFormation, type CloudFormationOptions } from './cloudformation/service.ts';
export type {
  Change,
  ChangeSet,
  Stack,
  StackEvent,
  StackResource,
  StackStatus,
} from './cloudformation/stack.ts';
export type { Tie } from './cloudformation/template.ts';
export type { Fault, OperationName } from './cloudformation/worker.ts';
export { AwsError, NotModelledError } from './errors.ts';
export { actionsOf, HANDLERS } from './handlers/index.ts';
export type { Machines } from './http/endpoint.ts';
export {
  type AccountServer,
  type Observed,
  type ServerCredentials,
  type ServerOptions,
  startAccountServer,
} from './http/server.ts';
export { type Caller, serviceOf, sessionOf } from './identities.ts';
export { LIMITS } from './limits.ts';
export type { Thing, World, WorldOptions } from './world.ts';
