// SPDX-License-Identifier: Apache-2.0
import {
  cloudFormationEndpointPolicy,
  dynamoDbEndpointPolicy,
  executeApiEndpointPolicy,
  flowLogsPolicy,
  kmsEndpointPolicy,
  logsEndpointPolicy,
  monitoringEndpointPolicy,
  queryLogsDeliveryPolicy,
  requestedEndpointPolicy,
  s3EndpointPolicy,
  sessionEndpointPolicy,
} from '@enclave-vault/policies';
import { describe, expect, it, test } from 'vitest';
import { type Block, overlap, parseBlock, within } from '../src/config/ipv4.ts';
import { homeOf } from '../src/home.ts';
import { exampleKnown, namesOf } from '../src/index.ts';
import { BASE } from '../src/stages/base.ts';
import { BLOCKED_NAMES_METRIC, NETWORK_ALARMS } from '../src/stages/network/alarms.ts';
import { NETWORK } from '../src/stages/network.ts';
import {
  deployConfig,
  EVERYTHING,
  idOf,
  idsOf,
  inRegion,
  networkTemplate,
  ofType,
} from './support/network.ts';
import { flows } from './support/reach.ts';

const template = networkTemplate();
const config = deployConfig();
const names = namesOf(config);

describe('the ground', () => {
  it('has no way out: no resource that could be one, and no route of its own', () => {
    const types = new Set(
      Object.values(networkTemplate(deployConfig(EVERYTHING)).Resources).map(({ Type }) => Type),
    );
    expect([...types].sort()).toEqual([
      'AWS::CloudWatch::Alarm',
      'AWS::EC2::FlowLog',
      'AWS::EC2::RouteTable',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupIngress',
      'AWS::EC2::Subnet',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::EC2::VPC',
      'AWS::EC2::VPCEndpoint',
      'AWS::IAM::RolePolicy',
      'AWS::Logs::LogGroup',
      'AWS::Logs::MetricFilter',
      'AWS::Logs::ResourcePolicy',
      'AWS::Route53Resolver::FirewallConfig',
      'AWS::Route53Resolver::FirewallDomainList',
      'AWS::Route53Resolver::FirewallRuleGroup',
      'AWS::Route53Resolver::FirewallRuleGroupAssociation',
      'AWS::Route53Resolver::ResolverQueryLoggingConfig',
      'AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation',
    ]);
  });

  it('resolves names inside, which endpoints with private names need', () => {
    expect(template.Resources.Vpc?.Properties).toMatchObject({
      CidrBlock: '10.64.0.0/20',
      EnableDnsHostnames: true,
      EnableDnsSupport: true,
    });
  });

  it.each([
    ['10.64.0.0/20', 2],
    ['10.0.0.0/16', 6],
    ['192.168.4.0/22', 6],
    ['100.64.32.0/19', 3],
  ])('cuts %s into subnets of %i zones that do not overlap', (cidr, count) => {
    const zones = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, count).map((letter) => `eu-central-1${letter}`);
    const prefixLists = { s3: 'pl-12345678', dynamodb: 'pl-87654321' };
    const made = networkTemplate(deployConfig({ zones, network: { cidr, prefixLists } }));
    const subnets = Object.values(ofType(made, 'AWS::EC2::Subnet')).map(({ Properties = {} }) => Properties);
    expect(subnets).toHaveLength(2 * count);
    const blocks: Block[] = subnets.map(({ CidrBlock }) => parseBlock(String(CidrBlock)));
    for (const [index, block] of blocks.entries()) {
      expect(within(block, parseBlock(cidr))).toBe(true);
      // Amazon VPC User Guide, "Subnet sizing": /28 and larger. A load balancer needs eight free addresses.
      expect(block.bits).toBeLessThanOrEqual(26);
      expect(blocks.some((other, at) => at !== index && overlap(other, block))).toBe(false);
    }
    for (const { MapPublicIpOnLaunch } of subnets) expect(MapPublicIpOnLaunch).toBe(false);
    for (const zone of zones) {
      expect(subnets.filter(({ AvailabilityZone }) => AvailabilityZone === zone)).toHaveLength(2);
    }
  });

  it('moves no subnet when zones are added, taken away or listed otherwise', () => {
    const places = (...letters: string[]) => {
      const zones = letters.map((letter) => `eu-central-1${letter}`);
      const subnets = ofType(networkTemplate(deployConfig({ zones })), 'AWS::EC2::Subnet');
      return Object.fromEntries(
        Object.entries(subnets).map(([id, { Properties }]) => [
          id,
          `${Properties?.AvailabilityZone} ${Properties?.CidrBlock}`,
        ]),
      );
    };
    const all = places('a', 'b', 'c');
    expect(all).toMatchObject(places('a', 'c'));
    expect(places('c', 'b', 'a')).toEqual(all);
  });

  it('gives each kind of work a route table, and each subnet one', () => {
    const associations = Object.values(ofType(template, 'AWS::EC2::SubnetRouteTableAssociation'));
    const pairs = associations.map(({ Properties = {} }) => [
      idOf(Properties.SubnetId),
      idOf(Properties.RouteTableId),
    ]);
    expect(Object.fromEntries(pairs)).toEqual({
      FunctionSubnetA: 'FunctionRoutes',
      FunctionSubnetB: 'FunctionRoutes',
      InstanceSubnetA: 'InstanceRoutes',
      InstanceSubnetB: 'InstanceRoutes',
    });
  });
});

