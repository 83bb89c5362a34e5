// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyDocument } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { describe, expect, test } from 'vitest';
import { DEPLOY } from '../../src/config/deploy.ts';
import { exampleKnown } from '../../src/example.ts';
import { DECRYPTION_ALARMS } from '../../src/stages/decryption/alarms.ts';
import { PARENT_FIGURES } from '../../src/stages/decryption/figures.ts';
import { SCALING_SIGNALS } from '../../src/stages/decryption/scaling.ts';
import { DECRYPTION } from '../../src/stages/decryption.ts';
import { synthesize, type TemplateResource } from '../../src/synthesize.ts';

type Json = Readonly<Record<string, unknown>>;
/** Decisions of deploy.json over the example's. */
function templateOf(more: Json = {}) {
  const file = { ...(DEPLOY.example as Json), ...more };
  return synthesize(DECRYPTION, exampleKnown(readRole(DEPLOY, { file, env: {} })));
}
const TEMPLATE = templateOf();
const propertiesOf = (id: string, template = TEMPLATE): Json => template.Resources[id]?.Properties ?? {};
const ofType = (type: string, template = TEMPLATE): readonly TemplateResource[] =>
  Object.values(template.Resources).filter(({ Type }) => Type === type);
const launchData = (template = TEMPLATE): Json =>
  propertiesOf('LaunchTemplate', template).LaunchTemplateData as Json;
const attributesOf = (list: unknown): Json =>
  Object.fromEntries((list as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));

describe('the launch template', () => {
  test('is an instance with enclaves, without keys, addresses or version 1 of the metadata service', () => {
    expect(launchData()).toMatchObject({
      ImageId: 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64',
      EnclaveOptions: { Enabled: true },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, HttpEndpoint: 'enabled' },
      IamInstanceProfile: { Arn: 'arn:aws:iam::111122223333:instance-profile/vault/vault-instance' },
      InstanceInitiatedShutdownBehavior: 'terminate',
      Monitoring: { Enabled: true },
      NetworkInterfaces: [{ AssociatePublicIpAddress: false, Groups: ['sg-33333333333333333'] }],
      BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true } }],
    });
    for (const absent of ['KeyName', 'SecurityGroupIds', 'InstanceType']) {
      expect(launchData()).not.toHaveProperty(absent);
    }
    expect(JSON.stringify(launchData().BlockDeviceMappings)).not.toContain('KmsKeyId');
  });

  test('stays with an image where deploy.json names one', () => {
    const template = templateOf({ decryption: { ami: 'ami-0123456789abcdef0' } });
    expect(launchData(template).ImageId).toBe('ami-0123456789abcdef0');
  });

  test('has user data in the clear, with the files of the release and nothing that CloudFormation fills in', () => {
    const script = (launchData().UserData as { 'Fn::Base64': unknown })['Fn::Base64'];
    expect(typeof script).toBe('string');
    expect(script).toContain(`release/enclave-vault.eif ${'7'.repeat(32)} ${'7'.repeat(64)}`);
    expect(script).toContain('--stack-name vault-decryption --logical-resource-id Group');
    expect(script).not.toContain('amazon-ssm-agent');
    expect(TEMPLATE.Resources.Group?.Type).toBe('AWS::AutoScaling::AutoScalingGroup');
  });

  test('brings the agent of Systems Manager, and its rights, where sessions are wanted', () => {
    const { network } = DEPLOY.example as { network: Json };
    const template = templateOf({ network: { ...network, sessionManager: true } });
    expect(JSON.stringify(launchData(template).UserData)).toContain('amazon-ssm-agent');
    expect(JSON.stringify(propertiesOf('InstanceRights', template))).toContain('ssmmessages:OpenDataChannel');
    expect(JSON.stringify(propertiesOf('InstanceRights'))).not.toContain('ssm');
  });
});

