// SPDX-License-Identifier: Apache-2.0
// An "enclave" that tries to get out, and tells what came of it. POST /<probe> with JSON arguments on listen.sock;
// POST /nsm passes a request (raw CBOR) to the secure module.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';

const module_ = new net.Socket({ fd: 3, readable: true, writable: true });
let waiting = [];
let held = Buffer.alloc(0);
module_.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
    const end = 4 + held.readUInt32BE(0);
    waiting.shift()?.(held.subarray(4, end));
    held = held.subarray(end);
  }
});
module_.on('close', () => {
  for (const resolve of waiting) resolve(null);
  waiting = [];
});

function askModule(request) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(request.length);
  module_.write(Buffer.concat([head, request]));
  return new Promise((resolve) => waiting.push(resolve));
}

function connect(...target) {
  return new Promise((resolve) => {
    const socket = net.connect(...target);
    socket.on('connect', () => resolve('connected'));
    socket.on('error', (error) => resolve(error.code));
  });
}

const probes = {
  about: () => ({
    env: process.env,
    argv: process.argv,
    execArgv: process.execArgv,
    cwd: process.cwd(),
    pid: process.pid,
    ppid: process.ppid,
    uid: process.getuid(),
    interfaces: Object.keys(os.networkInterfaces()),
    hostname: os.hostname(),
  }),
  read: ({ path }) => fs.readFileSync(path, 'utf8'),
  list: ({ path }) => fs.readdirSync(path),
  write: ({ path }) => fs.writeFileSync(path, ''),
  remove: ({ path }) => fs.unlinkSync(path),
  chmod: ({ path }) => fs.chmodSync(path, 0o777),
  mount: ({ path }) => fs.mkdirSync(path),
  tcp: ({ host, port }) => connect(port, host),
  unix: ({ path }) => connect(path),
  run: ({ file, args = [] }) => spawnSync(file, args).error?.code ?? 'ran',
  kill: ({ pid }) => process.kill(pid, 0),
  fill: ({ path }) => fs.writeFileSync(path, 'content'),
  crash: () => process.abort(),
  print: ({ text }) => console.log(text),
};

http
  .createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.url === '/nsm') {
      response.end((await askModule(body)) ?? undefined);
      return;
    }
    let answer;
    try {
      answer = { value: (await probes[request.url.slice(1)](JSON.parse(body))) ?? null };
    } catch (error) {
      answer = { code: error.code ?? error.message };
    }
    response.end(JSON.stringify(answer));
  })
  .listen('listen.sock');
