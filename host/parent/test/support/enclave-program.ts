// SPDX-License-Identifier: Apache-2.0
/** An enclave's outside: `enclave-program.ts CID FOLDER`. It listens as LoopbackVsock has it and does what a request's body says. */
import { rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';

const [cid = '', folder = ''] = process.argv.slice(2);
const listen = join(folder, `${cid}-5000.sock`);
let configured = false;

const server = http.createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (request.url === '/v1/health')
    return void response.end(JSON.stringify({ phase: configured ? 'serving' : 'boot' }));
  if (request.url === '/v1/configuration') {
    configured = true;
    writeFileSync(join(folder, `${cid}.configuration`), body);
    return void response.writeHead(204).end();
  }
  const [order = '', relayPort] = body.toString().split(' ');
  if (order === 'crash' || order === `crash-${cid}`) process.kill(process.pid, 'SIGKILL');
  if (order === 'kms') return void askKms(Number(relayPort), response);
  response.end(`answer of ${cid}`);
});
rmSync(listen, { force: true });
server.listen(listen);

function askKms(port: number, response: http.ServerResponse): void {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${cid}` });
  socket.on('error', () => undefined);
  socket.pipe(response);
  socket.end(`bytes of ${cid}`);
}
