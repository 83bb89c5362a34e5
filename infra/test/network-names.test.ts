// SPDX-License-Identifier: Apache-2.0
import { CloudFormationClient, SignalResourceCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, test } from 'vitest';
import { dnsSuffix } from '../src/config/partitions.ts';
import { allowedDomains } from '../src/domains/allow-list.ts';
import {
  endpointServiceName,
  type InterfaceService,
  interfaceServices,
  kmsHost,
  serviceHost,
} from '../src/domains/services.ts';
import { type DeployConfig, exampleKnown, InfraError, namesOf } from '../src/index.ts';
import { API } from '../src/stages/api.ts';
import { DECRYPTION } from '../src/stages/decryption.ts';
import { askFirewall, matchesDomain } from './support/dns-firewall.ts';
import { deployConfig, inRegion, networkTemplate } from './support/network.ts';

const ACCOUNT = '111122223333';
const REGIONS = ['eu-central-1', 'us-east-1', 'ap-southeast-2', 'us-gov-west-1', 'cn-north-1'] as const;

/**
 * The names that the real clients of the AWS SDK call, by the endpoint rule sets that they bring: each request is stopped
 * where it would have been sent.
 */
async function hostsCalled(config: DeployConfig): Promise<Readonly<Record<string, string>>> {
  const { region, account, network } = config;
  const called: string[] = [];
  const options = {
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', accountId: account },
    requestHandler: {
      handle: (request: { readonly hostname: string }) => {
        called.push(request.hostname);
        return Promise.reject(new Error('stopped'));
      },
    },
  };
  const names = namesOf(config);
  const kms = new KMSClient({ ...options, useFipsEndpoint: network.fips });
  const dynamo = new DynamoDBClient(options);
  const anonymousDynamo = new DynamoDBClient({ ...options, accountIdEndpointMode: 'disabled' });
  const object = { Bucket: names.bucket, Key: 'parent.tar.gz', VersionId: '1' };
  const signal = {
    StackName: names.stack('decryption'),
    LogicalResourceId: 'G',
    UniqueId: 'i',
    Status: 'SUCCESS',
  } as const;
  const item = { TableName: names.table, Key: { pk: { S: 'a' }, sk: { S: 'b' } } };
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    kms: () => kms.send(new DecryptCommand({ CiphertextBlob: new Uint8Array(1) })),
    'DynamoDB by account': () => dynamo.send(new GetItemCommand(item)),
    'DynamoDB by Region': () => anonymousDynamo.send(new GetItemCommand(item)),
    logs: () =>
      new CloudWatchLogsClient(options).send(
        new PutLogEventsCommand({ logGroupName: 'g', logStreamName: 's', logEvents: [] }),
      ),
    cloudformation: () => new CloudFormationClient(options).send(new SignalResourceCommand(signal)),
    'S3, virtual host': () => new S3Client(options).send(new GetObjectCommand(object)),
    'S3, path style': () =>
      new S3Client({ ...options, forcePathStyle: true }).send(new GetObjectCommand(object)),
  };
  for (const call of Object.values(calls)) await expect(call()).rejects.toThrow('stopped');
  return Object.fromEntries(Object.keys(calls).map((what, index) => [what, called[index] ?? '']));
}

describe.each(REGIONS)('names that are called in %s', (region) => {
  it.each([false, true])('are all allowed, those of the SDK (FIPS %s)', async (fips) => {
    const config = inRegion(region, {
      network: { prefixLists: { s3: 'pl-12345678', dynamodb: 'pl-87654321' }, fips },
    });
    const template = networkTemplate(config);
    const hosts = await hostsCalled(config);
    expect(Object.keys(hosts)).toHaveLength(7);
    for (const [what, host] of Object.entries(hosts)) {
      expect(host, what).toContain(region);
      expect(askFirewall(template, { name: host }), `${what}: ${host}`).toBe('pass');
    }
    expect(hosts.kms).toBe(kmsHost(config));
    expect(hosts['DynamoDB by account']).toBe(`${ACCOUNT}.ddb.${region}.${dnsSuffix(config.partition)}`);
  });

  it('and of the rest, as their service names them', () => {
    const config = inRegion(region);
    const template = networkTemplate(config);
    const suffix = dnsSuffix(config.partition);
    const names = [
      `monitoring.${region}.${suffix}`,
      `abcdefghij.execute-api.${region}.${suffix}`,
      `abcdefghij-vpce-0123456789abcdef0.execute-api.${region}.${suffix}`,
      `al2023-repos-${region}-de612dc2.s3.dualstack.${region}.${suffix}`,
      `al2023-repos-${region}-de612dc2.s3.${region}.${suffix}`,
      `vault-parents-0123456789abcdef.elb.${region}.${suffix}`,
    ];
    for (const name of names) expect(askFirewall(template, { name }), name).toBe('pass');
  });
});

