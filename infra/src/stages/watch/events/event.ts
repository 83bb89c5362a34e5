// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../../../config/deploy.ts';
import type { Calls, Match, Where } from '../match.ts';
import type { Subjects } from '../subjects.ts';

/** Something that is never a matter of course: somebody changed what protects the vault, or used what may. */
export interface WatchEvent {
  readonly id: string;
  /** What happened, as the message begins. */
  readonly what: string;
  /**
   * Where it may happen. `home`: in the deployment's Region. `anywhere`: in any Region, too. `global`: IAM, whose records
   * are made in one Region of the partition.
   */
  readonly region: 'home' | 'anywhere' | 'global';
  /** Of other than changes, too: EventBridge leaves reading calls out unless it is told. */
  readonly reading?: true;
  /** A deployment does it as well. That is said in the message, and suppressed nowhere. */
  readonly deployment: boolean;
  readonly why: string;
  readonly todo: string;
  /** Left out where the configuration has nothing of the kind. */
  readonly when?: (config: DeployConfig) => boolean;
  readonly calls: (subjects: Subjects) => readonly Calls[];
}

/** Of a value that begins so. */
export function prefix(text: string): Match {
  return { prefix: text };
}

/** A call that was refused has no parameters in its record; KMS's message names the key, STS's the role. */
export function refusedOn(subjects: readonly string[]): Where {
  return { errorMessage: subjects.map((subject) => ({ contains: subject })) };
}