describe('who reaches whom', () => {
  it('is this list, and no more', () => {
    expect(flows(template)).toEqual([
      'Balancer -> Instances tcp 8080',
      'Balancer -> Instances tcp 8443',
      'Functions -> ApiEndpoint tcp 443',
      'Functions -> Balancer tcp 8443',
      'Functions -> Endpoints tcp 443',
      'Functions -> pl-66a5400f tcp 443',
      'Instances -> Endpoints tcp 443',
      'Instances -> pl-6ea54007 tcp 443',
    ]);
  });

  it('callers from other networks reach the endpoint of the API, and no other', () => {
    const clients = networkTemplate(
      deployConfig({ network: { clientCidrs: ['192.168.7.0/24', '172.16.0.0/12'] } }),
    );
    expect(flows(clients).filter((flow) => !flows(template).includes(flow))).toEqual([
      '172.16.0.0/12 -> ApiEndpoint tcp 443',
      '192.168.7.0/24 -> ApiEndpoint tcp 443',
    ]);
  });

  it('nobody reaches an endpoint of an API that is not private', () => {
    const regional = networkTemplate(deployConfig({ api: { exposure: 'regional' } }));
    expect(flows(regional).join()).not.toContain('ApiEndpoint');
    expect(regional.Resources).not.toHaveProperty('ExecuteApiEndpoint');
    expect(regional.Outputs?.ExecuteApiEndpointId?.Value).toBe('none');
  });

  it('no rule is for every address, and no group has the rule for everything that AWS would give it', () => {
    const everything = networkTemplate(deployConfig(EVERYTHING));
    expect(JSON.stringify(everything)).not.toContain('0.0.0.0/0');
    expect(JSON.stringify(everything)).not.toContain('::/0');
    for (const { Properties = {} } of Object.values(ofType(everything, 'AWS::EC2::SecurityGroup'))) {
      expect(Properties.SecurityGroupEgress).not.toHaveLength(0);
    }
  });
});

