// SPDX-License-Identifier: Apache-2.0

/** What can be done with a stack in a status (CloudFormation User Guide, "Stack status codes"). */
export type StackPhase =
  /** CloudFormation works on it: wait. */
  | 'busy'
  /** A change set was made and never executed: nothing is in it yet. */
  | 'empty'
  /** Can be updated. */
  | 'ready'
  /** A first attempt that came to nothing, or what a deletion left: to be deleted before it can be made. */
  | 'dead'
  /** Neither forward nor back without somebody's help. */
  | 'stuck';

const DEAD = new Set(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED']);
const READY = new Set([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'IMPORT_COMPLETE',
  'IMPORT_ROLLBACK_COMPLETE',
]);

export function phaseOf(status: string): StackPhase {
  if (status === 'REVIEW_IN_PROGRESS') return 'empty';
  if (status.endsWith('_IN_PROGRESS')) return 'busy';
  if (DEAD.has(status)) return 'dead';
  // A status that this program does not know is nothing to build on.
  return READY.has(status) ? 'ready' : 'stuck';
}

/** Ends of an operation that did what was asked. */
export function succeeded(status: string): boolean {
  return status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE';
}