test('what later stages put out for the network is among them', () => {
  const config = deployConfig();
  const template = networkTemplate(config);
  const { outputs } = exampleKnown(config);
  const balancer = outputs.get(DECRYPTION.id)?.BalancerName;
  const url = outputs.get(API.id)?.Url;
  expect(askFirewall(template, { name: String(balancer) })).toBe('pass');
  expect(askFirewall(template, { name: new URL(String(url)).hostname })).toBe('pass');
});

describe('every other name is blocked', () => {
  const template = networkTemplate();
  const kms = 'kms.eu-central-1.amazonaws.com';

  it.each([
    ['a name with ours in front', `${kms}.evil.example`],
    ['data below a name of ours', `c2VjcmV0.${kms}`],
    ['ours with more in front', `x${kms}`],
    ['another Region', 'kms.us-east-1.amazonaws.com'],
    ['the global name', 'kms.amazonaws.com'],
    ['another partition', `${kms}.cn`],
    ['FIPS where it is not chosen', 'kms-fips.eu-central-1.amazonaws.com'],
    ['another account’s DynamoDB', '444455556666.ddb.eu-central-1.amazonaws.com'],
    ['our account elsewhere', `${ACCOUNT}.ddb.us-east-1.amazonaws.com`],
    ['another bucket', 'stolen.s3.eu-central-1.amazonaws.com'],
    [
      'our bucket in another account',
      'vault-artifacts-444455556666-eu-central-1.s3.eu-central-1.amazonaws.com',
    ],
    [
      'the bucket’s dual-stack name',
      `vault-artifacts-${ACCOUNT}-eu-central-1.s3.dualstack.eu-central-1.amazonaws.com`,
    ],
    [
      'packages by another number',
      'al2023-repos-eu-central-1-00000000.s3.dualstack.eu-central-1.amazonaws.com',
    ],
    ['the load balancers of another Region', 'a.elb.us-east-1.amazonaws.com'],
    ['a look-alike of the load balancers’ zone', 'elb.eu-central-1.amazonaws.com.evil.example'],
    ['the zone itself', 'elb.eu-central-1.amazonaws.com'],
    ['a service that nobody calls', 'sts.eu-central-1.amazonaws.com'],
    ['Session Manager where it is off', 'ssmmessages.eu-central-1.amazonaws.com'],
    ['the registry of npm', 'registry.npmjs.org'],
    ['a top-level domain', 'com'],
    ['the root', '.'],
    ['an address backwards', '1.0.64.10.in-addr.arpa'],
  ])('%s: %s', (_, name) => {
    expect(askFirewall(template, { name })).toBe('block');
  });

  it('of FIPS the other one, where FIPS is chosen', () => {
    const fips = networkTemplate(deployConfig({ network: { fips: true } }));
    expect(askFirewall(fips, { name: kms })).toBe('block');
    expect(askFirewall(fips, { name: 'kms-fips.eu-central-1.amazonaws.com' })).toBe('pass');
  });

  it('APIs, where ours is not private', () => {
    const regional = networkTemplate(deployConfig({ api: { exposure: 'regional' } }));
    expect(askFirewall(regional, { name: 'abcdefghij.execute-api.eu-central-1.amazonaws.com' })).toBe(
      'block',
    );
  });
});

describe('in what order', () => {
  const s3 = `vault-artifacts-${ACCOUNT}-eu-central-1.s3.eu-central-1.amazonaws.com`;

  it('follows a CNAME of a trusted name wherever AWS leads it, and none of another', () => {
    const chain = ['s3-r-w.eu-central-1.amazonaws.com'];
    const template = networkTemplate();
    expect(askFirewall(template, { name: s3, chain })).toBe('pass');
    expect(askFirewall(template, { name: 'evil.example', chain: [s3] })).toBe('block');
  });

  it.each(['DNS_TUNNELING', 'DGA'])('lets nothing pass that is taken for %s', (threat) => {
    const template = networkTemplate();
    expect(askFirewall(template, { name: 'c2VjcmV0.evil.example', threat })).toBe('block');
    // An alert would have let it pass: the model says so of the very rules that this stack does not have.
    const text = JSON.stringify(template).replaceAll(
      '"Action":"BLOCK","BlockResponse":"NXDOMAIN","ConfidenceThreshold"',
      '"Action":"ALERT","ConfidenceThreshold"',
    );
    expect(askFirewall(JSON.parse(text), { name: 'c2VjcmV0.evil.example', threat })).toBe('pass');
  });

  it('takes no name of ours for a threat', () => {
    expect(askFirewall(networkTemplate(), { name: s3, threat: 'DGA' })).toBe('pass');
  });

  it('blocks all the same where the Region has no Advanced rules', () => {
    const template = networkTemplate(deployConfig({ features: { dnsAdvanced: false } }));
    expect(JSON.stringify(template)).not.toContain('DnsThreatProtection');
    expect(askFirewall(template, { name: 'c2VjcmV0.evil.example', threat: 'DNS_TUNNELING' })).toBe('block');
  });
});