describe('endpoints', () => {
  const home = homeOf(config, names);
  const { roles } = names;
  const policies = {
    S3Endpoint: s3EndpointPolicy(home, names.bucket),
    DynamoDbEndpoint: dynamoDbEndpointPolicy(home, names.table, [names.roleArn('canary-inside')]),
    KmsEndpoint: kmsEndpointPolicy(home, {
      workloads: [roles.api, roles.instance, names.roleArn('canary-inside')],
      policyReaders: [names.roleArn('canary-inside')],
    }),
    LogsEndpoint: logsEndpointPolicy(home, names.logGroups),
    MonitoringEndpoint: monitoringEndpointPolicy(home, names.namespace),
    CloudformationEndpoint: cloudFormationEndpointPolicy(home, 'vault-decryption'),
    ExecuteApiEndpoint: executeApiEndpointPolicy(home, [
      names.roleArn('smoke'),
      names.roleArn('canary-control'),
    ]),
  };
  const endpointsOf = (made = template) =>
    Object.fromEntries(
      Object.entries(ofType(made, 'AWS::EC2::VPCEndpoint')).map(([id, { Properties = {} }]) => [
        id,
        Properties,
      ]),
    );

  it('are for what runs, each with its policy', () => {
    const found = endpointsOf();
    expect(Object.keys(found).sort()).toEqual(Object.keys(policies).sort());
    for (const [id, policy] of Object.entries(policies)) expect(found[id]?.PolicyDocument).toEqual(policy);
  });

  it('lie in every zone, with the names that everybody calls', () => {
    for (const [id, properties] of Object.entries(endpointsOf())) {
      if (properties.VpcEndpointType === 'Gateway') continue;
      expect(properties.PrivateDnsEnabled, id).toBe(true);
      expect(idsOf(properties.SubnetIds), id).toEqual(['FunctionSubnetA', 'FunctionSubnetB']);
      expect(idsOf(properties.SecurityGroupIds), id).toEqual([
        id === 'ExecuteApiEndpoint' ? 'ApiEndpointGroup' : 'EndpointsGroup',
      ]);
    }
  });

  it('of S3 is in the routes of instances alone, of DynamoDB in those of functions', () => {
    const { S3Endpoint, DynamoDbEndpoint } = endpointsOf();
    expect(idsOf(S3Endpoint?.RouteTableIds)).toEqual(['InstanceRoutes']);
    expect(idsOf(DynamoDbEndpoint?.RouteTableIds)).toEqual(['FunctionRoutes']);
    expect(S3Endpoint?.ServiceName).toBe('com.amazonaws.eu-central-1.s3');
  });

  it('of FIPS stands in place of the other', () => {
    const fips = networkTemplate(deployConfig({ network: { fips: true } }));
    const found = endpointsOf(fips);
    expect(found.KmsFipsEndpoint).toMatchObject({
      ServiceName: 'com.amazonaws.eu-central-1.kms-fips',
      PolicyDocument: policies.KmsEndpoint,
    });
    expect(found).not.toHaveProperty('KmsEndpoint');
    expect(idOf(fips.Outputs?.KmsEndpointId?.Value)).toBe('KmsFipsEndpoint');
  });

  it('more come when deploy.json asks for them', () => {
    const changes = { network: { sessionManager: true, endpoints: ['sts', 'xray'] } };
    const found = endpointsOf(networkTemplate(deployConfig(changes)));
    expect(found.SsmEndpoint?.PolicyDocument).toEqual(sessionEndpointPolicy(home, 'ssm'));
    expect(found.SsmmessagesEndpoint?.PolicyDocument).toEqual(sessionEndpointPolicy(home, 'ssmmessages'));
    expect(found.StsEndpoint?.PolicyDocument).toEqual(requestedEndpointPolicy(home, 'sts'));
    expect(found.XrayEndpoint?.PolicyDocument).toEqual(requestedEndpointPolicy(home, 'xray'));
    expect(Object.keys(found)).toHaveLength(Object.keys(policies).length + 4);
  });

  it('tracing needs none: Lambda sends traces itself', () => {
    expect(config.features.tracing).toBe(true);
    expect(endpointsOf()).not.toHaveProperty('XrayEndpoint');
  });

  it('of the API lets the configured callers in', () => {
    const arn = 'arn:aws:iam::111122223333:role/apps/billing';
    const caller = { arn, tenant: 't', scopes: ['records:read'] };
    const made = networkTemplate(deployConfig({ api: { callers: [caller] } }));
    expect(endpointsOf(made).ExecuteApiEndpoint?.PolicyDocument).toEqual(
      executeApiEndpointPolicy(home, [names.roleArn('smoke'), names.roleArn('canary-control'), arn]),
    );
  });

  it('keep their limit with everything on', () => {
    const made = endpointsOf(networkTemplate(deployConfig(EVERYTHING)));
    expect(Object.keys(made)).toHaveLength(11);
    for (const { PolicyDocument } of Object.values(made)) {
      expect(JSON.stringify(PolicyDocument).length).toBeLessThan(20_480);
    }
  });
});

