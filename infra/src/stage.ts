// SPDX-License-Identifier: Apache-2.0
import type { Deployment, Measurements } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import type { DeployConfig } from './config/deploy.ts';
import { InfraError } from './errors.ts';
import type { Names } from './names.ts';
import type { OutputShape, OutputValues } from './outputs.ts';

/** A file in the bucket of artifacts, pinned: what was uploaded is what is used. */
export interface ArtifactLocation {
  readonly bucket: string;
  readonly key: string;
  /** S3 version id. */
  readonly version: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly sha256: string;
}

/** Functions, by the name that the release has for them. */
export type FunctionArtifact = 'api' | 'authorizer' | 'smoke' | 'canary-inside' | 'canary-outside';

/** What a release put into the bucket: functions as the signing jobs left them, the rest as released. */
export interface PlacedRelease {
  /** Of the release, for people: `0.2.0`. */
  readonly release: string;
  readonly functions: Readonly<Record<FunctionArtifact, ArtifactLocation>>;
  /** Archive of the parent for aarch64 instances. */
  readonly parent: ArtifactLocation;
  /** The enclave image. */
  readonly image: ArtifactLocation;
  /** Archive of this deployment's settings of the parent: parent.json, the enclave's configuration, the channel's roots. */
  readonly parentSettings: ArtifactLocation;
}

/** Everything a stage is made of. Plain text only: no value that CloudFormation would fill in later. */
export interface StageContext {
  readonly config: DeployConfig;
  readonly names: Names;
  /** Outputs of earlier stages. @throws {InfraError} `output_missing` */
  readonly outputs: <S extends OutputShape>(stage: Stage<S>) => OutputValues<S>;
  /** What the key policies admit; null: nobody decrypts. */
  readonly measurements: Measurements | null;
  /** @throws {InfraError} `output_missing` before the release was uploaded */
  readonly release: () => PlacedRelease;
  /** The deployment as policies take it. @throws {InfraError} `output_missing` before the network is there */
  readonly deployment: () => Deployment;
}

/** One stack: a pure function of its context. */
export interface Stage<S extends OutputShape = OutputShape> {
  readonly id: string;
  /** A sentence, for CloudFormation's description and the progress of the deploy command. */
  readonly title: string;
  readonly outputs: S;
  /** Stages of which nothing is deleted by `npm run destroy`: stacks stay whole. */
  readonly kept?: true;
  /** Left out where the configuration says so. */
  readonly when?: (config: DeployConfig) => boolean;
  /** Adds the resources, and says what each output is (a token of the stack, for lists joined by commas). */
  readonly build: (stack: Stack, context: StageContext) => Readonly<Record<keyof S, string>>;
}

export function defineStage<const S extends OutputShape>(stage: Stage<S>): Stage<S> {
  if (!/^[a-z][a-z-]*$/.test(stage.id)) throw new InfraError('template_refused', `stage ${stage.id}`);
  return stage;
}
