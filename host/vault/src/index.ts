// SPDX-License-Identifier: Apache-2.0

/** What the vault does, without any I/O of its own. */
export * from './errors.ts';
export * from './ports.ts';
export { type Context, isScope, type Principal, SCOPES, type Scope } from './principal.ts';
