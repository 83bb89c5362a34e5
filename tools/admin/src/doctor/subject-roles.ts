// SPDX-License-Identifier: Apache-2.0
import { pcr3, verifyManifest } from '@enclave-vault/eif';
import { enclaveConfiguration } from '@enclave-vault/parent/enclave-configuration';
import { type EnclaveConfiguration, parseConfiguration, pcr16 } from '@enclave-vault/protocol';
import { codeOf, type Outcome } from './check.ts';
import { Clients } from './clients.ts';
import { channelParent, healthOfParent, type ParentLink, unixParent } from './parent-link.ts';
import type { RoleFiles } from './role-files.ts';
import type { Caller, Endpoint, Expected, KeySubject, Role, Subject } from './subject.ts';

export interface Given {
  readonly files: RoleFiles;
  /** Bytes of manifests, and the public key (PEM) that signs them. */
  readonly manifests: readonly Uint8Array[];
  readonly manifestKey: string | undefined;
  readonly as: Role | undefined;
  /** Instead of those of the role files. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** PEM of a development root. */
  readonly attestationRoot: string | undefined;
}

/** A deployment on AWS, as far as the role files that are here tell. */
export function deployedSubject(given: Given): Subject {
  const { files } = given;
  const { api, parent, deployment } = files;
  const configuration = configurationOf(files);
  const outcomes = [
    ...files.outcomes,
    ...configuration.outcomes,
    ...disagreements(files, configuration.read),
  ];
  const manifest = readManifests(given);
  const derived = derivedFrom(files, configuration.bytes);
  const known = api?.region ?? configuration.read?.region ?? deployment?.region;
  const region = known ?? 'us-east-1';
  const endpoints = { ...endpointsOf(files, region), ...given.endpoints };
  const caller = callerOf(files);
  return {
    title: `deployment ${deployment?.name ?? 'of unknown name'} in ${known ?? 'an unknown Region'}`,
    production: true,
    region,
    configuration: [...outcomes, ...manifest.outcomes, ...contradictions(manifest.expected, derived)],
    deployment,
    // The manifest is signed and decides; what follows from the files is for registers that it leaves out.
    expected: { ...derived, ...manifest.expected },
    keys: keysOf(files, configuration.read),
    callers: [caller],
    as: given.as,
    endpoints,
    store:
      api?.store.kind === 'dynamodb'
        ? { kind: 'dynamodb', table: api.store.table ?? '' }
        : api?.store.path === undefined
          ? undefined
          : { kind: 'sqlite', path: api.store.path },
    audit:
      api?.audit.kind === 'log_group'
        ? { kind: 'log_group', logGroup: api.audit.name ?? '' }
        : api?.audit.path === undefined
          ? undefined
          : { kind: 'file', path: api.audit.path },
    parent: parentOf(files, caller, endpoints.kms),
    noParent:
      parent === undefined
        ? undefined
        : 'the parent listens for the API’s role only: give it a `health` place, or ask with the API’s role file',
    attestationRoot: given.attestationRoot,
    clients: new Clients(region, endpoints),
    now: Date.now,
  };
}

/** Registers that follow from where an image runs. */
function derivedFrom({ deployment }: RoleFiles, configuration: Buffer | undefined): Expected {
  return {
    ...(deployment === undefined ? {} : { pcr3: [pcr3(deployment.roles.instance).toString('hex')] }),
    ...(configuration === undefined ? {} : { pcr16: [pcr16(configuration).toString('hex')] }),
  };
}

/** A manifest for another role or configuration would have its policy refuse the enclaves of this deployment. */
function contradictions(manifest: Expected, derived: Expected): Outcome[] {
  const without = (register: 'pcr3' | 'pcr16') =>
    manifest[register] !== undefined &&
    derived[register] !== undefined &&
    !derived[register].every((value) => manifest[register]?.includes(value));
  const found = [
    ...(without('pcr3') ? ['its PCR3 is not of the deployment’s roles.instance'] : []),
    ...(without('pcr16') ? ['its PCR16 is not of the parent’s enclave configuration'] : []),
  ];
  if (found.length === 0) return [];
  const mend =
    'Write the manifest anew for this role and configuration (enclave-vault measure), and deploy with it.';
  return [{ of: 'manifest', status: 'fail', seen: found.join('; '), mend }];
}

