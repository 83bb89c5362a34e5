// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWorkloadPolicy, deployWorkloadPolicy, pipelineWorkloadPolicy } from '@enclave-vault/policies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleKnown } from '../src/example.ts';
import { homeOf } from '../src/home.ts';
import { namesOf, PIPELINE, SIGNING, stagesOf } from '../src/index.ts';
import { buildSpec, deploySpec } from '../src/stages/pipeline/buildspecs.ts';
import { synthesize, type Template } from '../src/synthesize.ts';
import { CERTIFICATE, CERTIFICATE_ENDS, certificate } from './support/certificate.ts';
import { configOf, ofType, resourceOf } from './support/known.ts';

const DEPLOYERS = [
  'arn:aws:iam::111122223333:role/people/deployer',
  'arn:aws:iam::111122223333:role/vault/vault-deploy',
];
const CONNECTION =
  'arn:aws:codeconnections:eu-central-1:111122223333:connection/11111111-2222-4333-8444-555555555555';
const UPLOAD = { deployers: DEPLOYERS, pipeline: { source: 'upload', signingCertificate: CERTIFICATE } };
const CONNECTED = {
  deployers: DEPLOYERS,
  pipeline: { source: 'connection', connection: CONNECTION, repository: 'example/vault' },
};

interface Action {
  readonly Name: string;
  readonly RunOrder: number;
  readonly ActionTypeId: { readonly Category: string; readonly Provider: string };
  readonly Configuration: Readonly<Record<string, string>>;
  readonly InputArtifacts?: readonly { readonly Name: string }[];
  readonly OutputArtifacts?: readonly { readonly Name: string }[];
  readonly Namespace?: string;
}

const templateOf = (changes: Readonly<Record<string, unknown>>, stage = PIPELINE): Template =>
  synthesize(stage, exampleKnown(configOf(changes)));

function stagesIn(template: Template): ReadonlyMap<string, readonly Action[]> {
  const { Stages } = resourceOf(template, 'Pipeline').Properties as {
    Stages: readonly { Name: string; Actions: readonly Action[] }[];
  };
  return new Map(Stages.map(({ Name, Actions }) => [Name, Actions]));
}

describe('without a pipeline', () => {
  it('there is neither pipeline nor signing key', () => {
    const ids = stagesOf(configOf()).map(({ id }) => id);
    expect(ids).not.toContain('pipeline');
    expect(ids).not.toContain('signing');
  });
});

