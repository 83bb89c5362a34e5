// SPDX-License-Identifier: Apache-2.0
export { CHECKS } from './checks/index.ts';
export { DEPLOYMENT, deploymentOf } from './deployment-role.ts';