describe('the group', () => {
  const group = propertiesOf('Group');

  test('is in every zone’s subnet, judged by the balancer, and no instance is older than a day', () => {
    expect(group).toMatchObject({
      MinSize: '2',
      MaxSize: '6',
      VPCZoneIdentifier: ['subnet-33333333333333333', 'subnet-44444444444444444'],
      HealthCheckType: 'ELB',
      TargetGroupARNs: [{ Ref: 'Targets' }],
      MaxInstanceLifetime: 86_400,
      CapacityRebalance: true,
      InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage: 150 },
      NewInstancesProtectedFromScaleIn: false,
    });
    // It would set back what scaling has decided, at every update.
    expect(group).not.toHaveProperty('DesiredCapacity');
  });

  test('takes Graviton instances that run enclaves, of four vCPUs', () => {
    const { LaunchTemplate } = group.MixedInstancesPolicy as { LaunchTemplate: { Overrides: Json[] } };
    const [{ InstanceRequirements } = {}] = LaunchTemplate.Overrides;
    expect(InstanceRequirements).toMatchObject({
      CpuManufacturers: ['amazon-web-services'],
      VCpuCount: { Min: 4, Max: 4 },
      MemoryMiB: { Min: 3072, Max: 32_768 },
      BareMetal: 'excluded',
      BurstablePerformance: 'excluded',
      InstanceGenerations: ['current'],
      AcceleratorCount: { Max: 0 },
    });
    const { AllowedInstanceTypes } = InstanceRequirements as { AllowedInstanceTypes: string[] };
    // Nitro Enclaves User Guide, "Requirements".
    for (const family of [
      'a1',
      't4g',
      'm7g',
      'r7g',
      'c7gn',
      'c7gd',
      'm7gd',
      'r7gd',
      'im4gn',
      'is4gen',
      'g5g',
      'hpc7g',
    ]) {
      expect(AllowedInstanceTypes).not.toContain(`${family}.*`);
    }
    expect(AllowedInstanceTypes).toContain('c7g.*');
  });

  test('takes larger ones for more enclaves: two vCPUs and two GiB stay with the parent', () => {
    const template = templateOf({
      decryption: { maxVcpus: 16, enclaves: { count: 3, cpuCount: 4, memoryMib: 2048 } },
    });
    expect(JSON.stringify(propertiesOf('Group', template))).toContain(
      '"MemoryMiB":{"Max":32768,"Min":8192},"VCpuCount":{"Max":16,"Min":14}',
    );
  });

  test('an update waits for the word of each new instance longer than that may take', () => {
    const { UpdatePolicy, CreationPolicy, DependsOn } = TEMPLATE.Resources.Group as unknown as {
      UpdatePolicy: { AutoScalingRollingUpdate: Json };
      CreationPolicy: { ResourceSignal: Json };
      DependsOn: string[];
    };
    expect(UpdatePolicy.AutoScalingRollingUpdate).toMatchObject({
      WaitOnResourceSignals: true,
      MinInstancesInService: 2,
      MaxBatchSize: 1,
      MinSuccessfulInstancesPercent: 100,
    });
    expect(CreationPolicy.ResourceSignal).toMatchObject({ Count: 2 });
    const minutes = Number(/^PT(\d+)M$/.exec(String(UpdatePolicy.AutoScalingRollingUpdate.PauseTime))?.[1]);
    expect(minutes * 60).toBeGreaterThan(420 + 120 + 180);
    expect(CreationPolicy.ResourceSignal.Timeout).toBe(UpdatePolicy.AutoScalingRollingUpdate.PauseTime);
    // Without its rights or its log an instance could neither start nor say why not.
    expect(DependsOn).toEqual(expect.arrayContaining(['InstanceRights', 'ParentLog', 'Listener']));
  });

  test('checks count later than an instance may take to serve, whatever deploy.json says of that', () => {
    for (const bootSeconds of [120, 420, 1800]) {
      const { HealthCheckGracePeriod } = propertiesOf('Group', templateOf({ decryption: { bootSeconds } }));
      expect(HealthCheckGracePeriod).toBeGreaterThan(bootSeconds + 60);
    }
  });

  test('keeps out of zonal shift where the partition has none', () => {
    const template = templateOf({ features: { zonalShift: false } });
    expect(propertiesOf('Group', template)).not.toHaveProperty('AvailabilityZoneImpairmentPolicy');
    expect(group).toMatchObject({ AvailabilityZoneImpairmentPolicy: { ZonalShiftEnabled: true } });
    expect(attributesOf(propertiesOf('Balancer', template).LoadBalancerAttributes)).not.toHaveProperty(
      'zonal_shift.config.enabled',
    );
  });
});

describe('the balancer', () => {
  test('is internal, keeps callers in their zone, carries TCP, and is not deleted by mistake', () => {
    expect(propertiesOf('Balancer')).toMatchObject({
      Type: 'network',
      Scheme: 'internal',
      SecurityGroups: ['sg-22222222222222222'],
      Subnets: ['subnet-33333333333333333', 'subnet-44444444444444444'],
    });
    expect(attributesOf(propertiesOf('Balancer').LoadBalancerAttributes)).toEqual({
      'deletion_protection.enabled': 'true',
      'load_balancing.cross_zone.enabled': 'false',
      'dns_record.client_routing_policy': 'availability_zone_affinity',
      'zonal_shift.config.enabled': 'true',
    });
    expect(propertiesOf('Listener')).toMatchObject({ Port: 8443, Protocol: 'TCP' });
    expect(propertiesOf('Listener')).not.toHaveProperty('Certificates');
  });

  test('asks the parent for an enclave that serves, at the port that says no more than that', () => {
    expect(propertiesOf('Targets')).toMatchObject({
      Protocol: 'TCP',
      Port: 8443,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: '8080',
      HealthCheckPath: '/health',
      Matcher: { HttpCode: '200' },
    });
  });

  test('leaves a leaving instance its connections: the parent ends them', () => {
    expect(attributesOf(propertiesOf('Targets').TargetGroupAttributes)).toMatchObject({
      'deregistration_delay.timeout_seconds': '30',
      'deregistration_delay.connection_termination.enabled': 'false',
      'preserve_client_ip.enabled': 'true',
    });
  });

  test('can be deleted once deploy.json says so', () => {
    const template = templateOf({ decryption: { deletionProtection: false } });
    expect(attributesOf(propertiesOf('Balancer', template).LoadBalancerAttributes)).toMatchObject({
      'deletion_protection.enabled': 'false',
    });
  });
});

