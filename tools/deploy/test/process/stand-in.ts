// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Account,
  type AccountServer,
  type ServerOptions,
  startAccountServer,
} from '@enclave-vault/emulator-account';
import { DEPLOY, namesOf } from '@enclave-vault/infra';
import { deployerPolicies } from '@enclave-vault/policies';
import { exampleConfig } from '../support/rehearsal.ts';
import { type Fixture, PROJECT_KEY } from '../support/release-fixture.ts';

/** What the smoke test's function answers when all is well. */
const SMOKE = { ok: true, code: 'passed', checks: [{ name: 'decrypt', ok: true, status: 200 }] };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An account behind loopback, and the commands as processes against it. */
export class StandIn {
  readonly config;
  readonly account: Account;
  readonly folder: string;
  server!: AccountServer;
  /** Credentials that processes get; null: none. */
  key: string | null = 'AKIDDEPLOYER';
  smoke: unknown = SMOKE;
  /** State of instances by the version of their launch template. */
  health: (version: string) => string = () => 'healthy';
  readonly #options: Partial<ServerOptions>;
  readonly #file: Readonly<Record<string, unknown>>;

  private constructor(
    folder: string,
    change: Readonly<Record<string, unknown>>,
    options: Partial<ServerOptions>,
  ) {
    this.folder = folder;
    this.#file = { ...(DEPLOY.example as Record<string, unknown>), ...change };
    this.config = exampleConfig(change);
    this.#options = options;
    const { account } = this.config;
    this.account = new Account({ account, apiGatewayLogRole: `arn:aws:iam::${account}:role/gateway-logs` });
    this.#addRole(this.config.deployers[0] ?? '', this.#deployerRights());
    this.#addRole(`arn:aws:iam::${account}:role/payroll`, []);
  }

  static async start(
    change: Readonly<Record<string, unknown>> = {},
    options: Partial<ServerOptions> = {},
  ): Promise<StandIn> {
    const standIn = new StandIn(await mkdtemp(join(tmpdir(), 'deploy-')), change, options);
    await writeFile(join(standIn.folder, 'release-key.pem'), PROJECT_KEY);
    await standIn.listen();
    return standIn;
  }

  async listen(options: Partial<ServerOptions> = {}): Promise<void> {
    const secretAccessKey = 'secret';
    const [deployer = ''] = this.config.deployers;
    this.server = await startAccountServer({
      account: this.account,
      credentials: [
        { accessKeyId: 'AKIDDEPLOYER', secretAccessKey, principal: deployer, session: 'ada' },
        {
          accessKeyId: 'AKIDPAYROLL',
          secretAccessKey,
          principal: `arn:aws:iam::${this.config.account}:role/payroll`,
        },
        { accessKeyId: 'AKIDBREAKGLASS', secretAccessKey, principal: namesOf(this.config).roles.breakGlass },
        // Ended before the account's clock begins.
        { accessKeyId: 'AKIDEXPIRED', secretAccessKey, principal: deployer, expiresAt: 0 },
      ],
      machines: { health: (_, version) => this.health(version) },
      invoke: () => ({ failed: false, answer: this.smoke }),
      quotas: { 'L-1216C47A': 64, 'L-34B43A08': 64 },
      ...this.#options,
      ...options,
    });
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Writes deploy.json for a release. */
  async configure({ folder }: Fixture, change: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const file = join(this.folder, 'deploy.json');
    const config = { ...this.#file, release: { folder, key: 'release-key.pem' }, ...change };
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  begin(
    command: 'deploy' | 'destroy',
    ...args: string[]
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const env: Record<string, string> = {
      PATH: process.env.PATH ?? '',
      // As the command's own bin does: compiled code is kept between runs.
      NODE_COMPILE_CACHE: join(import.meta.dirname, '../../../../node_modules/.cache/enclave-vault'),
      HOME: this.folder,
      INIT_CWD: this.folder,
      AWS_ENDPOINT_URL: this.server.url,
      AWS_REGION: this.config.region,
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(this.key === null ? {} : { AWS_ACCESS_KEY_ID: this.key, AWS_SECRET_ACCESS_KEY: 'secret' }),
    };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'quick.ts'), command, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<Ended>((done, fail) => {
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (text) => {
        stdout += text;
      });
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      child.on('error', fail);
      child.on('close', (code) => done({ code, stdout, stderr }));
    });
    return { child, ended };
  }

  run(command: 'deploy' | 'destroy', ...args: string[]): Promise<Ended> {
    return this.begin(command, ...args).ended;
  }

  async read(file: string): Promise<unknown> {
    return JSON.parse(await readFile(join(this.folder, file), 'utf8'));
  }

  stacks(region = this.config.region): string[] {
    return this.server
      .cloud(region)
      .stacks.filter(({ deletedAt }) => deletedAt === undefined)
      .map(({ name, status }) => `${name} ${status}`);
  }

  /** Calls since this was last asked that change something. */
  changes(): string[] {
    const reading = /:(Describe|Get|List|Head|GET|HEAD|AssumeRole|Retrieve)/;
    const since = this.server.calls.slice(this.#seen);
    this.#seen = this.server.calls.length;
    return since.filter((call) => !reading.test(call));
  }
  #seen = 0;

  #deployerRights(): readonly object[] {
    const { partition, account, region, name, replicaRegions, deployers } = this.config;
    const home = {
      partition,
      account,
      region,
      name,
      roles: namesOf(this.config).roles,
      replicaRegions,
      deployers,
    };
    return Object.values(deployerPolicies(home));
  }

  #addRole(arn: string, documents: readonly object[]): void {
    const id = arn.slice(arn.lastIndexOf('/') + 1);
    const role = {
      type: 'AWS::IAM::Role',
      region: 'global',
      id,
      arn,
      uniqueId: `AROA${id.toUpperCase().padEnd(17, '0')}`,
      attributes: { Arn: arn },
      policy: null,
      properties: {
        Policies: documents.map((PolicyDocument, index) => ({
          PolicyName: `given-${index}`,
          PolicyDocument,
        })),
      },
    };
    // Documents are JSON; the type of theirs has read-only lists.
    this.account.world.add(JSON.parse(JSON.stringify(role)));
  }
}
