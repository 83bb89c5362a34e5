// SPDX-License-Identifier: Apache-2.0
export { organizationResourceControls, vaultResourceControls } from './resource-control.ts';
export { organizationControls, vaultControls } from './service-control.ts';
export type { ControlDocument, ControlStatement, ExpectedNetwork, Organization } from './types.ts';
