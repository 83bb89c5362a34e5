// SPDX-License-Identifier: Apache-2.0
import { ParentError } from '../errors.ts';
import type { EnclaveDescription } from './hypervisor.ts';

export type Json = Readonly<Record<string, unknown>>;

const CID_MAX = 2 ** 32 - 2;

/** JSON text of an answer. @throws ParentError `hypervisor_refused` */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ParentError('hypervisor_refused', 'answer is not JSON');
  }
}

/** One element of describe-enclaves. @throws ParentError `hypervisor_refused` with the member's name */
export function readDescription(value: unknown): EnclaveDescription {
  const map = object(value);
  const cid = map.EnclaveCID;
  if (typeof cid !== 'number' || !Number.isSafeInteger(cid) || cid < 1 || cid > CID_MAX) {
    throw new ParentError('hypervisor_refused', 'EnclaveCID');
  }
  return {
    EnclaveName: text(map, 'EnclaveName'),
    EnclaveID: text(map, 'EnclaveID'),
    EnclaveCID: cid,
    State: text(map, 'State'),
    Flags: text(map, 'Flags'),
    Measurements: measurements(map.Measurements),
    Sockets: map.Sockets === undefined ? null : text(map, 'Sockets'),
  };
}

/** All of describe-enclaves. @throws ParentError `hypervisor_refused` */
export function readDescriptions(value: unknown): EnclaveDescription[] {
  if (!Array.isArray(value)) throw new ParentError('hypervisor_refused', 'not a list');
  return value.map(readDescription);
}

/** @throws ParentError `hypervisor_refused` */
export function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ParentError('hypervisor_refused', 'not an object');
  }
  return value as Json;
}

/** @throws ParentError `hypervisor_refused` with the member's name */
export function text(map: Json, name: string): string {
  const found = map[name];
  if (typeof found !== 'string' || found === '') throw new ParentError('hypervisor_refused', name);
  return found;
}

function measurements(value: unknown): Record<string, string> {
  const registers: Record<string, string> = {};
  if (value === undefined || value === null) return registers;
  for (const [name, register] of Object.entries(object(value))) {
    if (typeof register !== 'string') throw new ParentError('hypervisor_refused', 'Measurements');
    registers[name] = register;
  }
  return registers;
}
