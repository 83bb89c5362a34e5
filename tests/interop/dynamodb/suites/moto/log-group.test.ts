// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogStreamCommand,
  DescribeLogStreamsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { LogGroupSink, readLogGroup } from '@enclave-vault/stores/log-group';
import type { AuditHead } from '@enclave-vault/vault';
import { afterAll, expect, it } from 'vitest';
import { moto, placeOf } from '../../peers.ts';

const place = placeOf(moto());
const client = new CloudWatchLogsClient({ ...place, credentials: { ...place.credentials } });
afterAll(() => client.destroy());

async function newGroup(): Promise<string> {
  const logGroupName = `heads-${randomUUID()}`;
  await client.send(new CreateLogGroupCommand({ logGroupName }));
  return logGroupName;
}

const head = (n: number): AuditHead => {
  return { log: 'system_default', n, hash: Buffer.alloc(32, n % 256), time: Date.now() * 1000 + n };
};

it('heads of several processes come back, each once', async () => {
  const logGroup = await newGroup();
  const sinks = await Promise.all([1, 2, 3].map(() => LogGroupSink.open({ ...place, logGroup })));
  const heads = Array.from({ length: 600 }, (_, n) => head(n + 1));
  await Promise.all(heads.map((one, n) => sinks[n % 3]?.append(one)));
  for (const sink of sinks) await sink.close();
  const { logStreams } = await client.send(new DescribeLogStreamsCommand({ logGroupName: logGroup }));
  expect(logStreams).toHaveLength(3);
  const found = await Array.fromAsync(readLogGroup({ ...place, logGroup }));
  expect(found.sort((a, b) => a.n - b.n)).toEqual(heads);
});

it('a group that is not there is refused, and a stream that is removed is made again', async () => {
  await expect(LogGroupSink.open({ ...place, logGroup: 'none' })).rejects.toMatchObject({
    code: 'sink_unavailable',
    message: 'sink_unavailable: CreateLogStream: ResourceNotFoundException',
  });
  const logGroup = await newGroup();
  const sink = await LogGroupSink.open({ ...place, logGroup, logStream: 'one' });
  await sink.append(head(1));
  await client.send(new DeleteLogStreamCommand({ logGroupName: logGroup, logStreamName: 'one' }));
  await expect(sink.append(head(2))).rejects.toMatchObject({ code: 'sink_unavailable' });
  await sink.append(head(3));
  await sink.close();
  const found = await Array.fromAsync(readLogGroup({ ...place, logGroup }));
  expect(found.map(({ n }) => n)).toEqual([3]);
});

it('an event of another program is named', async () => {
  const logGroup = await newGroup();
  const sink = await LogGroupSink.open({ ...place, logGroup, logStream: 'one' });
  await sink.append(head(1));
  await client.send(
    new PutLogEventsCommand({
      logGroupName: logGroup,
      logStreamName: 'one',
      logEvents: [{ timestamp: Date.now() + 1, message: 'START RequestId: 1' }],
    }),
  );
  await expect(Array.fromAsync(readLogGroup({ ...place, logGroup }))).rejects.toMatchObject({
    code: 'sink_malformed',
    line: 2,
  });
  await sink.close();
});
