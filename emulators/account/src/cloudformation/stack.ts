// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '../json.ts';
import type { Thing } from '../world.ts';
import type { Template } from './template.ts';

export type StackStatus =
  | 'REVIEW_IN_PROGRESS'
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'CREATE_FAILED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_COMPLETE'
  | 'ROLLBACK_FAILED'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED';

export interface StackEvent {
  readonly id: string;
  /** ms since the epoch */
  readonly time: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
}

/** A resource of a stack as CloudFormation keeps it. */
export interface StackResource {
  readonly logicalId: string;
  readonly thing: Thing;
  /** Properties as CloudFormation last set them: what somebody changes by hand only a drift-aware change set sees. */
  readonly applied: JsonObject;
  status: string;
  /** Was there before the stack: no rollback takes it away. */
  readonly imported?: true;
}

export interface Change {
  readonly action: 'Add' | 'Modify' | 'Remove' | 'Import';
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string | undefined;
  /** Of a modification. `Conditional`: depends on what another change brings. */
  readonly replacement: 'True' | 'False' | 'Conditional' | undefined;
  /** Top-level properties that change, of a modification. */
  readonly properties: readonly string[];
  /** Of a drift-aware change set. */
  readonly drift?: 'IN_SYNC' | 'MODIFIED' | 'DELETED';
}

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly template: Template;
  readonly changes: readonly Change[];
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly onFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';
  /** Whether what is there already under a template's name is taken into the stack. */
  readonly importExisting: boolean;
  /** Whether it is drift-aware. */
  readonly revertDrift: boolean;
  status: 'CREATE_COMPLETE' | 'FAILED';
  reason: string | undefined;
  executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE' | 'OBSOLETE';
}

export interface Stack {
  /** ARN with a fresh id at its end: a stack deleted and made anew is another. */
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly createdAt: number;
  updatedAt: number | undefined;
  deletedAt: number | undefined;
  status: StackStatus;
  reason: string | undefined;
  /** Null before the first one was carried out. */
  template: Template | null;
  resources: Map<string, StackResource>;
  outputs: Readonly<Record<string, string>>;
  /** Once given, used for every operation of the stack. */
  roleArn: string | null;
  tags: Readonly<Record<string, string>>;
  terminationProtection: boolean;
  /** Stack policy. */
  policy: JsonObject | null;
  readonly changeSets: Map<string, ChangeSet>;
  readonly events: StackEvent[];
  /** What is going on; null between operations. */
  operation: Iterator<void> | null;
}

export const IN_PROGRESS = /_IN_PROGRESS$/;
