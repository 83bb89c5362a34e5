// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync } from 'node:crypto';
import { type DeployConfig, exampleOutputs, keysReplicaStage, namesOf, STAGES } from '@enclave-vault/infra';
import { DeployError } from '../../src/errors.ts';
import type {
  Account,
  Cloud,
  Functions,
  Keys,
  Machines,
  Network,
  Objects,
  Signing,
  SigningJob,
  StoredObject,
} from '../../src/ports.ts';
import { FakeStacks } from './fake-stacks.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A bucket that keeps versions. */
export class FakeObjects implements Objects {
  readonly versions = new Map<string, { version: string; bytes: Buffer }[]>();
  puts = 0;
  readonly url: Objects['url'] = (bucket, key, version) => `https://${bucket}/${key}?versionId=${version}`;

  find = async (_: string, key: string): Promise<StoredObject | undefined> => {
    const newest = this.versions.get(key)?.at(-1);
    return newest && { version: newest.version, sha256: sha256(newest.bytes) };
  };

  put = async (_: string, key: string, bytes: Uint8Array, digest: string): Promise<StoredObject> => {
    if (sha256(bytes) !== digest) throw new DeployError('service_failed', 'PutObject: BadDigest');
    this.puts += 1;
    return this.write(key, bytes);
  };

  write(key: string, bytes: Uint8Array): StoredObject {
    const version = `v${[...this.versions.values()].flat().length + 1}`;
    this.versions.set(key, [...(this.versions.get(key) ?? []), { version, bytes: Buffer.from(bytes) }]);
    return { version, sha256: sha256(bytes) };
  }

  get = async (_: string, key: string, version: string): Promise<Buffer> => {
    const found = this.versions.get(key)?.find((one) => one.version === version);
    if (found === undefined) throw new DeployError('service_failed', 'GetObject: NoSuchVersion');
    return found.bytes;
  };

  empty: Objects['empty'] = async (_, __, onBatch) => {
    const count = [...this.versions.values()].flat().length;
    this.versions.clear();
    if (count > 0) onBatch(count);
    return count;
  };

  read(url: string): string {
    const { pathname, searchParams } = new URL(url);
    const versions = this.versions.get(pathname.slice(1)) ?? [];
    const found = versions.find(({ version }) => version === searchParams.get('versionId'));
    if (found === undefined) throw new Error(`no ${url}`);
    return found.bytes.toString('utf8');
  }
}

/** Signer: a job takes one look to end, and leaves a file that is not its source. */
export class FakeSigning implements Signing {
  readonly jobs = new Map<string, SigningJob>();
  started = 0;
  /** The next jobs end like this. */
  readonly failures: string[] = [];
  readonly #objects: FakeObjects;
  readonly #profileVersion: string;

  constructor(objects: FakeObjects, profileVersion: string) {
    this.#objects = objects;
    this.#profileVersion = profileVersion;
  }

  start: Signing['start'] = async ({ source, prefix }) => {
    this.started += 1;
    const id = `job-${this.started}`;
    const bytes = await this.#objects.get(source.bucket, source.key, source.version);
    const key = `${prefix}${id}.zip`;
    const reason = this.failures.shift();
    if (reason === undefined) this.#objects.write(key, Buffer.concat([Buffer.from('signed '), bytes]));
    this.jobs.set(id, {
      status: reason === undefined ? 'Succeeded' : 'Failed',
      ...(reason === undefined ? {} : { reason }),
      profileVersion: this.#profileVersion,
      source,
      signed: { bucket: source.bucket, key },
    });
    return id;
  };

  job: Signing['job'] = async (id) => this.jobs.get(id);
}

export interface Observation {
  readonly region: string;
  readonly stack: string;
  readonly template: string;
}

/** Signing keys by ARN, the same in every account of a test file: what is made of them is the same as well. */
const KEYS = new Map<string, Uint8Array>();

