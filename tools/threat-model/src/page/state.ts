// SPDX-License-Identifier: Apache-2.0
import { MITIGATION, mitigationsOf, type Threat, type Workspace } from '../workspace/model.ts';

/** What became of a threat. */
export const STATES = {
  mitigated: 'what answers it is built, and proved by the checks named',
  'partly accepted': 'what is built bounds it or shows it; a rest is accepted, and says why',
  accepted: 'nothing stops it; why is said',
  open: 'something that answers it is not finished',
} as const;
export type State = keyof typeof STATES;

export function stateOf(workspace: Workspace, threat: Threat): State {
  const states = mitigationsOf(workspace, threat).map(({ status }) => status);
  const [resolved, accepted] = [states.includes(MITIGATION.resolved), states.includes(MITIGATION.accepted)];
  if (states.some((status) => status !== MITIGATION.resolved && status !== MITIGATION.accepted))
    return 'open';
  if (!resolved) return accepted ? 'accepted' : 'open';
  return accepted ? 'partly accepted' : 'mitigated';
}
