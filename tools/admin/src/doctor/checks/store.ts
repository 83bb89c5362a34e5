// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { type Check, failureOutcome, type Outcome, Skip } from '../check.ts';
import type { Subject } from '../subject.ts';

export const table: Check = {
  name: 'table',
  proves:
    'The store is there and of the shape that the vault writes; on AWS also that it can be restored, expires what should expire, and cannot be deleted by accident.',
  mend: 'Deploy again. A table of another key schema is another program’s: name the right one.',
  mendLocal: 'Put vault.db back from a backup.',
  run: async (subject) => {
    if (subject.store === undefined) throw new Skip('no role file names the store');
    return subject.store.kind === 'sqlite'
      ? [sqlite(subject.store.path)]
      : dynamodb(subject, subject.store.table);
  },
};

export const auditSink: Check = {
  name: 'audit_sink',
  proves: 'The heads of the audit chains have a place outside the store; without it nothing is revealed.',
  mend: 'Make the file’s folder writable for the API alone, or deploy the log group again.',
  mendLocal: 'Make the file’s folder writable for the API.',
  run: async (subject) => {
    const { audit } = subject;
    if (audit === undefined) throw new Skip('no role file names the audit sink');
    return [audit.kind === 'file' ? file(audit.path) : await logGroup(subject, audit.logGroup)];
  },
};

function sqlite(path: string): Outcome {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
  } catch {
    return { status: 'fail', seen: 'the database cannot be opened' };
  }
  try {
    // Reads the schema's page at least; a whole check of a large file has no place here.
    const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get();
    if (Number(tables?.n) === 0) return { status: 'fail', seen: 'the database is empty' };
    return modeOf(path, 'opens');
  } catch {
    return { status: 'fail', seen: 'the file is no database, or damaged' };
  } finally {
    database.close();
  }
}

function modeOf(path: string, seen: string): Outcome {
  const open = statSync(path).mode & 0o077;
  if (open === 0) return { status: 'ok', seen: `${seen}, for its owner only` };
  return {
    status: 'warn',
    seen: `${seen}, and others on this machine may read it`,
    mend: `chmod 600 ${path}`,
  };
}

function file(path: string): Outcome {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return modeOf(path, 'can be written');
  } catch {
    try {
      accessSync(dirname(path), constants.W_OK);
      return { status: 'warn', seen: 'the file is not there yet, and can be made' };
    } catch {
      return { status: 'fail', seen: 'the file cannot be written' };
    }
  }
}

async function logGroup(subject: Subject, name: string): Promise<Outcome> {
  const client = subject.clients.get(
    'logs',
    subject.callers[0],
    (settings) => new CloudWatchLogsClient(settings),
  );
  try {
    const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
    const group = logGroups.find(({ logGroupName }) => logGroupName === name);
    if (group === undefined) return { status: 'fail', seen: 'the log group is not there' };
    if (group.retentionInDays === undefined) return { status: 'ok', seen: 'log group, kept for ever' };
    // Heads that are gone prove nothing about what was cut off before.
    return group.retentionInDays >= 365
      ? { status: 'ok', seen: `log group, kept for ${group.retentionInDays} days` }
      : {
          status: 'warn',
          seen: `log group, kept for ${group.retentionInDays} days only`,
          mend: 'Keep audit heads for a year or more.',
        };
  } catch (error) {
    return failureOutcome(error);
  }
}

async function dynamodb(subject: Subject, name: string): Promise<readonly Outcome[]> {
  const client = subject.clients.get(
    'dynamodb',
    subject.callers[0],
    (settings) => new DynamoDBClient(settings),
  );
  const TableName = name;
  const part = async (of: string, look: () => Promise<Outcome>): Promise<Outcome> => {
    try {
      return { of, ...(await look()) };
    } catch (error) {
      return { of, ...failureOutcome(error) };
    }
  };
  return Promise.all([
    part('shape', async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      const schema = (Table?.KeySchema ?? []).map(
        ({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`,
      );
      const types = (Table?.AttributeDefinitions ?? []).map(
        (of) => `${of.AttributeName} ${of.AttributeType}`,
      );
      const problems: string[] = [];
      if (schema.join() !== 'pk HASH,sk RANGE' || !types.includes('pk S') || !types.includes('sk S'))
        problems.push('its key is not pk and sk, both text');
      if (Table?.TableStatus !== 'ACTIVE') problems.push(`status is ${Table?.TableStatus ?? 'unknown'}`);
      if (problems.length > 0) return { status: 'fail', seen: problems.join(', ') };
      const open: string[] = [];
      if (Table?.DeletionProtectionEnabled !== true) open.push('no deletion protection');
      // KMS and a key of one's own, not the table service's: who may read the table is then the key's business too.
      if (Table?.SSEDescription?.SSEType !== 'KMS') open.push('not encrypted under a KMS key');
      if (open.length > 0) return { status: subject.production ? 'fail' : 'warn', seen: open.join(', ') };
      return { status: 'ok', seen: 'pk and sk, active, protected from deletion, encrypted under a KMS key' };
    }),
    part('expiry', async () => {
      const { TimeToLiveDescription: ttl } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
      const on = ttl?.TimeToLiveStatus === 'ENABLED' && ttl.AttributeName === '_ttl';
      return on
        ? { status: 'ok', seen: 'by _ttl' }
        : {
            status: 'warn',
            seen: 'time to live is off, or by another attribute than _ttl: what expires stays',
          };
    }),
    part('backups', async () => {
      const { ContinuousBackupsDescription: backups } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName }),
      );
      const on = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
      return on
        ? { status: 'ok', seen: 'point-in-time recovery is on' }
        : { status: 'fail', seen: 'point-in-time recovery is off: nothing lost can be restored' };
    }),
  ]);
}
