// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
import { makeDashboard } from './watch/dashboard.ts';
import { watchFilters } from './watch/filters.ts';
import { trailLogGroup } from './watch/regions.ts';
import { watchRules } from './watch/rules.ts';
import { subjectsOf } from './watch/subjects.ts';
import { makeTrail } from './watch/trail.ts';

/** Trail, alarms on changes of what protects the vault, and the dashboard. */
export const WATCH = defineStage({
  id: 'watch',
  title: 'Trail, alarms, dashboard',
  outputs: {},
  build(stack, context) {
    const { config, names } = context;
    const subjects = subjectsOf(context);
    const made = config.watch.trail === 'own' ? makeTrail(stack, context) : undefined;
    watchRules(stack, context, subjects);
    const logGroup = trailLogGroup(config, names.logGroups.trail);
    if (logGroup !== undefined) watchFilters(stack, context, subjects, logGroup, made);
    makeDashboard(stack, context, logGroup !== undefined);
    return {};
  },
});