describe('the list', () => {
  it('has wildcards in zones that AWS alone hosts, and nowhere else', () => {
    const wild = allowedDomains(deployConfig(), namesOf(deployConfig())).filter((name) => name.includes('*'));
    expect(wild).toEqual(['*.elb.eu-central-1.amazonaws.com', '*.execute-api.eu-central-1.amazonaws.com']);
  });

  it('grows by what deploy.json asks for, by a name for each endpoint', () => {
    const before = deployConfig();
    const after = deployConfig({ network: { sessionManager: true, endpoints: ['sts', 'xray'] } });
    const added = allowedDomains(after, namesOf(after)).filter(
      (name) => !allowedDomains(before, namesOf(before)).includes(name),
    );
    expect(added).toEqual(
      ['ssm', 'ssmmessages', 'sts', 'xray'].map((service) => serviceHost(after, service)),
    );
  });

  it('names what the SDK names of STS', async () => {
    const called: string[] = [];
    const handle = (request: { readonly hostname: string }) => {
      called.push(request.hostname);
      return Promise.reject(new Error('stopped'));
    };
    const sts = new STSClient({
      region: 'eu-central-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      requestHandler: { handle },
    });
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toThrow('stopped');
    expect(called).toEqual([serviceHost(deployConfig(), 'sts')]);
  });

  it('is of names that DNS Firewall takes', () => {
    for (const region of REGIONS) {
      const config = inRegion(region);
      const domains = allowedDomains(config, namesOf(config));
      expect(new Set(domains).size).toBe(domains.length);
      // Route 53 API Reference, CreateFirewallDomainList: an asterisk in front, then labels.
      for (const domain of domains) expect(domain).toMatch(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/);
    }
  });
});

describe('partitions', () => {
  it('end names as the SDK does', async () => {
    for (const region of REGIONS) {
      const config = inRegion(region);
      const { endpointProvider } = new KMSClient({ region }).config;
      const { url } = endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false });
      expect(url.hostname).toBe(serviceHost(config, 'kms'));
    }
  });

  it('that are not known are refused, beforehand and at the last', () => {
    expect(() => dnsSuffix('aws-iso')).toThrow(InfraError);
    expect(() => dnsSuffix('toString')).toThrow(InfraError);
    expect(() => deployConfig({ partition: 'aws-iso' })).toThrow(/partition/);
    expect(() => inRegion('eu-central-1', { partition: 'aws-cn' })).toThrow(/partition/);
  });
});

test.each(['eu-central-1', 'cn-north-1', 'cn-northwest-1'])(
  'endpoints in %s have the names that CDK knows',
  async (region) => {
    const { InterfaceVpcEndpointAwsService } = await import('aws-cdk-lib/aws-ec2');
    const { App, Stack } = await import('aws-cdk-lib');
    const config = inRegion(region, {
      network: {
        prefixLists: { s3: 'pl-12345678', dynamodb: 'pl-87654321' },
        sessionManager: true,
        endpoints: ['sts', 'xray'],
      },
    });
    const stack = new Stack(new App(), 'S', { env: { account: ACCOUNT, region } });
    const services: readonly InterfaceService[] = [...interfaceServices(config), 'kms-fips'];
    expect(services).toHaveLength(10);
    for (const service of services) {
      const known = new InterfaceVpcEndpointAwsService(service);
      expect(stack.resolve(known.name)).toBe(endpointServiceName(config, service));
    }
  },
);

describe('the model of the firewall', () => {
  it.each([
    ['*', 'a.example', true],
    ['a.example', 'A.Example.', true],
    ['a.example', 'b.a.example', false],
    ['*.a.example', 'c.b.a.example', true],
    ['*.a.example', 'a.example', false],
    ['*.a.example', 'xa.example', false],
  ])('%s and %s: %s', (domain, name, matched) => {
    expect(matchesDomain(domain, name)).toBe(matched);
  });
});