describe('the pipeline', () => {
  const template = templateOf(UPLOAD);
  const stages = stagesIn(template);

  it('goes from source to rollout, with an approval between', () => {
    expect([...stages.keys()]).toEqual(['Source', 'Build', 'Approval', 'Rollout']);
    expect(stages.get('Approval')).toMatchObject([
      { Name: 'Approve', ActionTypeId: { Category: 'Approval', Provider: 'Manual' } },
    ]);
  });

  it('rolls out in three phases, one after the other, within one stage that no other run enters', () => {
    const actions = stages.get('Rollout') ?? [];
    const phases = actions.map(({ Name, RunOrder, Configuration }) => [
      Name,
      RunOrder,
      JSON.parse(Configuration.EnvironmentVariables ?? '[]')[0],
    ]);
    expect(phases).toEqual([
      ['Widen', 1, { name: 'PHASE', value: 'widen', type: 'PLAINTEXT' }],
      ['Deploy', 2, { name: 'PHASE', value: 'deploy', type: 'PLAINTEXT' }],
      ['Narrow', 3, { name: 'PHASE', value: 'narrow', type: 'PLAINTEXT' }],
    ]);
    expect(resourceOf(template, 'Pipeline').Properties).toMatchObject({
      PipelineType: 'V2',
      ExecutionMode: 'QUEUED',
      RestartExecutionOnUpdate: false,
    });
  });

  it('deploys the manifest that was approved, and no other', () => {
    for (const { Configuration, InputArtifacts } of stages.get('Rollout') ?? []) {
      for (const name of ['MANIFEST_SHA256', 'PCR0', 'PCR8', 'VERSION'])
        expect(JSON.parse(Configuration.EnvironmentVariables ?? '[]')).toContainEqual({
          name,
          value: `#{Release.${name}}`,
          type: 'PLAINTEXT',
        });
      expect(Configuration.EnvironmentVariables?.length).toBeLessThanOrEqual(1000);
      expect(Configuration).toMatchObject({ ProjectName: 'vault-deploy', PrimarySource: 'Source' });
      expect(InputArtifacts?.map(({ Name }) => Name)).toEqual(['Source', 'Release']);
    }
    const spec = JSON.parse(buildSpec());
    expect(spec.env['exported-variables']).toContain('MANIFEST_SHA256');
  });

  it('tells approvers what comes and what goes, in as many characters as CodePipeline takes', () => {
    const [{ Configuration }] = stages.get('Approval') as [Action];
    const text = Configuration.CustomData ?? '';
    const names = [...text.matchAll(/#\{(\w+)\.(\w+)\}/g)].map(([, space, name]) => `${space}.${name}`);
    expect(names).toEqual([
      'Release.VERSION',
      'Source.VersionId',
      'Release.PCR0',
      'Release.PCR8',
      'Release.LIVE_PCR0',
      'Release.LIVE_PCR8',
      'Release.MANIFEST_SHA256',
    ]);
    const exported = new Set(
      JSON.parse(buildSpec()).env['exported-variables'].map((name: string) => `Release.${name}`),
    );
    expect(names.filter((name) => name !== 'Source.VersionId' && !exported.has(name))).toEqual([]);
    const filled = text.replaceAll(/#\{\w+\.\w+\}/g, (name) => 'x'.repeat(/PCR|SHA/.test(name) ? 96 : 40));
    expect(filled.length).toBeLessThanOrEqual(1000);
    expect(Configuration.NotificationArn).toBe('arn:aws:sns:eu-central-1:111122223333:vault-alarms');
  });

  it('takes an uploaded source of the bucket into which deployers alone place files, and polls for none', () => {
    expect(stages.get('Source')?.[0]).toMatchObject({
      ActionTypeId: { Provider: 'S3' },
      Configuration: {
        S3Bucket: 'vault-artifacts-111122223333-eu-central-1',
        S3ObjectKey: 'source/enclave-vault.zip',
        PollForSourceChanges: 'false',
      },
    });
  });

  it('takes a branch of a Git host when somebody starts it', () => {
    const [source] = stagesIn(templateOf(CONNECTED)).get('Source') ?? [];
    expect(source).toMatchObject({
      ActionTypeId: { Provider: 'CodeStarSourceConnection' },
      Configuration: {
        ConnectionArn: CONNECTION,
        FullRepositoryId: 'example/vault',
        BranchName: 'main',
        DetectChanges: 'false',
      },
    });
    expect(stagesIn(templateOf(CONNECTED)).get('Approval')?.[0]?.Configuration.CustomData).toContain(
      '#{Source.CommitId}',
    );
  });

  it('keeps its files in a bucket of its own, under a key of its own', () => {
    expect(resourceOf(template, 'Pipeline').Properties).toMatchObject({
      RoleArn: 'arn:aws:iam::111122223333:role/vault/vault-pipeline',
      ArtifactStore: {
        Type: 'S3',
        Location: 'vault-pipeline-111122223333-eu-central-1',
        EncryptionKey: { Type: 'KMS', Id: { 'Fn::GetAtt': ['FilesKey', 'Arn'] } },
      },
    });
  });

  it('tells people of a run that failed', () => {
    expect(resourceOf(template, 'FailedRuns').Properties).toMatchObject({
      EventPattern: {
        source: ['aws.codepipeline'],
        detail: { pipeline: ['vault-pipeline'], state: ['FAILED', 'STOPPED'] },
      },
    });
  });
});

describe('projects', () => {
  const template = templateOf(UPLOAD);

  it.each([
    ['Build', 'build'],
    ['Deploy', 'deploy'],
  ])('%s has its own role, no privileges and no secret', (id, role) => {
    const { ServiceRole, Environment, EncryptionKey, Visibility } = resourceOf(template, id)
      .Properties as Record<string, never>;
    expect(ServiceRole).toBe(`arn:aws:iam::111122223333:role/vault/vault-${role}`);
    expect(Environment).toMatchObject({ Type: 'ARM_CONTAINER', PrivilegedMode: false });
    expect(EncryptionKey).toEqual({ 'Fn::GetAtt': ['FilesKey', 'Arn'] });
    expect(Visibility).toBe('PRIVATE');
    expect(JSON.stringify(Environment)).not.toMatch(/PRIVATE KEY|SECRETS_MANAGER|PARAMETER_STORE/);
  });

  it('sign by keys of KMS, which the build alone knows of', () => {
    const text = JSON.stringify(resourceOf(template, 'Build').Properties);
    expect(text).toContain('arn:aws:kms:eu-central-1:111122223333:key/88888888-');
    const other = JSON.stringify([resourceOf(template, 'Deploy'), resourceOf(template, 'DeployPermissions')]);
    expect(other).not.toMatch(/88888888-|99999999-/);
  });

  it('have the rights that policies/ says, by exact ARN', () => {
    const config = configOf(UPLOAD);
    const home = homeOf(config, namesOf(config));
    const key = (digit: string): string =>
      `arn:aws:kms:eu-central-1:111122223333:key/${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;
    const files = { 'Fn::GetAtt': ['FilesKey', 'Arn'] };
    const keys = {
      files: 'FILES',
      artifacts: key('3'),
      topic: key('2'),
      imageSigning: key('8'),
      releaseSigning: key('9'),
    };
    const given = (id: string): unknown => resourceOf(template, id).Properties?.PolicyDocument;
    const expected = (policy: unknown): unknown =>
      JSON.parse(JSON.stringify(policy), (_, value: unknown) => (value === 'FILES' ? files : value));
    expect(given('BuildPermissions')).toEqual(expected(buildWorkloadPolicy(home, keys, '/vault/build')));
    expect(given('DeployPermissions')).toEqual(expected(deployWorkloadPolicy(home, keys, '/vault/deploy')));
    expect(given('PipelinePermissions')).toEqual(expected(pipelineWorkloadPolicy(home, keys, {})));
  });

  it('log under the key of logs, and what they logged stays', () => {
    for (const [, group] of ofType(template, 'AWS::Logs::LogGroup')) {
      expect(group.Properties).toMatchObject({ RetentionInDays: 365 });
      expect(group.Properties?.KmsKeyId).toMatch(/:key\/11111111-/);
      expect(group.DeletionPolicy).toBe('Retain');
    }
    expect(ofType(template, 'AWS::Logs::LogGroup')).toHaveLength(2);
  });
});

describe('signing keys', () => {
  const template = synthesize(SIGNING, exampleKnown(configOf(UPLOAD)));

  it('are two on P-384 that sign, and stay when all else goes', () => {
    const keys = ofType(template, 'AWS::KMS::Key');
    expect(keys).toHaveLength(2);
    for (const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] of keys) {
      expect(Properties).toMatchObject({
        KeySpec: 'ECC_NIST_P384',
        KeyUsage: 'SIGN_VERIFY',
        MultiRegion: false,
      });
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
  });
});

describe('the end of the certificate', () => {
  it('is a figure of the canaries, and an alarm on it', () => {
    const known = exampleKnown(configOf(UPLOAD));
    const canary = stagesOf(known.config).find(({ id }) => id === 'canary');
    if (canary === undefined) throw new Error('no canary');
    // The third is the control, which reports nothing but its one call.
    const functions = ofType(synthesize(canary, known), 'AWS::Lambda::Function').filter(
      ([, { Properties }]) =>
        (Properties as { FunctionName: string }).FunctionName !== 'vault-canary-control',
    );
    expect(functions).toHaveLength(2);
    for (const [, { Properties }] of functions) {
      const { Variables } = (Properties as { Environment: { Variables: Record<string, string> } })
        .Environment;
      expect(Date.parse(Variables.ENCLAVE_VAULT_CERTIFICATE_ENDS ?? '')).toBe(CERTIFICATE_ENDS);
    }
    expect(resourceOf(templateOf(UPLOAD), 'CertificateEnds').Properties).toMatchObject({
      AlarmName: 'vault-pipeline-certificate',
      Namespace: 'vault',
      MetricName: 'CertificateDaysLeft',
      Dimensions: [{ Name: 'Canary', Value: 'outside' }],
      ComparisonOperator: 'LessThanOrEqualToThreshold',
      Threshold: 60,
      AlarmActions: ['arn:aws:sns:eu-central-1:111122223333:vault-alarms'],
    });
  });

  it('is not asked for where there is no certificate yet', () => {
    expect(ofType(templateOf(CONNECTED), 'AWS::CloudWatch::Alarm')).toEqual([]);
  });
});

describe('deploy.json', () => {
  const refused = (changes: Readonly<Record<string, unknown>>): string => {
    try {
      configOf(changes);
    } catch (error) {
      return JSON.stringify((error as { problems?: unknown }).problems);
    }
    return 'taken';
  };
  const rest = { deployers: DEPLOYERS };

  it.each([
    ['a pipeline whose role deploys nothing', { pipeline: { source: 'upload' } }, 'vault-deploy'],
    ['a role of a pipeline that is not there', rest, 'NAME-deploy'],
    [
      'another role of the vault as deployer',
      {
        deployers: [...DEPLOYERS, 'arn:aws:iam::111122223333:role/vault/vault-build'],
        pipeline: { source: 'upload' },
      },
      'no other role of the vault',
    ],
    [
      'a connection without a repository',
      { ...rest, pipeline: { source: 'connection', connection: CONNECTION } },
      'repository',
    ],
    [
      'a repository without a connection',
      { ...rest, pipeline: { source: 'upload', repository: 'a/b' } },
      'repository',
    ],
    [
      'a connection of another account',
      {
        ...rest,
        pipeline: { ...CONNECTED.pipeline, connection: CONNECTION.replace('111122223333', '444455556666') },
      },
      'of this account and Region',
    ],
    [
      'a connection that is a queue',
      { ...rest, pipeline: { ...CONNECTED.pipeline, connection: 'arn:aws:sqs:eu-central-1:111122223333:a' } },
      'codeconnections',
    ],
    [
      'a path out of the sources',
      { ...rest, pipeline: { source: 'upload', config: '../deploy.json' } },
      'below the sources',
    ],
    [
      'a certificate for another curve',
      { ...rest, pipeline: { source: 'upload', signingCertificate: certificate('prime256v1') } },
      'P-384',
    ],
    [
      'two certificates',
      { ...rest, pipeline: { source: 'upload', signingCertificate: CERTIFICATE + CERTIFICATE } },
      'one certificate',
    ],
  ])('refuses %s', (_, changes, why) => {
    expect(refused(changes)).toContain(why.replace('vault-deploy', 'NAME-deploy'));
  });
});

/** The commands of a specification, run by a shell in which every tool is a stand-in that says how it was called. */
describe('build specifications', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'buildspec-'));
    for (const tool of ['dnf', 'cargo', 'npm', 'nitro-cli']) {
      writeFileSync(join(folder, tool), `#!/bin/bash\necho "${tool} $*" >> "$CALLS"\n`);
      chmodSync(join(folder, tool), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (commands: readonly string[], env: Readonly<Record<string, string>>) => {
    const calls = join(folder, 'calls');
    writeFileSync(calls, '');
    const { status } = spawnSync('bash', ['-ec', commands.join('\n')], {
      cwd: folder,
      env: { PATH: `${folder}:${process.env.PATH}`, CALLS: calls, ...env },
    });
    return { status, calls: readFileSync(calls, 'utf8').trim().split('\n') };
  };
  const commandsOf = (spec: string): readonly string[] => {
    const { phases } = JSON.parse(spec);
    return [...phases.install.commands, ...phases.build.commands];
  };

  it('deploy the approved manifest, in the phase that is asked for', () => {
    mkdirSync(join(folder, 'release'), { recursive: true });
    const payload = { version: '1.2.3', image: { pcr0: 'aa', pcr8: 'bb' } };
    const manifest = JSON.stringify({ payload: Buffer.from(JSON.stringify(payload)).toString('base64') });
    writeFileSync(join(folder, 'release/release.json'), manifest);
    const sha256 = createHash('sha256').update(manifest).digest('hex');
    const env = {
      CODEBUILD_SRC_DIR_Release: join(folder, 'release'),
      DEPLOY_CONFIG: 'deploy.json',
      PHASE: 'widen',
      VERSION: '1.2.3',
      PCR0: 'aa',
      PCR8: 'bb',
    };
    expect(run(commandsOf(deploySpec()), { ...env, MANIFEST_SHA256: sha256 })).toEqual({
      status: 0,
      calls: [
        'npm ci --ignore-scripts',
        'npm run --silent deploy -- --config deploy.json --phase widen --yes',
      ],
    });
    const ofNothing = createHash('sha256').digest('hex');
    const others: readonly Readonly<Record<string, string>>[] = [
      { MANIFEST_SHA256: '0'.repeat(64) },
      { MANIFEST_SHA256: '' },
      // Of nothing, which is right, and then a remark: sha256sum itself would be content.
      { MANIFEST_SHA256: `${ofNothing}  /dev/null\n#` },
      // What approvers read, of another image than the release has.
      { PCR0: 'cc' },
      { PCR8: 'cc' },
      { VERSION: '1.2.4' },
      { PCR0: '' },
    ];
    for (const other of others) {
      const { status, calls } = run(commandsOf(deploySpec()), { ...env, MANIFEST_SHA256: sha256, ...other });
      expect(status, JSON.stringify(other)).not.toBe(0);
      expect(calls).toEqual(['npm ci --ignore-scripts']);
    }
  });

  it('sign nothing without a certificate', () => {
    const { status, calls } = run(commandsOf(buildSpec()), { SIGNING_CERTIFICATE: '' });
    expect(status).not.toBe(0);
    expect(calls.join()).not.toMatch(/sign-eif|release/);
  });

  it('sign under the certificate of deploy.json', () => {
    const { Environment } = resourceOf(templateOf(UPLOAD), 'Build').Properties as {
      Environment: { EnvironmentVariables: readonly { Name: string; Value: string }[] };
    };
    const value =
      Environment.EnvironmentVariables.find(({ Name }) => Name === 'SIGNING_CERTIFICATE')?.Value ?? '';
    const [write = ''] = commandsOf(buildSpec()).filter(
      (one) => one.includes('signer.pem') && one.startsWith('printf'),
    );
    expect(run([write.replace('/tmp/', `${folder}/`)], { SIGNING_CERTIFICATE: value }).status).toBe(0);
    expect(readFileSync(join(folder, 'signer.pem'), 'utf8')).toBe(CERTIFICATE);
  });

  it('sign an image once, and make the release of the signed one', () => {
    const commands = commandsOf(buildSpec());
    const at = (part: string): number => commands.findIndex((one) => one.includes(part));
    expect(commands.filter((one) => one.includes('sign-eif'))).toHaveLength(1);
    expect(commands[at('eif_build --arch')]).not.toContain('--private-key');
    const order = [
      'npm test',
      'eif_build --arch',
      'sign-eif',
      'run --silent release',
      '--print-live',
      'MANIFEST_SHA256',
    ].map(at);
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(order).not.toContain(-1);
  });

  it('are commands that bash reads', () => {
    for (const spec of [buildSpec(), deploySpec()]) {
      for (const command of commandsOf(spec)) {
        expect(spawnSync('bash', ['-n', '-c', command]).status, command).toBe(0);
      }
    }
  });

  it('take what they tell from the release and from the live set', () => {
    const exports = commandsOf(buildSpec())
      .filter((one) => one.startsWith('export ') && !one.includes('package.json'))
      .map((one) => one.replaceAll('/tmp/', `${folder}/`));
    mkdirSync(join(folder, 'release'), { recursive: true });
    writeFileSync(join(folder, 'release/release.json'), 'manifest');
    writeFileSync(join(folder, 'release.txt'), JSON.stringify({ image: { pcr0: 'aa', pcr8: 'bb' } }));
    for (const [live, told] of [
      ['{"pcr0":["cc","dd"],"pcr8":["ee"]}', 'aa bb cc,dd ee'],
      ['null', 'aa bb nobody nobody'],
    ] as const) {
      writeFileSync(join(folder, 'live.txt'), live);
      const { status, stdout } = spawnSync(
        'bash',
        ['-ec', [...exports, 'echo $PCR0 $PCR8 $LIVE_PCR0 $LIVE_PCR8 $MANIFEST_SHA256'].join('\n')],
        { cwd: folder, env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8' },
      );
      expect(status).toBe(0);
      expect(stdout.trim()).toBe(`${told} ${createHash('sha256').update('manifest').digest('hex')}`);
    }
  });
});
