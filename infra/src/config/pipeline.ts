// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { oneOf, pemOrFile, type Setting, text } from '@enclave-vault/settings';
import { logDays } from './log-days.ts';

/** The service had another name once, and connections keep theirs. */
const CONNECTION =
  /arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z]{2}(-[a-z]+)+-\d{1,2}:\d{12}:connection\/[0-9a-f-]{36}/;

/** For teams that have releases built and rolled out by CodePipeline. */
export const PIPELINE_SETTINGS = [
  {
    path: 'pipeline.source',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_SOURCE',
    doc: 'Where a pipeline takes the sources from: `connection`, a repository of a Git host; `upload`, a zip file that a deployer puts into the bucket of artifacts; `none`: there is no pipeline.',
    read: oneOf('none', 'upload', 'connection'),
    default: 'none',
  },
  {
    path: 'pipeline.connection',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_CONNECTION',
    doc: 'Connection to the Git host, made and confirmed in the console.',
    read: text('an ARN of codeconnections or codestar-connections', CONNECTION),
    optional: true,
  },
  {
    path: 'pipeline.repository',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_REPOSITORY',
    doc: 'Repository there, with its owner.',
    read: text('OWNER/REPOSITORY', /[\w.-]+(\/[\w.-]+)+/),
    optional: true,
  },
  {
    path: 'pipeline.branch',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_BRANCH',
    doc: 'Branch of it. A run is started by somebody, and not by a push.',
    read: text('the name of a branch', /[\w./-]{1,200}/),
    default: 'main',
  },
  {
    path: 'pipeline.config',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_CONFIG',
    doc: 'Path of deploy.json within the sources.',
    read: text('a path below the sources', /[\w-]+(\.[\w-]+)*(\/[\w-]+(\.[\w-]+)*)*/),
    default: 'deploy.json',
  },
  {
    path: 'pipeline.signingCertificate',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_SIGNING_CERTIFICATE',
    doc: 'Certificate under which enclave images are signed, for the image key of the stage `signing`; its digest is PCR8. Until it is there, a run of the pipeline ends before it signs. An alarm comes 60 days before its end.',
    read: pemOrFile(),
    optional: true,
  },
  {
    path: 'pipeline.compute',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_COMPUTE',
    doc: 'Size of the machine that builds (CodeBuild, Arm).',
    read: oneOf('BUILD_GENERAL1_MEDIUM', 'BUILD_GENERAL1_LARGE', 'BUILD_GENERAL1_XLARGE'),
    default: 'BUILD_GENERAL1_LARGE',
  },
  {
    path: 'pipeline.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_PIPELINE_LOG_DAYS',
    doc: 'How long logs of builds and deployments are kept.',
    read: logDays(),
    default: 365,
  },
] as const satisfies readonly Setting[];

interface PipelineValues {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly deployers: readonly string[];
  readonly pipeline: {
    readonly source: 'none' | 'upload' | 'connection';
    readonly connection: string | undefined;
    readonly repository: string | undefined;
    readonly signingCertificate: string | undefined;
  };
}

/** What must hold between them. */
export const PIPELINE_RULES = [
  {
    settings: ['pipeline.source', 'pipeline.connection', 'pipeline.repository'],
    doc: '`pipeline.source` connection takes `pipeline.connection`, of this account and Region, and `pipeline.repository`; no other takes them',
    broken: ({ partition, account, region, pipeline }: PipelineValues): boolean => {
      const { source, connection, repository } = pipeline;
      if (source !== 'connection') return connection !== undefined || repository !== undefined;
      if (connection === undefined || repository === undefined) return true;
      const [, itsPartition, , itsRegion, itsAccount] = connection.split(':');
      return itsPartition !== partition || itsRegion !== region || itsAccount !== account;
    },
  },
  {
    settings: ['pipeline.source', 'deployers', 'name'],
    // Perimeters let deployers through by name: who they are stands in one place, for people and pipeline alike.
    doc: 'with a pipeline, its role role/NAME/NAME-deploy is one of the `deployers`; without, it is not',
    broken: ({ partition, account, name, deployers, pipeline }: PipelineValues): boolean =>
      deployers.includes(`arn:${partition}:iam::${account}:role/${name}/${name}-deploy`) !==
      (pipeline.source !== 'none'),
  },
  {
    settings: ['deployers', 'name'],
    doc: 'no other role of the vault is one of the `deployers`',
    broken: ({ partition, account, name, deployers }: PipelineValues): boolean => {
      const ours = `arn:${partition}:iam::${account}:role/${name}/`;
      return deployers.some((one) => one.startsWith(ours) && one !== `${ours}${name}-deploy`);
    },
  },
  {
    settings: ['pipeline.signingCertificate'],
    doc: '`pipeline.signingCertificate` is one certificate, for a key on P-384',
    broken: ({ pipeline: { signingCertificate } }: PipelineValues): boolean =>
      signingCertificate !== undefined && !isCertificate(signingCertificate),
  },
];

function isCertificate(pem: string): boolean {
  try {
    const { publicKey } = new X509Certificate(pem);
    const one = pem.split('-----BEGIN ').length === 2;
    return one && publicKey.asymmetricKeyDetails?.namedCurve === 'secp384r1';
  } catch {
    return false;
  }
}