/** Fixed credentials of a role file are those the process would use; otherwise whatever AWS programs find here. */
function callerOf({ api, parent }: RoleFiles): Caller {
  const { accessKeyId, secretAccessKey, sessionToken } = api?.credentials ?? parent?.credentials ?? {};
  if (accessKeyId === undefined || secretAccessKey === undefined) return { name: 'here' };
  return {
    name: 'here',
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
}

function endpointsOf({ api }: RoleFiles, region: string): Subject['endpoints'] {
  if (api === undefined) return {};
  const { kms, store, audit } = api;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const fips = kms.fips ? `https://kms-fips.${region}.${domain}` : undefined;
  return {
    kms: { url: kms.endpoint ?? fips, ca: kms.ca },
    dynamodb: { url: store.endpoint },
    logs: { url: audit.endpoint },
  };
}

interface ReadConfiguration {
  readonly bytes?: Buffer;
  readonly read?: EnclaveConfiguration;
  readonly outcomes: readonly Outcome[];
}

function configurationOf({ parent }: RoleFiles): ReadConfiguration {
  if (parent === undefined) return { outcomes: [] };
  try {
    const bytes = enclaveConfiguration(parent.enclave);
    return { bytes, read: parseConfiguration(bytes), outcomes: [] };
  } catch (error) {
    const seen = `an enclave would refuse its configuration (${codeOf(error)})`;
    return { outcomes: [{ of: 'enclave configuration', status: 'fail', seen }] };
  }
}

function keysOf({ api, parent }: RoleFiles, configuration: EnclaveConfiguration | undefined): KeySubject[] {
  const keys: KeySubject[] = [];
  const add = (use: KeySubject['use'], arns: readonly (string | undefined)[]) => {
    for (const arn of arns)
      if (arn !== undefined && !keys.some((key) => key.arn === arn)) keys.push({ use, arn });
  };
  add('vault', [api?.keys.vault, ...(configuration?.vaultKeyArns ?? [])]);
  add('request', [api?.keys.request, ...(configuration?.requestKeyArns ?? [])]);
  add('integrity', [api?.keys.integrity]);
  add('legacy', configuration?.legacyKeyArns ?? []);
  add('channel-client', [api?.channel.key]);
  add('channel-server', [parent?.channel.key]);
  return keys;
}

function parentOf(
  { api, parent }: RoleFiles,
  caller: Caller,
  kms: Endpoint | undefined,
): ParentLink | undefined {
  if (api !== undefined) {
    const { parent: place, channel, region } = api;
    if ('unix' in place) return unixParent(place.unix);
    const { key, clientRoot, serverRoot } = channel;
    if (key === undefined || clientRoot === undefined || serverRoot === undefined) return undefined;
    const { url, ca } = kms ?? {};
    const signer = {
      keyArn: key,
      region,
      ...(url === undefined ? {} : { endpoint: url }),
      ...(ca === undefined ? {} : { ca }),
      ...(caller.credentials === undefined ? {} : { credentials: caller.credentials }),
    };
    return channelParent({ ...place, clientRoot, serverRoot, signer });
  }
  if (parent === undefined) return undefined;
  if ('unix' in parent.listen) return unixParent(parent.listen.unix);
  return parent.health === undefined ? undefined : healthOfParent(parent.health.host, parent.health.port);
}

/** What two files say of one thing must be one thing. */
function disagreements(
  { api, parent, deployment }: RoleFiles,
  configuration: EnclaveConfiguration | undefined,
): Outcome[] {
  const found: string[] = [];
  const demand = (holds: boolean, what: string) => {
    if (!holds) found.push(what);
  };
  if (api !== undefined && configuration !== undefined) {
    demand(configuration.region === api.region, 'the enclaves are told another region than the API');
    demand(
      configuration.vaultKeyArns.includes(api.keys.vault),
      'the API’s keys.vault is not among the enclaves’ vault keys',
    );
    demand(
      configuration.requestKeyArns.includes(api.keys.request),
      'the API’s keys.request is not among the enclaves’ request keys',
    );
  }
  if (api !== undefined && parent !== undefined) {
    const roots = (one: string | undefined, other: string | undefined) => squeezed(one) === squeezed(other);
    demand(
      'unix' in api.parent === 'unix' in parent.listen,
      'the API calls the parent in another way than it listens',
    );
    demand(
      roots(api.channel.serverRoot, parent.channel.serverRoot),
      'channel.serverRoot differs between API and parent',
    );
    demand(
      roots(api.channel.clientRoot, parent.channel.clientRoot),
      'channel.clientRoot differs between API and parent',
    );
  }
  if (api !== undefined && deployment !== undefined) {
    demand(api.region === deployment.region, 'the API’s region is not the deployment’s');
    const accounts = Object.values(api.keys).map((arn) => arn.split(':')[4]);
    demand(
      accounts.every((account) => account === deployment.account),
      'a key is in another account than the deployment',
    );
  }
  if ([api, parent, deployment].filter((one) => one !== undefined).length < 2) return [];
  if (found.length > 0) return [{ of: 'between files', status: 'fail', seen: found.join('; ') }];
  return [{ of: 'between files', status: 'ok', seen: 'they agree' }];
}

const squeezed = (pem: string | undefined): string | undefined => pem?.replaceAll(/\s/g, '');

function readManifests({ manifests, manifestKey }: Given): {
  expected: Expected;
  outcomes: readonly Outcome[];
} {
  if (manifests.length === 0 || manifestKey === undefined) return { expected: {}, outcomes: [] };
  const of = 'manifest';
  try {
    const images = manifests.flatMap((bytes) => verifyManifest(bytes, manifestKey).images);
    // A register that one image leaves out is not known, or the others' values would stand for it.
    const valuesOf = (register: 'pcr0' | 'pcr1' | 'pcr2' | 'pcr3' | 'pcr8' | 'pcr16') => {
      const values = images.map((image) => image[register]);
      return values.every((value) => value !== undefined) ? { [register]: [...new Set(values)] } : {};
    };
    const registers = ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const;
    const expected: Expected = Object.assign({}, ...registers.map(valuesOf));
    return { expected, outcomes: [{ of, status: 'ok', seen: `signed; images: ${images.length}` }] };
  } catch (error) {
    const mend = 'Give the manifest of this deployment’s image and the public key that signed it.';
    return { expected: {}, outcomes: [{ of, status: 'fail', seen: `refused: ${codeOf(error)}`, mend }] };
  }
}
