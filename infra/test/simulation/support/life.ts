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
  ARTIFACTS,
  type ArtifactLocation,
  CONTROLLERS,
  DATA,
  DECRYPTION,
  DEPLOY,
  type DeployConfig,
  dataSteps,
  IDENTITIES,
  KEYS,
  type Known,
  keysReplicaStage,
  NETWORK,
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
  /** Makes stacks with all their protections at once: what fails then stays. */
  readonly protectedAtOnce?: boolean;
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

const templates = new WeakMap<Stage, Map<string, Template>>();

/** A stage's template, made once for the same inputs: the lives of a test file begin alike, and synthesis takes longest. */
function synthesized(stage: Stage, known: Known): Template {
  const { config, outputs, measurements, release } = known;
  const inputs = JSON.stringify([config, [...outputs], measurements, release]);
  const made = templates.get(stage) ?? new Map<string, Template>();
  const template = made.get(inputs) ?? synthesize(stage, known);
  templates.set(stage, made.set(inputs, template));
  return template;
}

/** What a release of the tests measures to. */
export function measurementsOf(version: string): Measurements {
  const digits = (digit: string): readonly string[] => [`${digit}${version}`.repeat(48).slice(0, 96)];
  return {
    pcr0: digits('a'),
    pcr1: digits('b'),
    pcr2: digits('c'),
    pcr3: digits('d'),
    pcr8: digits('e'),
    pcr16: digits('f'),
  };
}

function bothOf(one: Measurements, other: Measurements): Measurements {
  const members = Object.keys(one) as (keyof Measurements)[];
  const joined = members.map((member) => [member, [...new Set([...one[member], ...other[member]])]]);
  return Object.fromEntries(joined) as unknown as Measurements;
}

/** A template without what refuses the deletion of its resources. */
function withoutProtection(template: Template): Template {
  const text = JSON.stringify(template)
    .replaceAll('"DeletionProtectionEnabled":true', '"DeletionProtectionEnabled":false')
    .replaceAll('"MutationProtection":"ENABLED"', '"MutationProtection":"DISABLED"')
    .replaceAll(
      '{"Key":"deletion_protection.enabled","Value":"true"}',
      '{"Key":"deletion_protection.enabled","Value":"false"}',
    );
  return JSON.parse(text) as Template;
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

  /**
   * Every stage in order, with what comes between them: the release into the bucket, the keys opened for it, the replicas.
   * @throws {StageFailure}
   */
  deployAll(version = '1'): void {
    for (const stage of stagesOf(this.config)) {
      if (stage.id === KEYS.id) this.openKeys(version);
      else if (stage.id === DATA.id) this.deployData();
      else this.deploy(stage);
      if (stage.id === ARTIFACTS.id) this.release = this.placeRelease(version);
    }
  }

  /** Keys as they are, then open to what runs and to a release side by side. */
  openKeys(version: string): void {
    const live = this.measurements;
    this.deployKeys(live);
    const wanted = measurementsOf(version);
    this.deployKeys(live === null ? wanted : bothOf(live, wanted));
  }

  /** The keys of every Region that has them admit a set. */
  deployKeys(measurements: Measurements | null): void {
    this.measurements = measurements;
    this.deploy(KEYS);
    for (const region of this.config.replicaRegions) {
      const replica = keysReplicaStage(region);
      if (this.cloud(region).find(namesOf(this.config).stack(replica.id)) !== undefined)
        this.deploy(replica, region);
    }
  }

  /** The table, and in as many updates as it takes its replicas. */
  deployData(): void {
    for (const { stage, keysIn } of dataSteps(
      this.config,
      this.#outputs.has(DATA.id) ? this.outputs(DATA) : null,
    )) {
      for (const region of keysIn) this.deploy(keysReplicaStage(region), region);
      this.deploy(stage);
    }
  }

  /** A new release: keys for both, instances, keys for the new one alone; functions at their turn. @throws {StageFailure} */
  rollOut(version: string): void {
    const before = this.measurements;
    const old = this.release;
    this.release = this.placeRelease(version);
    this.openKeys(version);
    try {
      this.deploy(DECRYPTION);
    } catch (error) {
      this.release = old;
      this.deployKeys(before);
      throw error;
    }
    this.deployKeys(measurementsOf(version));
  }

  /** Shuts the keys, lifts what stands in the way, and deletes the stacks that are not kept, last first. */
  destroyAll(): void {
    this.deployKeys(null);
    const lift = this.mutate;
    this.mutate = (_, template) => withoutProtection(template);
    for (const stage of [NETWORK, DECRYPTION]) this.deploy(stage);
    this.mutate = lift;
    const { objects } = this.account.world;
    const { bucket } = namesOf(this.config);
    for (const { key, versionId } of [...objects.versions(bucket)]) objects.delete(bucket, key, versionId);
    for (const stage of [...stagesOf(this.config)].reverse()) {
      if (stage.kept !== true) this.destroy(stage);
    }
    this.release = null;
  }

  /** One stage by a change set. @returns whether anything changed @throws {StageFailure} */
  deploy(stage: Stage, region = this.config.region): boolean {
    const template = this.mutate(stage.id, synthesized(stage, { ...this, outputs: this.#outputs }));
    const present = this.cloud(region).find(namesOf(this.config).stack(stage.id));
    if (present === undefined || present.template === null) {
      // Protected from its first moment, what failed halfway could not be taken away again.
      this.#apply(
        stage,
        region,
        this.#options.protectedAtOnce === true ? template : withoutProtection(template),
      );
    }
    const changed = this.#apply(stage, region, template);
    return changed || present === undefined;
  }

  #apply(stage: Stage, region: string, template: Template): boolean {
    const cloud = this.cloud(region);
    const names = namesOf(this.config);
    const stackName = names.stack(stage.id);
    const present = cloud.find(stackName);
    const kind = present === undefined || present.template === null ? 'CREATE' : 'UPDATE';
    const caller = [CONTROLLERS.id, IDENTITIES.id].includes(stage.id);
    const changeSet = cloud.createChangeSet(this.deployer, {
      stackName,
      name: 'change',
      kind,
      ...this.#place(JSON.stringify(template)),
      ...(caller ? {} : { roleArn: names.roles.deployment }),
      capabilities: ['CAPABILITY_NAMED_IAM'],
      // Log groups that an earlier life left as evidence.
      importExisting: kind === 'CREATE',
    });
    const changes = changeSet.status === 'CREATE_COMPLETE';
    if (changes) {
      cloud.executeChangeSet(this.deployer, stackName, changeSet.name, { retainExceptOnCreate: true });
    } else cloud.deleteChangeSet(this.deployer, stackName, changeSet.name);
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
