// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { createChannelRoot, type Side } from '@enclave-vault/channel';
import { createKmsSigner } from '@enclave-vault/channel/kms';
import { channelKeyPolicy } from '@enclave-vault/policies';
import { Child } from '../../tools/admin/src/dev/child.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { type ProcessName, processSpec } from '../../tools/admin/src/dev/processes.ts';
import { GlassVault, IMAGE, ROOT } from './glass-vault.ts';
import { type Answer, callApi } from './local-vault.ts';

/** Where the API is told that its parent and KMS are: a port of somebody's between them, for one who has that place. */
export interface Detours {
  readonly parent?: (port: number) => Promise<number>;
  readonly kms?: (port: number) => Promise<number>;
}

/**
 * API and parent as on AWS: two processes that know each other by what KMS lets their roles sign. Beside the vault of
 * `enclave-vault dev`, whose KMS and keys they use, with a hypervisor of the same root.
 */
export class ChannelVault {
  readonly glass: GlassVault;
  readonly folder = mkdtempSync(join(tmpdir(), 'ev-ch-'));
  readonly logged: Record<string, unknown>[] = [];
  readonly #children: Child[] = [];
  keys: Record<Side, string> = { server: '', client: '' };
  roots: Record<Side, string> = { server: '', client: '' };
  parent: Child | undefined;
  /** Of the parent. */
  port = 0;
  #url = '';

  private constructor(glass: GlassVault) {
    this.glass = glass;
  }

  /** @param api settings of the API, beside those that make it one of this vault */
  static async start(detours: Detours = {}, api: object = {}): Promise<ChannelVault> {
    const vault = new ChannelVault(await GlassVault.start());
    try {
      await vault.#start(detours, api);
      return vault;
    } catch (error) {
      await vault.stop();
      throw error;
    }
  }

  /** A role at a key of the channel. */
  signer(side: Side, role: 'api' | 'instance' | 'deployment' | 'admin') {
    const { ca, inside } = this.glass.vault.kms;
    return createKmsSigner({
      ...{ keyArn: this.keys[side], region: LOCAL.region, endpoint: `https://127.0.0.1:${inside}`, ca },
      credentials: this.glass.vault.principals[role],
    });
  }

  /** @param at port; 0: a free one */
  async startParent(at: number): Promise<void> {
    const { kms, principals } = this.glass.vault;
    const { child, ready } = await this.#process('parent', {
      listen: `https://127.0.0.1:${at}`,
      hypervisor: { kind: 'emulated', socket: join(this.folder, 'h.sock') },
      image: IMAGE,
      enclaves: { count: 1, cpuCount: 2, memoryMib: 512 },
      enclave: { configuration: this.glass.vault.configuration().toString('base64') },
      kms: { host: '127.0.0.1', port: kms.inside },
      credentials: { kind: 'static', ...principals.instance },
      channel: {
        key: this.keys.server,
        serverRoot: this.roots.server,
        clientRoot: this.roots.client,
        endpoint: `https://127.0.0.1:${kms.inside}`,
        ca: kms.ca,
      },
      drainSeconds: 3,
    });
    this.parent = child;
    this.port = Number(ready.port);
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    const key = readFileSync(join(this.folder, 'admin.key'), 'utf8').trim();
    return callApi(this.#url, method, path, body, { key });
  }

  decrypted(id: string, body: object = {}): Promise<Answer> {
    return this.call('POST', `/v1/vaults/${id}/decrypt`, { fields: ['first_name'], reason: 'test', ...body });
  }

  /** Until a decryption gives 200, for a minute. */
  async serving(id: string): Promise<Answer> {
    for (let turn = 0; turn < 600; turn += 1) {
      const answer = await this.decrypted(id);
      if (answer.status === 200) return answer;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return this.decrypted(id);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await child.stop();
    await this.glass.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #start(detours: Detours, more: object): Promise<void> {
    const { kms, principals } = this.glass.vault;
    const deployment = this.glass.kms('deployment', 'outside');
    const newKey = async (side: Side) => {
      const Policy = JSON.stringify(channelKeyPolicy(LOCAL, side));
      const made = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY', Policy });
      return (await deployment.send(made)).KeyMetadata?.Arn ?? '';
    };
    this.keys = { server: await newKey('server'), client: await newKey('client') };
    const rootOf = async (side: Side) =>
      createChannelRoot({ publicKey: await this.signer(side, 'admin').publicKey(), side });
    this.roots = { server: await rootOf('server'), client: await rootOf('client') };

    copyFileSync(this.glass.files.hypervisor, join(this.folder, 'h.json'));
    await this.#process('hypervisor', {
      stateFile: join(this.folder, 'h.json'),
      runDirectory: join(this.folder, 'e'),
      controlSocket: join(this.folder, 'h.sock'),
      roleArn: LOCAL.roles.instance,
      instanceId: 'i-0e0c1a5e000000002',
      node: process.execPath,
    });
    await this.startParent(0);
    const kmsPort = (await detours.kms?.(kms.inside)) ?? kms.inside;
    const parentPort = (await detours.parent?.(this.port)) ?? this.port;
    const api = await this.#process('api', {
      host: '127.0.0.1',
      port: 0,
      region: LOCAL.region,
      store: { kind: 'sqlite', path: join(this.folder, 'vault.db') },
      audit: { kind: 'file', path: join(this.folder, 'heads.log') },
      keys: this.glass.keys,
      kms: { endpoint: `https://127.0.0.1:${kmsPort}`, ca: kms.ca },
      credentials: principals.api,
      parent: `https://127.0.0.1:${parentPort}`,
      channel: { key: this.keys.client, clientRoot: this.roots.client, serverRoot: this.roots.server },
      bootstrap: { adminKeyFile: join(this.folder, 'admin.key') },
      ...more,
    });
    this.#url = String(api.ready.url);
  }

  async #process(name: ProcessName, config: unknown) {
    const onLog = (line: Record<string, unknown>) => {
      this.logged.push({ ...line, of: name });
      return false;
    };
    const child = new Child(processSpec(ROOT, name, () => config, onLog));
    this.#children.unshift(child);
    return { child, ready: await child.ready };
  }
}
