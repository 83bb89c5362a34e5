// SPDX-License-Identifier: Apache-2.0
/** The other process: echoes bodies at a unix socket and over the channel, and hands out what a client needs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createChannelServer } from '@enclave-vault/channel';
import { Deployment } from '../../host/channel/test/support.ts';

const ours = new Deployment();
const log = () => undefined;
const secure = createChannelServer(
  {
    identity: await ours.identity('server'),
    clientRoots: ours.clientRoots,
    log,
    http: { keepAliveTimeout: 30_000 },
  },
  (request, response) => request.pipe(response),
);
const plain = createServer({ keepAliveTimeout: 30_000 }, (request, response) => request.pipe(response));
await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
await new Promise<void>((resolve) => plain.listen(process.argv[2] ?? '', resolve));
process.send?.({
  port: (secure.address() as AddressInfo).port,
  serverRoots: ours.serverRoots,
  credentials: (await ours.identity('client')).current(),
});
