// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { ParentClient } from '../enclave-client.ts';
import { credentialsOf, type EnclaveLink } from './assemble.ts';
import { type Channel, ChannelParent } from './channel-parent.ts';
import type { ApiConfig } from './config.ts';
import { given } from './given.ts';

/** Of the 10 s that a request has. */
const OPEN_MS = 3_000;

/** The way to the parent that the configuration names: its socket on this machine, or mutual TLS. */
export function parentLink(config: ApiConfig, log: Log): EnclaveLink {
  const { parent } = config;
  if ('unix' in parent) return new ParentClient(parent, config.cluster.size);
  return new ChannelParent({ log, open: () => openChannel(config, parent, log) });
}

/** Both loaded where the parent is reached over the channel. */
async function openChannel(
  config: ApiConfig,
  { host, port }: { readonly host: string; readonly port: number },
  log: Log,
): Promise<Channel> {
  const [{ channelTarget, openChannelIdentity }, { createKmsSigner }] = await Promise.all([
    import('@enclave-vault/channel'),
    import('@enclave-vault/channel/kms'),
  ]);
  const { region, kms, channel, cluster } = config;
  const signer = createKmsSigner({
    keyArn: given(channel.key, 'channel.key'),
    region,
    fips: kms.fips,
    ...(kms.endpoint === undefined ? {} : { endpoint: kms.endpoint }),
    ...(kms.ca === undefined ? {} : { ca: kms.ca }),
    ...credentialsOf(config),
  });
  try {
    const identity = await openChannelIdentity({
      side: 'client',
      sign: signer.sign,
      roots: given(channel.clientRoot, 'channel.clientRoot'),
      log,
      openMs: OPEN_MS,
    });
    const serverRoots = given(channel.serverRoot, 'channel.serverRoot');
    const client = new ParentClient(channelTarget({ host, port, identity, serverRoots, log }), cluster.size);
    return {
      client,
      close: () => {
        client.close();
        identity.close();
        signer.close();
      },
    };
  } catch (error) {
    signer.close();
    throw error;
  }
}
