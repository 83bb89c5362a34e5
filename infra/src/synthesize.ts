// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deployment, Measurements } from '@enclave-vault/policies';
import {
  App,
  BootstraplessSynthesizer,
  CfnOutput,
  type IStackSynthesizer,
  Stack,
  Tags,
  Token,
  Validations,
} from 'aws-cdk-lib';
import { demandSound } from './checks/index.ts';
import type { DeployConfig } from './config/deploy.ts';
import { InfraError } from './errors.ts';
import { namesOf } from './names.ts';
import type { OutputShape, OutputValues } from './outputs.ts';
import type { PlacedRelease, Stage, StageContext } from './stage.ts';
import { NETWORK } from './stages/network.ts';
import { schemaValidator } from './validator.ts';

/** A CloudFormation template, as JSON. */
export interface Template {
  readonly Description?: string;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly [other: string]: unknown;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly [other: string]: unknown;
}

/** What is known by the time that a stage is made. */
export interface Known {
  readonly config: DeployConfig;
  /** Outputs of deployed stages, by the stage's id. */
  readonly outputs: ReadonlyMap<string, OutputValues<OutputShape>>;
  readonly measurements: Measurements | null;
  readonly release: PlacedRelease | null;
}

/**
 * The template of one stage. Same inputs, same bytes.
 * @throws {InfraError} `template_refused` when it has what none of ours may have (checks/README.md)
 */
export function synthesize(stage: Stage, known: Known): Template {
  return inFolder((outdir) => {
    const stack = assemble(outdir, stage, known);
    let template: Template;
    try {
      template = App.of(stack)?.synth().getStackByName(stack.stackName).template as Template;
    } catch (cause) {
      // What is wrong with which resource, CDK has printed.
      throw new InfraError('template_refused', `the template of ${stage.id} is not valid`, { cause });
    }
    demandSound({ stage: stage.id, kept: stage.kept === true, config: known.config, template });
    return template;
  });
}

/** How every CDK application of ours is made: a template depends on nothing around it. */
export const APP = {
  analyticsReporting: false,
  treeMetadata: false,
  // After whatever CDK takes from its environment (CDK_CONTEXT_JSON).
  postCliContext: {
    // What CloudFormation's own schemas refuse is an error here, before anything is deployed.
    '@aws-cdk/core:validateAgainstDefaultRules': true,
    'aws:cdk:enable-path-metadata': false,
    'aws:cdk:enable-asset-metadata': false,
  },
} as const;

/** CDK leaves its files behind, and knows no other way to a template. */
export function inFolder<T>(use: (outdir: string) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'enclave-vault-'));
  try {
    return use(outdir);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/**
 * The stack of a stage, before it is a template.
 * @param outdir where CDK puts its files
 * @throws {InfraError}
 */
export function assemble(outdir: string, stage: Stage, known: Known): Stack {
  const { config } = known;
  const names = namesOf(config);
  const app = new App({ ...APP, outdir });
  Validations.of(app).addPlugins(schemaValidator(app));
  const stack = new Stack(app, names.stack(stage.id), {
    description: `${stage.title} (Enclave Vault ${config.name})`,
    env: { account: config.account, region: config.region },
    // The class names members `undefined` that its interface only leaves out.
    synthesizer: new BootstraplessSynthesizer({}) as IStackSynthesizer,
  });
  Validations.of(stack).acknowledge({
    id: 'CloudFormation-Validate::W3010',
    reason: 'Zones are the configuration’s own: nothing is looked up when templates are made.',
  });
  const values = stage.build(stack, contextOf(known));
  for (const name of Object.keys(stage.outputs)) {
    const value = values[name];
    if (value === undefined) throw new InfraError('output_missing', `${stage.id} does not put out ${name}`);
    new CfnOutput(stack, name, { value });
  }
  for (const [tag, value] of Object.entries({ ...config.tags, 'enclave-vault': config.name })) {
    Tags.of(stack).add(tag, value);
  }
  return stack;
}

/** @throws {InfraError} `unresolved_token` when the text is one that only CloudFormation would know */
export function plain(text: string, what: string): string {
  if (Token.isUnresolved(text)) throw new InfraError('unresolved_token', `${what} must be known beforehand`);
  return text;
}

/** What a stage is made of, of what is known. */
export function contextOf({ config, outputs, measurements, release }: Known): StageContext {
  const names = namesOf(config);
  const outputsOf: StageContext['outputs'] = <S extends OutputShape>(stage: Stage<S>) => {
    const found = outputs.get(stage.id);
    if (found === undefined) throw new InfraError('output_missing', `${stage.id} is not deployed`);
    for (const [name, value] of Object.entries(found)) {
      for (const one of typeof value === 'string' ? [value] : value) plain(one, `${stage.id}.${name}`);
    }
    // The map holds what parseOutputs gave for this very stage.
    return found as OutputValues<S>;
  };
  const deployment = (): Deployment => {
    const network = outputsOf(NETWORK);
    const { partition, account, region, name, replicaRegions, deployers } = config;
    return {
      partition,
      account,
      region,
      name,
      network: { vpcId: network.VpcId, vpceId: network.KmsEndpointId },
      roles: names.roles,
      replicaRegions,
      deployers,
    };
  };
  return {
    config,
    names,
    outputs: outputsOf,
    measurements,
    deployment,
    release: () => {
      if (release === null) throw new InfraError('output_missing', 'no release was uploaded');
      return release;
    },
  };
}
