// SPDX-License-Identifier: Apache-2.0
import {
  type ArtifactLocation,
  type DeployConfig,
  type Names,
  type OutputShape,
  type OutputValues,
  type PlacedRelease,
  parseOutputs,
  type Stage,
} from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import type { Part } from '@enclave-vault/release';
import type { Limits } from '../limits.ts';
import type { Clock, Cloud, Console } from '../ports.ts';
import type { OpenedRelease } from '../release/open.ts';
import type { StackTools } from '../stack/follow.ts';
import type { DeploymentSettings } from './settings.ts';

/** What a plan works with. */
export interface Run {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly console: Console;
  readonly limits: Limits;
  readonly config: DeployConfig;
  readonly names: Names;
}

/** Parts of a deployment for a pipeline, in their order: the keys admit both images, the new one comes to serve, the old one is shut out. */
export const PHASES = ['widen', 'deploy', 'narrow'] as const;
export type Phase = (typeof PHASES)[number];

/** A deployment's run, which has a release. */
export interface DeployRun extends Run {
  readonly release: OpenedRelease;
  /** Nobody is asked before keys admit another image. */
  readonly yes: boolean;
  /** This part of it alone; absent: all of it. */
  readonly phase?: Phase | undefined;
}

/** Parts of the release that need nothing of this deployment, as they lie in the bucket; functions are signed. */
export type PlacedFiles = Readonly<Record<Exclude<Part, 'api' | 'canary-inside'>, ArtifactLocation>>;

/** From which measurements to which. */
export interface Rollout {
  /** What the keys admitted when the run began. */
  readonly live: Measurements | null;
  /** What this release measures to here. */
  readonly wanted: Measurements;
}

/** What has become known in a run: all of it read from the account, or made of what was. */
export class Known {
  readonly outputs = new Map<string, OutputValues<OutputShape>>();
  measurements: Measurements | null = null;
  release: PlacedRelease | null = null;
  files: PlacedFiles | undefined;
  settings: DeploymentSettings | undefined;
  rollout: Rollout | undefined;
  /** States of policies that the canary was told of in this run, and takes until they are settled. */
  announced: ReadonlySet<string> = new Set();

  /** Takes the outputs of a deployed stage. @throws {InfraError} `output_missing`, `output_invalid` */
  take(stage: Stage, outputs: Readonly<Record<string, string>>): void {
    this.outputs.set(stage.id, parseOutputs(stage.id, stage.outputs, outputs));
  }

  /** Outputs of a stage that is deployed; undefined of one that is not. */
  of<S extends OutputShape>(stage: Stage<S>): OutputValues<S> | undefined {
    // The map holds what parseOutputs gave for this very stage.
    return this.outputs.get(stage.id) as OutputValues<S> | undefined;
  }
}

export function toolsIn({ cloud, clock, console, limits }: Run, region: string): StackTools {
  return { stacks: cloud.stacks(region), clock, console, limits };
}
