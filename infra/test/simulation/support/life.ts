// SPDX-License-Identifier: Apache-2.0
import {
  Account,
  type AccountOptions,
  type Caller,
  CloudFormation,
  type CloudFormationOptions,
  type Stack,
  type StackEvent,
  sessionOf,
} from '@enclave-vault/emulator-account';
import { deployerPolicies, type Measurements } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { homeOf } from '../../../src/home.ts';
import {
  type ArtifactLocation,
  CONTROLLERS,
  DEPLOY,
  type DeployConfig,
  IDENTITIES,
  namesOf,
  type OutputShape,
  type OutputValues,
  type PlacedRelease,
  parseOutputs,
  type Stage,
  stagesOf,
  synthesize,
  type Template,
} from '../../../src/index.ts';

/** A change of a template before it is deployed: the mistake that a test seeds. */
export type Mutation = (stage: string, template: Template) => Template;

export interface LifeOptions extends CloudFormationOptions, Partial<AccountOptions> {
  /** Members of deploy.json beside those of the example. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly mutate?: Mutation;
}

/** What a failed stage says: the stack's own reason and those of its resources. */
export class StageFailure extends Error {
  readonly stage: string;
  readonly of: Stack;
  constructor(stage: string, stack: Stack) {
    const reasons = failuresOf(stack.events).map(({ logicalId, reason }) => `${logicalId}: ${reason}`);
    super(`${stage} is ${stack.status}\n${reasons.join('\n')}`);
    this.stage = stage;
    this.of = stack;
  }
}

/** Events that say what went wrong, of resources. */
export function failuresOf(events: readonly StackEvent[]): readonly StackEvent[] {
  return events.filter(
    ({ status, type }) => status.endsWith('_FAILED') && type !== 'AWS::CloudFormation::Stack',
  );
}

/** The life of a deployment in an emulated account, as the deploy command lives it: stage after stage, as the deployer. */
export class Life {
  readonly config: DeployConfig;
  readonly account: Account;
  readonly deployer: Caller;
  measurements: Measurements | null = null;
  release: PlacedRelease | null = null;
  mutate: Mutation;
  readonly #clouds = new Map<string, CloudFormation>();
  readonly #outputs = new Map<string, OutputValues<OutputShape>>();
  readonly #options: LifeOptions;

  constructor(options: LifeOptions = {}) {
    this.#options = options;
    this.config = readRole(DEPLOY, {
      file: { ...(DEPLOY.example as Record<string, unknown>), ...options.config },
      env: {},
    });
    this.mutate = options.mutate ?? ((_, template) => template);
    const { account, partition } = this.config;
    this.account = new Account({
      // An account in which CloudFormation ran before has the first; the others come with what needs them.
      apiGatewayLogRole: `arn:${partition}:iam::${account}:role/account/api-gateway-logs`,
      ...options,
      account,
      partition,
    });
    this.deployer = this.#addDeployer();
  }

