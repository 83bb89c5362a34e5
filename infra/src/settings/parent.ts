// SPDX-License-Identifier: Apache-2.0
import type { KeyArns } from '@enclave-vault/policies';
import type { DeployConfig } from '../config/deploy.ts';
import { InfraError } from '../errors.ts';
import { namesOf } from '../names.ts';
import { AMAZON_ROOTS } from './amazon-roots.ts';

/** Where things lie on an instance. */
export const PARENT_PROGRAM = '/opt/enclave-vault';
export const PARENT_SETTINGS = '/etc/enclave-vault';
export const PARENT_LOG = '/var/log/enclave-vault/parent.log';

/** Where the parent listens: the API's calls, and the load balancer's checks. */
export const CHANNEL_PORT = 8443;
export const HEALTH_PORT = 8080;

/** What a deployment's enclaves are told at boot, before it is made into canonical bytes: the members of `enclave` of parent.json. */
export interface EnclaveInputs {
  readonly region: string;
  readonly vaultKeys: readonly string[];
  readonly requestKeys: readonly string[];
  readonly legacyKeys: readonly string[];
  /** PEM. */
  readonly tlsRoots: string;
  readonly fips: boolean;
  /** All three, or none: then the program's own holds. */
  readonly rate: DeployConfig['decryption']['rate'];
  /** What is left out is the program's own. */
  readonly keyCache: DeployConfig['decryption']['keyCache'];
  /** The bytes are made of the others. */
  readonly configuration: undefined;
}

/** Inputs of `enclaveConfiguration` of @enclave-vault/parent, whose bytes PCR16 measures. */
export function enclaveInputs(config: DeployConfig, keys: KeyArns): EnclaveInputs {
  return {
    region: config.region,
    vaultKeys: [keys.vault],
    requestKeys: [keys.request],
    legacyKeys: keys.legacy ?? [],
    tlsRoots: config.decryption.tlsRoots ?? AMAZON_ROOTS,
    fips: config.network.fips,
    rate: config.decryption.rate,
    keyCache: config.decryption.keyCache,
    configuration: undefined,
  };
}

/** The text files that a deployment makes for its instances; the configuration's bytes and the channel's roots lie beside them. */
export interface ParentFiles {
  readonly 'parent.json': string;
  readonly 'allocator.yaml': string;
  readonly 'amazon-cloudwatch-agent.json': string;
}

/**
 * What the parent, the allocator and the CloudWatch agent of this deployment's instances are told.
 * @throws {InfraError} `output_missing` without the key that signs the parent's certificates
 */
export function parentFiles(config: DeployConfig, keys: KeyArns): ParentFiles {
  return {
    'parent.json': json(parentSettings(config, keys)),
    'allocator.yaml': allocator(config),
    'amazon-cloudwatch-agent.json': json(agent(config)),
  };
}

function parentSettings(
  { canary, decryption: { enclaves }, network, region }: DeployConfig,
  keys: KeyArns,
): object {
  if (keys.channelServer === undefined) throw new InfraError('output_missing', 'no key signs for the parent');
  return {
    listen: `https://0.0.0.0:${CHANNEL_PORT}`,
    health: `http://0.0.0.0:${HEALTH_PORT}`,
    image: `${PARENT_PROGRAM}/enclave-vault.eif`,
    enclaves,
    enclave: { configuration: `${PARENT_SETTINGS}/enclave.configuration` },
    channel: {
      key: keys.channelServer,
      serverRoot: `${PARENT_SETTINGS}/channel-server-root.pem`,
      clientRoot: `${PARENT_SETTINGS}/channel-client-root.pem`,
      // Enclaves have their endpoint in the configuration; this is where the parent's certificates are signed.
      ...(network.fips ? { endpoint: `https://kms-fips.${region}.amazonaws.com` } : {}),
    },
    figuresSeconds: 60,
    canary: { seconds: 60, legacyKeys: canary.legacyKeys },
  };
}

/** For all enclaves of an instance together (Nitro Enclaves User Guide, "Working with multiple enclaves"). */
function allocator({ decryption: { enclaves } }: DeployConfig): string {
  const { count, cpuCount, memoryMib } = enclaves;
  return `---\nmemory_mib: ${count * memoryMib}\ncpu_count: ${count * cpuCount}\n`;
}

/** Figures have no dimension of an instance, which lives for a day; and to find its group by its tags the agent would have to call EC2. */
function agent(config: DeployConfig): object {
  const { logGroups, namespace } = namesOf(config);
  const collect = (path: string, stream: string): object => ({
    file_path: path,
    log_group_name: logGroups.parent,
    log_stream_name: `{instance_id}${stream}`,
    // The group is the stack's, and its retention as well.
    retention_in_days: -1,
  });
  return {
    agent: {
      region: config.region,
      run_as_user: 'cwagent',
      metrics_collection_interval: 60,
      omit_hostname: true,
    },
    logs: {
      logs_collected: {
        files: {
          collect_list: [
            collect(PARENT_LOG, ''),
            collect('/var/log/nitro_enclaves/nitro_enclaves.log', '/nitro-cli'),
          ],
        },
      },
    },
    metrics: {
      namespace,
      metrics_collected: {
        mem: { measurement: ['mem_used_percent'] },
        disk: { measurement: ['used_percent'], resources: ['/'], drop_device: true },
      },
      // Of all instances together: alarms ask for the fullest.
      aggregation_dimensions: [[]],
    },
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
