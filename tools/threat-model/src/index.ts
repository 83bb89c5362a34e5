// SPDX-License-Identifier: Apache-2.0
export { type Against, checkWorkspace, type Outcome } from './check.ts';
export { Repository } from './checks/repository.ts';
export { Results } from './checks/results.ts';
export { FOLDER, type Model, readModel, WORKSPACE } from './model.ts';
export { mitigationsPage } from './page/mitigations.ts';
export { threatModelPage } from './page/page.ts';
export { ACTORS, TIERS } from './parties.ts';
export { lineOf, PROBLEMS, type Problem } from './problems.ts';