  cloud(region = this.config.region): CloudFormation {
    const known = this.#clouds.get(region);
    if (known !== undefined) return known;
    const cloud = new CloudFormation(this.account, region, this.#options);
    this.#clouds.set(region, cloud);
    return cloud;
  }

  outputs<S extends OutputShape>(stage: Stage<S>): OutputValues<S> {
    // The map holds what parseOutputs gave for this very stage.
    return this.#outputs.get(stage.id) as OutputValues<S>;
  }

  /** Every stage in order, with what comes between them. @throws {StageFailure} */
  deployAll(): void {
    for (const stage of stagesOf(this.config)) {
      this.deploy(stage);
      if (stage.id === 'artifacts') this.release = this.placeRelease('1');
    }
  }

  /** One stage by a change set. @returns whether anything changed @throws {StageFailure} */
  deploy(stage: Stage, region = this.config.region): boolean {
    const cloud = this.cloud(region);
    const names = namesOf(this.config);
    const stackName = names.stack(stage.id);
    const template = this.mutate(stage.id, synthesize(stage, { ...this, outputs: this.#outputs }));
    const body = JSON.stringify(template);
    const present = cloud.find(stackName);
    const kind = present === undefined || present.template === null ? 'CREATE' : 'UPDATE';
    const caller = [CONTROLLERS.id, IDENTITIES.id].includes(stage.id);
    const changeSet = cloud.createChangeSet(this.deployer, {
      stackName,
      name: `change-${cloud.stacks.length}`,
      kind,
      ...this.#place(body),
      ...(caller ? {} : { roleArn: names.roles.deployment }),
      capabilities: ['CAPABILITY_NAMED_IAM'],
    });
    const changes = changeSet.status === 'CREATE_COMPLETE';
    if (changes) cloud.executeChangeSet(this.deployer, stackName, changeSet.name);
    else cloud.deleteChangeSet(this.deployer, stackName, changeSet.name);
    const stack = cloud.settle(stackName);
    if (!/^(CREATE|UPDATE)_COMPLETE$/.test(stack.status)) throw new StageFailure(stage.id, stack);
    if (stage.kept === true) cloud.updateTerminationProtection(this.deployer, stackName, true);
    this.#outputs.set(stage.id, parseOutputs(stage.id, stage.outputs, stack.outputs));
    return changes;
  }

  /** Deletes a stage's stack. @throws {StageFailure} */
  destroy(stage: Stage, region = this.config.region): void {
    const stackName = namesOf(this.config).stack(stage.id);
    const stack = this.cloud(region).find(stackName);
    if (stack === undefined) return;
    this.cloud(region).deleteStack(this.deployer, stackName);
    while (stack.operation !== null) this.cloud(region).step(stack);
    if (stack.status !== 'DELETE_COMPLETE') throw new StageFailure(stage.id, stack);
    this.#outputs.delete(stage.id);
  }

  /** The files of a release in the bucket, the functions signed by the profile of the stack. */
  placeRelease(version: string): PlacedRelease {
    const { Bucket, SigningProfileVersionArn } = this.outputs({ id: 'artifacts' } as Stage) as Record<
      string,
      string
    >;
    const place = (key: string, signed = false): ArtifactLocation => {
      const signing =
        signed && SigningProfileVersionArn !== 'none' ? { signedBy: String(SigningProfileVersionArn) } : {};
      const put = this.account.world.objects.put(
        String(Bucket),
        key,
        Buffer.from(`${key} ${version}`),
        signing,
      );
      return { bucket: String(Bucket), key, version: put.versionId, sha256: version.repeat(64).slice(0, 64) };
    };
    return {
      release: `0.0.${version}`,
      functions: {
        api: place('signed/api.zip', true),
        authorizer: place('signed/authorizer.zip', true),
        smoke: place('signed/smoke.zip', true),
        'canary-inside': place('signed/canary-inside.zip', true),
        'canary-outside': place('signed/canary-outside.zip', true),
      },
      parent: place('release/parent.tar.gz'),
      image: place('release/enclave-vault.eif'),
      parentSettings: place('settings/parent.tar.gz'),
    };
  }

  /** As the deploy command does: short templates in the request, long ones by the bucket of artifacts. */
  #place(body: string): { templateBody: string } | { templateUrl: string } {
    if (Buffer.byteLength(body) <= 51_200) return { templateBody: body };
    const { bucket } = namesOf(this.config);
    const key = `templates/${body.length}.json`;
    this.account.world.objects.put(bucket, key, Buffer.from(body));
    return { templateUrl: `https://${bucket}.s3.${this.config.region}.amazonaws.com/${key}` };
  }

  /** The first of the configured deployers, with the rights that the deploy command asks for and no more. */
  #addDeployer(): Caller {
    const { world } = this.account;
    const [arn = ''] = this.config.deployers;
    const id = arn.slice(arn.lastIndexOf('/') + 1);
    const policies = deployerPolicies(homeOf(this.config, namesOf(this.config)));
    const role = {
      type: 'AWS::IAM::Role',
      region: 'global',
      id,
      arn,
      uniqueId: 'AROADEPLOYER0000000001',
      attributes: {},
      policy: null,
      properties: {
        Policies: Object.entries(policies).map(([PolicyName, PolicyDocument]) => ({
          PolicyName,
          PolicyDocument,
        })),
      },
    };
    // Documents are JSON; the type of theirs has read-only lists.
    world.add(JSON.parse(JSON.stringify(role)));
    const made = world.byArn(arn);
    if (made === undefined) throw new TypeError('the deployer was just added');
    return sessionOf(world, made, 'person', { 'aws:SourceIp': '203.0.113.7' });
  }
}
