// SPDX-License-Identifier: Apache-2.0
/**
 * The doctor's checks of table, log group and credentials against moto and DynamoDB Local, on what is as it should be and on what is broken:
 * `npx node tests/interop/doctor/run.heavy.ts`. Prints a line for each check, and `N passed, N failed`. A stand-in that cannot be had is named.
 */
import type { ChildProcess } from 'node:child_process';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { runChecks } from '../../../tools/admin/src/doctor/check.ts';
import { credentials } from '../../../tools/admin/src/doctor/checks/credentials.ts';
import { auditSink, table } from '../../../tools/admin/src/doctor/checks/store.ts';
import { Clients } from '../../../tools/admin/src/doctor/clients.ts';
import type { Subject } from '../../../tools/admin/src/doctor/subject.ts';
import { Checks } from '../../support/checks.ts';
import { freePort, prepareDynamoDbLocal, prepareMoto, startPeer } from '../dynamodb/prepare.ts';

const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' };
const checks = new Checks();

type Shape = Partial<CreateTableCommandInput> & { readonly expiry?: string; readonly backups?: boolean };

const GOOD: Shape = {
  DeletionProtectionEnabled: true,
  SSESpecification: { Enabled: true, SSEType: 'KMS' },
  expiry: '_ttl',
  backups: true,
};
const keys = (pk: string, sk: string, type: 'S' | 'N' = 'S'): Shape => ({
  AttributeDefinitions: [
    { AttributeName: pk, AttributeType: 'S' },
    { AttributeName: sk, AttributeType: type },
  ],
  KeySchema: [
    { AttributeName: pk, KeyType: 'HASH' },
    { AttributeName: sk, KeyType: 'RANGE' },
  ],
});

/** One stand-in for AWS, and what the doctor finds there. */
class Place {
  readonly #url: string;
  readonly #clients: Clients;

  constructor(url: string) {
    this.#url = url;
    this.#clients = new Clients(REGION, this.#endpoints);
  }

  async makeTable(name: string, { expiry, backups, ...shape }: Shape): Promise<void> {
    const client = new DynamoDBClient({
      region: REGION,
      endpoint: this.#url,
      credentials: { ...CREDENTIALS },
    });
    try {
      const input = {
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        ...keys('pk', 'sk'),
        ...shape,
      } as const;
      await client.send(new CreateTableCommand(input as CreateTableCommandInput));
      if (expiry !== undefined) {
        const TimeToLiveSpecification = { AttributeName: expiry, Enabled: true };
        await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
      }
      if (backups === true) {
        const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
        await client.send(
          new UpdateContinuousBackupsCommand({ TableName: name, PointInTimeRecoverySpecification }),
        );
      }
    } finally {
      client.destroy();
    }
  }

  async makeLogGroup(logGroupName: string, retentionInDays?: number): Promise<void> {
    const client = new CloudWatchLogsClient({
      region: REGION,
      endpoint: this.#url,
      credentials: { ...CREDENTIALS },
    });
    try {
      await client.send(new CreateLogGroupCommand({ logGroupName }));
      if (retentionInDays !== undefined)
        await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
    } finally {
      client.destroy();
    }
  }

  /** Statuses and words by what they are of. */
  async find(check: typeof table, more: Partial<Subject>): Promise<Record<string, string>> {
    const subject: Subject = {
      title: '',
      production: true,
      region: REGION,
      configuration: [],
      expected: {},
      keys: [],
      callers: [{ name: 'here', credentials: CREDENTIALS }],
      endpoints: this.#endpoints,
      clients: this.#clients,
      now: Date.now,
      ...more,
    };
    const found = await runChecks([check], subject);
    return Object.fromEntries(found.map(({ of = '', status, seen }) => [of, `${status}: ${seen}`]));
  }

  table(name: string): Promise<Record<string, string>> {
    return this.find(table, { store: { kind: 'dynamodb', table: name } });
  }

  async sink(logGroup: string): Promise<string> {
    return (await this.find(auditSink, { audit: { kind: 'log_group', logGroup } }))[''] ?? '';
  }

  close(): void {
    this.#clients.close();
  }

  get #endpoints(): Subject['endpoints'] {
    const here = { url: this.#url };
    return { dynamodb: here, logs: here, sts: here };
  }
}

function says(name: string, found: string | undefined, wanted: RegExp): void {
  checks.that(name, wanted.test(found ?? ''), found ?? 'nothing was found');
}

async function shapes(of: string, place: Place): Promise<void> {
  says(
    `${of}: a table that is not there`,
    (await place.table('none')).shape,
    /^fail: there is no such thing/,
  );
  for (const [name, shape, wanted] of [
    ['other-names', keys('id', 'sort'), /^fail: its key is not pk and sk/],
    ['other-type', keys('pk', 'sk', 'N'), /^fail: its key is not pk and sk/],
    ['unprotected', {}, /^fail: no deletion protection/],
  ] as const) {
    await place.makeTable(name, shape);
    says(`${of}: ${name}`, (await place.table(name)).shape, wanted);
  }
}

async function onMoto(place: Place): Promise<void> {
  await shapes('moto', place);
  await place.makeTable('good', GOOD);
  const good = await place.table('good');
  says('moto: a good table', good.shape, /^ok/);
  says('moto: a good table expires', good.expiry, /^ok/);
  says('moto: a good table can be restored', good.backups, /^ok/);
  await place.makeTable('careless', { ...GOOD, expiry: 'ttl', backups: false });
  const careless = await place.table('careless');
  says('moto: expiry by another attribute', careless.expiry, /^warn: time to live is off/);
  says('moto: no backups', careless.backups, /^fail: point-in-time recovery is off/);
  says('moto: a log group that is not there', await place.sink('/none'), /^fail: the log group is not there/);
  for (const [name, days, wanted] of [
    ['/for-ever', undefined, /^ok/],
    ['/short', 30, /^warn: .*30 days only/],
    ['/long', 400, /^ok: .*400 days/],
  ] as const) {
    await place.makeLogGroup(name, days);
    says(`moto: the log group ${name}`, await place.sink(name), wanted);
  }
  const arn = 'arn:aws:kms:eu-central-1:999999999999:key/1';
  const found = await place.find(credentials, { keys: [{ use: 'vault', arn }] });
  says(
    'moto: credentials of another account',
    found[''],
    /^fail: caller is arn:aws:.*in account 999999999999/,
  );
  const own = await place.find(credentials, {});
  says('moto: credentials when nothing is known of the deployment', own[''], /^warn: caller is arn:aws:/);
}

async function on(
  name: string,
  prepare: typeof prepareMoto,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const prepared = prepare(port);
  if ('missing' in prepared) {
    console.log(`SKIPPED: ${name} (${prepared.missing})`);
    return;
  }
  let child: ChildProcess | undefined;
  const place = new Place(`http://127.0.0.1:${port}`);
  try {
    child = await startPeer(prepared, port);
    await use(place);
  } finally {
    place.close();
    child?.kill('SIGKILL');
  }
}

await on('moto', prepareMoto, onMoto);
await on('DynamoDB Local', prepareDynamoDbLocal, (place) => shapes('DynamoDB Local', place));
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed === 0 ? 0 : 1;