describe('records', () => {
  const logGroups = ofType(template, 'AWS::Logs::LogGroup');

  it('are kept, under a key of ours', () => {
    const { LogsKeyArn } = exampleKnown(config).outputs.get(BASE.id) ?? {};
    expect(Object.keys(logGroups)).toHaveLength(2);
    for (const group of Object.values(logGroups)) {
      expect(group.DeletionPolicy).toBe('Retain');
      expect(group.UpdateReplacePolicy).toBe('Retain');
      expect(group.Properties).toMatchObject({ KmsKeyId: LogsKeyArn, RetentionInDays: 365 });
    }
  });

  it('has every flow, accepted or not, and the role that writes them its right beforehand', () => {
    expect(template.Resources.FlowLog).toMatchObject({
      Properties: {
        ResourceType: 'VPC',
        ResourceId: { Ref: 'Vpc' },
        TrafficType: 'ALL',
        LogGroupName: '/vault/flow',
        DeliverLogsPermissionArn: names.roleArn('flow-logs'),
        MaxAggregationInterval: 60,
      },
      DependsOn: ['Flows', 'FlowsRolePolicy'],
    });
    const format = String(template.Resources.FlowLog?.Properties?.LogFormat);
    expect(format).toMatch(/^\$\{[a-z-]+\}( \$\{[a-z-]+\})*$/);
    for (const field of ['pkt-srcaddr', 'action', 'traffic-path', 'instance-id']) {
      expect(format).toContain(`{${field}}`);
    }
    expect(template.Resources.FlowsRolePolicy?.Properties).toMatchObject({
      RoleName: 'vault-flow-logs',
      PolicyDocument: flowLogsPolicy(homeOf(config, names), '/vault/flow'),
    });
  });

  it('has every name that is asked for', () => {
    expect(template.Resources.QueryLog?.DependsOn).toEqual(['QueriesDelivery']);
    expect(idOf(template.Resources.QueryLog?.Properties?.DestinationArn)).toBe('Queries');
    const association = template.Resources.QueryLogOfVpc?.Properties;
    expect(idOf(association?.ResourceId)).toBe('Vpc');
    expect(idOf(association?.ResolverQueryLogConfigId)).toBe('QueryLog');
    const document: unknown = JSON.parse(
      String(template.Resources.QueriesDelivery?.Properties?.PolicyDocument),
    );
    expect(document).toEqual(queryLogsDeliveryPolicy(homeOf(config, names), '/vault/dns'));
  });

  it('sets off an alarm at many blocked names', () => {
    const { TopicArn } = exampleKnown(config).outputs.get(BASE.id) ?? {};
    expect(template.Resources.BlockedNames?.Properties).toMatchObject({
      LogGroupName: '/vault/dns',
      FilterPattern: '{ $.firewall_rule_action = "BLOCK" }',
      MetricTransformations: [
        { MetricNamespace: 'vault', MetricName: BLOCKED_NAMES_METRIC, MetricValue: '1' },
      ],
    });
    const metric = { Namespace: 'vault', MetricName: BLOCKED_NAMES_METRIC };
    expect(template.Resources.BlockedNamesAlarm?.Properties).toMatchObject({
      ...metric,
      AlarmName: 'vault-dns-blocked',
      Threshold: 100,
      AlarmActions: [TopicArn],
    });
    const alarms = Object.values(ofType(networkTemplate(deployConfig(EVERYTHING)), 'AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(NETWORK_ALARMS.length);
  });
});

describe('the DNS firewall', () => {
  it('fails closed, comes before all others and is protected', () => {
    expect(template.Resources.NamesFailClosed?.Properties).toEqual({
      FirewallFailOpen: 'DISABLED',
      ResourceId: { Ref: 'Vpc' },
    });
    expect(template.Resources.NameRulesOfVpc).toMatchObject({
      Properties: { MutationProtection: 'ENABLED', Priority: 101, VpcId: { Ref: 'Vpc' } },
      DependsOn: ['NamesFailClosed'],
    });
    expect(idOf(template.Resources.NameRulesOfVpc?.Properties?.FirewallRuleGroupId)).toBe('NameRules');
  });

  it('is left to AWS’s default where CloudFormation does not know the setting', () => {
    const without = networkTemplate(deployConfig({ features: { dnsFirewallConfig: false } }));
    expect(without.Resources).not.toHaveProperty('NamesFailClosed');
    expect(without.Resources).toHaveProperty('NameRulesOfVpc');
  });
});

describe('the template', () => {
  it('puts out what is declared, of the right resources', () => {
    const outputs = Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, Value]);
    expect(outputs.map(([name]) => name).sort()).toEqual(Object.keys(NETWORK.outputs).sort());
    const { FunctionSubnetIds, InstanceSubnetIds, ...single } = Object.fromEntries(outputs) as Record<
      string,
      unknown
    >;
    expect(FunctionSubnetIds).toEqual({
      'Fn::Join': [',', [{ Ref: 'FunctionSubnetA' }, { Ref: 'FunctionSubnetB' }]],
    });
    expect(InstanceSubnetIds).toEqual({
      'Fn::Join': [',', [{ Ref: 'InstanceSubnetA' }, { Ref: 'InstanceSubnetB' }]],
    });
    expect(Object.fromEntries(Object.entries(single).map(([name, value]) => [name, idOf(value)]))).toEqual({
      VpcId: 'Vpc',
      KmsEndpointId: 'KmsEndpoint',
      ExecuteApiEndpointId: 'ExecuteApiEndpoint',
      S3EndpointId: 'S3Endpoint',
      DynamoDbEndpointId: 'DynamoDbEndpoint',
      LogsEndpointId: 'LogsEndpoint',
      FunctionSecurityGroupId: 'FunctionsGroup',
      BalancerSecurityGroupId: 'BalancerGroup',
      InstanceSecurityGroupId: 'InstancesGroup',
      DefaultSecurityGroupId: 'Vpc',
      FunctionRouteTableId: 'FunctionRoutes',
    });
    expect(single.DefaultSecurityGroupId).toEqual({ 'Fn::GetAtt': ['Vpc', 'DefaultSecurityGroup'] });
  });

  it('fits into a request, since there is no bucket yet, with every option on', () => {
    const bytes = (made: unknown): number => Buffer.byteLength(JSON.stringify(made));
    // CloudFormation API Reference, CreateChangeSet: TemplateBody.
    expect(bytes(networkTemplate(deployConfig(EVERYTHING)))).toBeLessThan(51_200);
    expect(bytes(template)).toBeLessThan(25_000);
  });

  it.each(['us-gov-west-1', 'cn-north-1'])('names nothing of another partition in %s', (region) => {
    const text = JSON.stringify(networkTemplate(inRegion(region)));
    expect(text).not.toContain('arn:aws:');
    expect(text).not.toContain('eu-central-1');
    if (region === 'cn-north-1') expect(text).not.toMatch(/amazonaws\.com(?!\.cn)["/]/);
  });
});

test('the same twice', () => {
  expect(JSON.stringify(networkTemplate())).toBe(JSON.stringify(template));
});