describe('rights and log', () => {
  test('the role has exactly what policies say, on this release and these keys', () => {
    const known = exampleKnown(readRole(DEPLOY, { file: DEPLOY.example, env: {} }));
    const { RoleName, PolicyDocument } = propertiesOf('InstanceRights') as {
      RoleName: string;
      PolicyDocument: PolicyDocument;
    };
    expect(RoleName).toBe('vault-instance');
    const sids = PolicyDocument.Statement.map(({ Sid }) => Sid);
    expect(sids).toEqual([
      'EnclaveDecrypt',
      'ChannelCertificates',
      'Artifact1',
      'Artifact2',
      'Artifact3',
      'ArtifactsKey',
      'Logs',
      'Figures',
      'Signal',
    ]);
    const versions = PolicyDocument.Statement.flatMap(
      ({ Condition }) => Condition?.StringEquals?.['s3:VersionId'] ?? [],
    );
    const { parent, image, parentSettings } = known.release ?? {};
    expect(versions).toEqual([parent, image, parentSettings].map((placed) => placed?.version));
    expect(JSON.stringify(PolicyDocument)).not.toMatch(/Fn::|Ref"/);
  });

  test('no role, no managed policy, no instance profile is made here', () => {
    for (const resource of Object.values(TEMPLATE.Resources)) {
      expect(['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::InstanceProfile']).not.toContain(
        resource.Type,
      );
    }
  });

  test('the log is encrypted under the key of logs, and outlives the stack', () => {
    expect(TEMPLATE.Resources.ParentLog).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        LogGroupName: '/vault/parent',
        RetentionInDays: 365,
        KmsKeyId: 'arn:aws:kms:eu-central-1:111122223333:key/11111111-1111-4111-8111-111111111111',
      },
    });
  });

  test('legacy keys of deploy.json are among those that may decrypt', () => {
    const legacy = 'arn:aws:kms:eu-central-1:111122223333:key/ffffffff-1111-4111-8111-111111111111';
    expect(JSON.stringify(propertiesOf('InstanceRights', templateOf({ legacyKeys: [legacy] })))).toContain(
      legacy,
    );
  });
});

describe('figures', () => {
  const sources = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
  const root = join(import.meta.dirname, '../../..');
  const program = ['host/parent/src', 'host/channel/src', 'infra/src/stages/decryption']
    .flatMap((folder) => sources(join(root, folder)))
    .filter((source) => !source.includes('PARENT_FIGURES'))
    .join('\n');

  test.each(Object.entries(PARENT_FIGURES))('%s: the log has such lines', (_, { pattern, value }) => {
    const events = [...pattern.matchAll(/\$\.event = "(\w+)"/g)].map(([, event]) => event);
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(program).toMatch(new RegExp(`['" ]${event}['"\\n]`));
    const member = /^\$\.(\w+)$/.exec(value)?.[1];
    if (member !== undefined) expect(program).toMatch(new RegExp(`\\b${member}(:|,)`));
    expect(propertiesOf('FigureEnclaveBusy')).toMatchObject({ LogGroupName: '/vault/parent' });
  });

  test('each is asked for by an alarm or a scaling signal, and each of those is a figure', () => {
    const asked = new Set(
      [...DECRYPTION_ALARMS, ...SCALING_SIGNALS].flatMap(({ metric }) =>
        'own' in metric ? [metric.own] : [],
      ),
    );
    const made = Object.keys(PARENT_FIGURES);
    expect(made.filter((figure) => !asked.has(figure as keyof typeof PARENT_FIGURES))).toEqual([]);
    const agent = ['mem_used_percent', 'disk_used_percent'];
    expect([...asked].filter((figure) => !made.includes(figure) && !agent.includes(figure))).toEqual([]);
  });
});

