// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { KmsEmulatorConfig } from '@enclave-vault/emulator-kms';
import { kmsEndpointPolicy, legacyKeyPolicy, type PolicyDocument } from '@enclave-vault/policies';
import { encodeConfiguration, pcr16 } from '@enclave-vault/protocol';
import { AdminError } from '../errors.ts';
import type { Ready } from './child.ts';
import type { RoleCredentials } from './credentials.ts';
import { ENCLAVE_LIMITS, INSTANCE_ID, KMS_HOST, LOCAL } from './deployment.ts';
import type { Examined } from './examined.ts';
import { type Folders, files } from './folders.ts';
import { type Given, readGiven } from './given.ts';
import { askSocket } from './hypervisor.ts';
import { DeploymentKeys, KEY_USES, type KeyArns, policyOf } from './keys.ts';
import { log } from './log.ts';
import type { Measured } from './measurements.ts';
import type { DevOptions } from './options.ts';
import { type Pinned, pin } from './pin.ts';
import { mintPrincipals, principalConfigs } from './principals.ts';
import { type OnLog, type ProcessName, processSpec } from './processes.ts';
import { Supervised } from './supervised.ts';

/** Access to store and integrity keys with the API role's rights of this run. */
export interface AuditSession {
  readonly kms: {
    readonly endpoint: string;
    readonly ca: string;
    readonly region: string;
    readonly keys: KeyArns;
  };
  readonly credentials: RoleCredentials;
  readonly database: string;
  readonly auditLog: string;
  /** The schema file's content; absent for the default schema. */
  readonly schema?: unknown;
  readonly allowOrphans: boolean;
  /** Keys of imported records. */
  readonly legacyKeys: readonly string[];
}

const SERVING_MS = 30_000;
const POLL_MS = 10;

export interface Kms {
  /** Port of the VPC endpoint that API and parent use, and of the way in from outside. */
  readonly inside: number;
  readonly outside: number;
  readonly ca: string;
}

/** What a person is told of a vault that is ready. */
export interface Started extends Pick<Pinned, 'untrusted' | 'changes'> {
  readonly url: string;
  readonly isolation: readonly string[];
}

/** The whole vault on one machine: four processes and what each is told. */
export class LocalVault {
  /** The roles of this run. */
  readonly principals = mintPrincipals();
  readonly #options: DevOptions;
  readonly #root: string;
  readonly #given: Given;
  readonly #folders: Folders;
  readonly #onLog: OnLog;
  readonly #processes = new Map<ProcessName, Supervised>();
  /** Resolved when the keys are there and admit a program. */
  readonly #pinned = Promise.withResolvers<void>();
  #port: number | undefined;
  #rootCertificate = '';
  #kms: Kms = { inside: 0, outside: 0, ca: '' };
  #arns: KeyArns = { vault: '', request: '', integrity: '' };
  #pins: Pinned | undefined;
  #stopping = false;

  /** @throws {AdminError} data_unreadable, schema_unreadable */
  constructor(options: DevOptions, root: string, folders: Folders, onLog: OnLog) {
    this.#options = options;
    this.#root = root;
    this.#onLog = onLog;
    this.#folders = folders;
    this.#given = readGiven(options);
  }