/** An account in memory, for plans: order, repetition, failure and the way back. It judges no rights and knows no resources. */
export class FakeCloud implements Cloud {
  readonly config: DeployConfig;
  readonly regions = new Map<string, FakeStacks>();
  readonly objects = new FakeObjects();
  readonly signing: FakeSigning;
  readonly observations: Observation[] = [];
  /** Whether instances of a template come to serve. */
  serves: (template: string) => boolean = () => true;
  callerArn: string;
  callerAccount: string;
  zoneNames: readonly string[];
  lists: Record<string, string>;
  quotas: Record<string, number> = { 'L-1216C47A': 64, 'L-34B43A08': 64 };
  logRole: string | undefined = 'arn:aws:iam::111122223333:role/logs';
  groupRules: { SecurityGroupRuleId: string; IsEgress: boolean }[] = [
    { SecurityGroupRuleId: 'sgr-1', IsEgress: false },
    { SecurityGroupRuleId: 'sgr-2', IsEgress: true },
  ];
  interfacesLeft: string[] = [];
  smoke: unknown = { ok: true, code: 'passed', checks: [{ name: 'health', ok: true }] };
  readonly invoked: string[] = [];

  constructor(config: DeployConfig) {
    this.config = config;
    this.signing = new FakeSigning(this.objects, '0123456789');
    this.callerAccount = config.account;
    this.callerArn = `arn:aws:sts::${config.account}:assumed-role/deployer/ada`;
    this.zoneNames = config.zones;
    this.lists = {
      [`com.amazonaws.${config.region}.s3`]: config.network.prefixLists.s3,
      [`com.amazonaws.${config.region}.dynamodb`]: config.network.prefixLists.dynamodb,
    };
  }

  stacks = (region: string): FakeStacks => {
    const known =
      this.regions.get(region) ??
      new FakeStacks({
        region,
        outputs: (stack, template) => this.#outputs(region, stack, template),
        fetch: (url) => this.objects.read(url),
        observe: (stack, template) => this.observations.push({ region, stack, template }),
      });
    this.regions.set(region, known);
    return known;
  };

  get here(): FakeStacks {
    return this.stacks(this.config.region);
  }

  /** Examples of outputs, but where the template says the value itself. */
  #outputs(region: string, stack: string, template: string): Record<string, string> {
    const id = stack.slice(this.config.name.length + 1);
    const stage = [...STAGES, keysReplicaStage(region)].find((one) => one.id === id);
    if (stage === undefined) throw new Error(`no stage ${id}`);
    const examples = Object.entries(exampleOutputs(stage.outputs, this.config)).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : String(value),
    ]);
    const { Outputs = {} } = JSON.parse(template) as { Outputs?: Record<string, { Value: unknown }> };
    const literal = Object.entries(Outputs).flatMap(([name, { Value }]) =>
      typeof Value === 'string' ? [[name, Value]] : [],
    );
    return Object.fromEntries([...examples, ...literal]) as Record<string, string>;
  }

  get machines(): Machines {
    const template = async (): Promise<string> =>
      this.here.template(namesOf(this.config).stack('decryption'));
    return {
      fleet: async () => ({
        desired: 2,
        templateVersion: '1',
        instances: ['i-1', 'i-2'].map((id) => ({ id, lifecycle: 'InService', templateVersion: '1' })),
      }),
      targets: async () => {
        const state = this.serves(await template()) ? 'healthy' : 'unhealthy';
        return ['i-1', 'i-2'].map((id) => ({ id, state, reason: 'Target.FailedHealthChecks' }));
      },
    };
  }

  get account(): Account {
    return {
      caller: async () => ({ account: this.callerAccount, arn: this.callerArn }),
      roleArn: async (name) => `arn:aws:iam::${this.callerAccount}:role/people/${name}`,
      zones: async () => this.zoneNames,
      prefixLists: async () => this.lists,
      quota: async (code) => this.quotas[code] ?? 0,
      gatewayLogRole: async () => this.logRole,
      setGatewayLogRole: async (arn) => {
        this.logRole = arn;
      },
    };
  }

  get network(): Network {
    return {
      rules: async () => this.groupRules,
      revoke: async ({ input }) => {
        this.groupRules = this.groupRules.filter(
          ({ SecurityGroupRuleId }) => !input.SecurityGroupRuleIds.includes(SecurityGroupRuleId),
        );
      },
      interfaces: async () => this.interfacesLeft,
    };
  }

  get functions(): Functions {
    return {
      invoke: async (name) => {
        this.invoked.push(name);
        return { failed: false, answer: this.smoke };
      },
    };
  }

  get keys(): Keys {
    return {
      publicKey: async (arn) => {
        const known =
          KEYS.get(arn) ??
          generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({
            format: 'der',
            type: 'spki',
          });
        KEYS.set(arn, known);
        return known;
      },
    };
  }
}