describe('scaling', () => {
  /** The expression of metric math for these values of the signals; its operators are JavaScript's but for AND. */
  const idle = (values: Readonly<Record<string, number>>, template = TEMPLATE): boolean => {
    const [{ Expression }] = propertiesOf('Fewer', template).Metrics as [{ Expression: string }];
    return Expression.split(' AND ').every((term) => {
      const [, id = '', bound] = /^(\w+) < (\d+)$/.exec(term) ?? [];
      expect(values).toHaveProperty(id);
      return (values[id] ?? Number.NaN) < Number(bound);
    });
  };
  const LOW = { busy: 1, refused: 0, cpu: 20, network: 1_000_000 };

  test('one fewer when all signals are low, and not when any one is not', () => {
    expect(idle(LOW)).toBe(true);
    for (const [id, value] of Object.entries({ busy: 2, refused: 1, cpu: 25, network: 400 * 1024 * 1024 })) {
      expect(idle({ ...LOW, [id]: value }), id).toBe(false);
    }
  });

  test('one alarm alone takes instances, after a quarter of an hour, and silence is no reason', () => {
    const takers = Object.entries(TEMPLATE.Resources).filter(([, { Type, Properties }]) => {
      return Type === 'AWS::AutoScaling::ScalingPolicy' && Number(Properties?.ScalingAdjustment ?? 1) < 0;
    });
    expect(takers.map(([id]) => id)).toEqual(['FewerPolicy']);
    const callers = ofType('AWS::CloudWatch::Alarm').filter((alarm) =>
      JSON.stringify(alarm.Properties?.AlarmActions).includes('FewerPolicy'),
    );
    expect(callers).toHaveLength(1);
    expect(callers[0]?.Properties).toMatchObject({
      EvaluationPeriods: 15,
      DatapointsToAlarm: 15,
      TreatMissingData: 'notBreaching',
    });
    expect(propertiesOf('FewerPolicy')).toMatchObject({ Cooldown: '900', ScalingAdjustment: -1 });
  });

  test.each(SCALING_SIGNALS.map(({ id }) => id))('%s alone is enough for more', (id) => {
    const name = `More${id.slice(0, 1).toUpperCase()}${id.slice(1)}`;
    expect(propertiesOf(name)).toMatchObject({
      AlarmActions: [{ Ref: `${name}Policy` }],
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
    const { StepAdjustments } = propertiesOf(`${name}Policy`) as {
      StepAdjustments: { ScalingAdjustment: number }[];
    };
    expect(Math.min(...StepAdjustments.map(({ ScalingAdjustment }) => ScalingAdjustment))).toBe(1);
  });

  test('thresholds are deploy.json’s', () => {
    const scaling = {
      busyOut: 20,
      busyIn: 7,
      cpuOut: 80,
      cpuIn: 30,
      networkOutMib: 10,
      networkInMib: 5,
      minutesIn: 30,
    };
    const template = templateOf({ decryption: { scaling } });
    expect(propertiesOf('MoreBusy', template).Threshold).toBe(20);
    expect(propertiesOf('MoreCpu', template).Threshold).toBe(80);
    expect(propertiesOf('MoreNetwork', template).Threshold).toBe(10 * 1024 * 1024);
    expect(idle({ busy: 6, refused: 0, cpu: 29, network: 5 * 1024 * 1024 - 1 }, template)).toBe(true);
    expect(idle({ busy: 7, refused: 0, cpu: 29, network: 0 }, template)).toBe(false);
    expect(propertiesOf('Fewer', template).EvaluationPeriods).toBe(30);
  });
});

describe('alarms', () => {
  const alarms = ofType('AWS::CloudWatch::Alarm').map(({ Properties = {} }) => Properties);
  const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:vault-alarms';

  test.each(DECRYPTION_ALARMS.map(({ id, todo }) => ({ id, todo })))(
    '$id tells people, and what to do',
    ({ id, todo }) => {
      const alarm = alarms.find(({ AlarmName }) => AlarmName === `vault-${id}`);
      expect(alarm).toMatchObject({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
      expect(alarm?.AlarmDescription).toContain(todo);
      // CloudWatch API Reference, PutMetricAlarm: 1,024 characters.
      expect(String(alarm?.AlarmDescription).length).toBeLessThan(1024);
    },
  );

  test('silence is bad news where it hides others’', () => {
    const breaching = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(breaching.map(({ AlarmName }) => AlarmName).sort()).toEqual([
      'vault-canary-parent-silent',
      'vault-parents-none-healthy',
      'vault-parents-silent',
      'vault-parents-too-few',
    ]);
  });

  test('bounds follow the group’s', () => {
    const template = templateOf({ decryption: { min: 3, max: 9 } });
    expect(propertiesOf('AlarmParentsTooFew', template).Threshold).toBe(3);
    expect(propertiesOf('AlarmParentsAtMax', template).Threshold).toBe(9);
  });
});

test('same inputs, same bytes', () => {
  expect(JSON.stringify(templateOf())).toBe(JSON.stringify(TEMPLATE));
});