  /** Starts everything; resolves once the API answers. @throws {AdminError} pins_unreadable, legacy_key_missing */
  async start(): Promise<Started> {
    // These two load their code while the keys they are told of are made.
    const parent = this.#start('parent', () => this.#pinned.promise.then(() => this.#parentConfig()));
    const starting = this.#startApi(1);
    for (const process of [parent, starting]) process.catch(() => undefined);
    const hypervisor = await this.#start('hypervisor', () => this.#hypervisorConfig());
    this.#rootCertificate = text(hypervisor, 'rootCertificate');
    // Hashing the image takes as long as starting KMS: both at once.
    const measuring = askSocket(this.#socket('hypervisor'), 'POST', '/measure', {
      image: this.#options.image,
    });
    measuring.catch(() => undefined);
    this.#kms = kmsOf(await this.#start('kms', () => this.#kmsConfig()));
    const keys = this.#deploymentKeys();
    try {
      this.#arns = await keys.ensure();
      await this.#pin(keys, await measuring);
    } finally {
      keys.close();
    }
    this.#pinned.resolve();
    const [, api] = await Promise.all([parent, starting]);
    const url = text(api, 'url');
    this.#port = Number(new URL(url).port) || undefined;
    // When the first one has made what is made once: keys of a new store, and the administrator's.
    const others = Array.from({ length: this.#options.apis - 1 }, (_, i) => this.#startApi(i + 2));
    await Promise.all(others);
    await this.#serving();
    return {
      url,
      untrusted: this.#pins?.untrusted ?? [],
      changes: this.#pins?.changes ?? [],
      isolation: await this.#isolation(),
    };
  }

  /** Starts KMS alone, for a command that reads the store of a vault that does not run. Nothing can decrypt a record. */
  async startKms(): Promise<void> {
    this.#kms = kmsOf(await this.#start('kms', () => this.#kmsConfig()));
    const keys = this.#deploymentKeys();
    try {
      this.#arns = await keys.ensure();
    } finally {
      keys.close();
    }
  }

  /** What `audit verify` needs to read the chains. */
  session(): AuditSession {
    const { schema } = this.#given;
    const given = schema === undefined ? {} : { schema };
    const { legacyKeys, allowOrphans } = this.#options;
    return {
      legacyKeys,
      allowOrphans,
      kms: this.#apiKms(),
      credentials: this.principals.api,
      ...this.#storage(),
      ...given,
    };
  }

  /** What `doctor` looks at, and with whose rights. */
  examined(): Examined {
    const { admin, api, instance } = this.principals;
    return {
      ...this.#apiKms(),
      legacyKeys: this.#options.legacyKeys,
      deployment: LOCAL,
      measurements: this.#pins?.trusted ?? {},
      callers: { admin, api, instance },
      ...this.#storage(),
      parent: this.#socket('parent'),
      attestationRoot: this.#rootCertificate,
    };
  }

  /** What was deployed: the policy of each key, by its ARN. */
  deployed(): {
    readonly keys: KeyArns;
    readonly legacyKeys: readonly string[];
    readonly policies: ReadonlyMap<string, PolicyDocument>;
  } {
    const { legacyKeys } = this.#options;
    const trusted = this.#pins?.trusted ?? null;
    const own = KEY_USES.map((use): [string, PolicyDocument] => [this.#arns[use], policyOf(use, trusted)]);
    const legacy = legacyKeys.map((arn): [string, PolicyDocument] => [arn, legacyKeyPolicy(LOCAL, trusted)]);
    return { keys: this.#arns, legacyKeys, policies: new Map([...own, ...legacy]) };
  }

  /** Starts the canary, which nothing else waits for. @throws {AdminError} process_failed, start_timed_out */
  async startCanary(config: unknown): Promise<void> {
    await this.#start('canary', () => config);
  }

  /** Ends a canary that hangs: it is started again. */
  killCanary(): void {
    this.#processes.get('canary')?.kill();
  }

  /** Where the keeper of the canaries shows their figures. */
  get figures(): string {
    return this.#socket('figures');
  }

  /** Where KMS is: through the endpoint of the VPC, and from outside. */
  get kms(): Kms {
    return this.#kms;
  }

  pids(): Record<string, number | undefined> {
    return Object.fromEntries([...this.#processes].map(([name, process]) => [name, process.pid]));
  }

  /** Callers first, so that what is in flight can still be answered. Nothing is started from then on: nobody would be left to end it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const apis = [...this.#processes].filter(([name]) => name.startsWith('api'));
    await this.#processes.get('canary')?.stop();
    await Promise.all(apis.map(([, process]) => process.stop()));
    for (const name of ['parent', 'hypervisor', 'kms'] as const) await this.#processes.get(name)?.stop();
  }

  #deploymentKeys(): DeploymentKeys {
    const { outside, ca } = this.#kms;
    return new DeploymentKeys(`https://127.0.0.1:${outside}`, ca, this.principals.deployment);
  }

  async #start(name: ProcessName, config: () => unknown): Promise<Ready> {
    if (this.#stopping)
      throw new AdminError('process_failed', `${name} is not started: the vault is stopping`);
    const process = new Supervised(processSpec(this.#root, name, config, this.#onLog, this.#options.profile));
    this.#processes.set(name, process);
    return process.start();
  }

  #startApi(member: number): Promise<Ready> {
    const name = member === 1 ? 'api' : (`api-${member}` as const);
    return this.#start(name, () => this.#pinned.promise.then(() => this.#apiConfig(member)));
  }

  async #pin(keys: DeploymentKeys, answer: Record<string, unknown>): Promise<void> {
    const register = (n: number) => text(answer, `PCR${n}`).toLowerCase();
    const measured: Measured = {
      pcr0: register(0),
      pcr1: register(1),
      pcr2: register(2),
      pcr3: register(3),
      pcr8: register(8),
      pcr16: pcr16(this.configuration()).toString('hex'),
    };
    this.#pins = await pin(keys, {
      arns: this.#arns,
      legacyKeys: this.#options.legacyKeys,
      file: files(this.#folders.data),
      measured,
      accept: this.#options.acceptMeasurements,
    });
  }

  /** What each enclave is given at boot, and measures: canonical bytes. */
  configuration(): Buffer {
    return encodeConfiguration({
      region: LOCAL.region,
      kmsHost: KMS_HOST,
      kmsPort: 443,
      tlsRoots: [this.#kms.ca],
      vaultKeyArns: [this.#arns.vault],
      requestKeyArns: [this.#arns.request],
      legacyKeyArns: this.#options.legacyKeys,
      limits: ENCLAVE_LIMITS,
      rate: this.#options.enclaveRate,
      keyCache: this.#options.keyCache,
    });
  }

  #hypervisorConfig(): unknown {
    return {
      stateFile: files(this.#folders.data).hypervisor,
      runDirectory: join(this.#folders.run, 'e'),
      controlSocket: this.#socket('hypervisor'),
      roleArn: LOCAL.roles.instance,
      instanceId: INSTANCE_ID,
      node: process.execPath,
    };
  }

  #kmsConfig(): KmsEmulatorConfig {
    const { latencyMs, quotas } = this.#options.kms;
    const passphrase = process.env.ENCLAVE_VAULT_PASSPHRASE;
    const { vpcId, vpceId } = LOCAL.network;
    const network = {
      sourceVpc: vpcId,
      ...(vpceId && { sourceVpce: vpceId }),
      endpointPolicy: kmsEndpointPolicy(LOCAL),
    };
    return {
      region: LOCAL.region,
      account: LOCAL.account,
      stateFile: files(this.#folders.data).kms,
      ...(passphrase && { passphrase }),
      eventLog: files(this.#folders.data).kmsEvents,
      latencyMs,
      ...(quotas && { quotas }),
      attestationRoots: this.#rootCertificate === '' ? [] : [this.#rootCertificate],
      principals: principalConfigs(this.principals),
      otherPrincipals: [LOCAL.roles.breakGlass],
      listeners: [
        { host: '127.0.0.1', port: this.#kms.inside, network },
        { host: '127.0.0.1', port: this.#kms.outside, network: null },
      ],
    };
  }

  #parentConfig(): unknown {
    return {
      listen: `unix:${this.#socket('parent')}`,
      hypervisor: { kind: 'emulated', socket: this.#socket('hypervisor') },
      image: this.#options.image,
      enclaves: { count: this.#options.enclaves, cpuCount: 2, memoryMib: 512 },
      enclave: { configuration: this.configuration().toString('base64') },
      kms: { host: '127.0.0.1', port: this.#kms.inside },
      credentials: { kind: 'static', ...this.principals.instance },
      drainSeconds: 3,
      ...(this.#options.canary.intervalSeconds > 0 && {
        canary: { seconds: this.#options.canary.intervalSeconds },
      }),
    };
  }

  /** @param member the API's processes are numbered from 1 */
  #apiConfig(member: number): unknown {
    const { host, unsafePlainHttp, allowOrphans } = this.#options;
    const { database, auditLog } = this.#storage();
    const { adminKey } = files(this.#folders.data);
    const { endpoint, ca } = this.#apiKms();
    const { keyPool } = this.#options.kms;
    return {
      host,
      // The one it had, when it is started again.
      port: this.#port ?? this.#options.port,
      // Schema, issuers, rates and TLS, where there are any.
      ...this.#given,
      unsafePlainHttp,
      allowedHosts: this.#options.allowedHosts,
      allowOrphans,
      region: LOCAL.region,
      store: { kind: 'sqlite', path: database },
      audit: { kind: 'file', path: auditLog },
      keys: this.#arns,
      kms: { endpoint, ca },
      ...(keyPool && { keyPool }),
      credentials: this.principals.api,
      parent: `unix:${this.#socket('parent')}`,
      // Of several, one makes the administrator's key.
      ...(member === 1 && { bootstrap: { adminKeyFile: adminKey } }),
      ...(this.#options.apis > 1 && {
        cluster: { member, size: this.#options.apis, folder: this.#folders.run },
      }),
      ...(this.#options.canary.intervalSeconds > 0 && { figures: this.figures }),
    };
  }

  #storage() {
    const { database, auditHeads } = files(this.#folders.data);
    return { database, auditLog: this.#options.auditHeads ?? auditHeads };
  }

  #apiKms() {
    return {
      endpoint: `https://127.0.0.1:${this.#kms.inside}`,
      ca: this.#kms.ca,
      region: LOCAL.region,
      keys: this.#arns,
    };
  }

  #socket(name: ProcessName | 'figures'): string {
    return join(this.#folders.run, `${name}.sock`);
  }

  /** Until an enclave serves; a vault whose enclaves do not start says so in its log and answers 503 meanwhile. */
  async #serving(): Promise<void> {
    const until = Date.now() + SERVING_MS;
    while (Date.now() < until) {
      const answer = await askSocket(this.#socket('parent'), 'GET', '/health').catch(() => undefined);
      if (answer !== undefined) return;
      await setTimeout(POLL_MS);
    }
    log('warn', 'enclave_not_serving');
  }

  async #isolation(): Promise<readonly string[]> {
    const answer: unknown = await askSocket(this.#socket('hypervisor'), 'GET', '/describe-enclaves');
    const first: unknown = Array.isArray(answer) ? answer[0]?.Isolation : undefined;
    return Array.isArray(first) ? first.map(String) : [];
  }
}

function kmsOf(ready: Ready): Kms {
  const endpoints = ready.endpoints as readonly { port: number }[];
  const [inside, outside] = endpoints;
  if (!inside || !outside) throw new AdminError('process_failed', 'kms said no ports');
  return { inside: inside.port, outside: outside.port, ca: text(ready, 'ca') };
}

function text(from: Readonly<Record<string, unknown>>, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new AdminError('process_failed', `${name} is missing in an answer`);
  return value;
}
