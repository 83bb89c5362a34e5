// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Registers of a Nitro Secure Module; 0-15 belong to the hypervisor, 16-31 to the program. */
export const REGISTER_COUNT = 32;
export const HYPERVISOR_REGISTERS = 16;
/** SHA-384. */
export const REGISTER_LENGTH = 48;

/** ext(x) = SHA-384(48 zero bytes || x): what a register holds that was extended once. */
export function extendZero(data: Uint8Array | string): Buffer {
  return createHash('sha384').update(Buffer.alloc(REGISTER_LENGTH)).update(data).digest();
}

export type RegisterRefusal = 'InvalidIndex' | 'ReadOnlyIndex';

/**
 * The 32 platform configuration registers of one enclave. Those of the hypervisor are set once, here, and
 * locked from the start; the others begin as zeros. Refusals are returned: they are answers of the device.
 */
export class Registers {
  readonly #values: Buffer[];
  readonly #locked: boolean[];

  /** @param measured values of registers 0-15; those left out are zeros, and locked as well */
  constructor(measured: ReadonlyMap<number, Uint8Array>) {
    for (const [index, value] of measured) {
      if (!Number.isInteger(index) || index < 0 || index >= HYPERVISOR_REGISTERS) {
        throw new RangeError('not a register of the hypervisor');
      }
      if (value.length !== REGISTER_LENGTH) throw new RangeError('a register holds 48 bytes');
    }
    this.#values = Array.from({ length: REGISTER_COUNT }, (_, index) =>
      Buffer.from(measured.get(index) ?? Buffer.alloc(REGISTER_LENGTH)),
    );
    this.#locked = Array.from({ length: REGISTER_COUNT }, (_, index) => index < HYPERVISOR_REGISTERS);
  }

  describe(index: number): { lock: boolean; data: Buffer } | RegisterRefusal {
    const data = this.#values[index];
    if (data === undefined) return 'InvalidIndex';
    return { lock: this.#locked[index] === true, data: Buffer.from(data) };
  }

  /** new = SHA-384(old || data). Returns the new value. */
  extend(index: number, data: Uint8Array): Buffer | RegisterRefusal {
    const old = this.#values[index];
    if (old === undefined) return 'InvalidIndex';
    if (this.#locked[index]) return 'ReadOnlyIndex';
    const value = createHash('sha384').update(old).update(data).digest();
    this.#values[index] = value;
    return Buffer.from(value);
  }

  /** A locked register cannot be locked again: the device refuses that too. */
  lock(index: number): 'locked' | RegisterRefusal {
    if (index >= REGISTER_COUNT) return 'InvalidIndex';
    if (this.#locked[index]) return 'ReadOnlyIndex';
    this.#locked[index] = true;
    return 'locked';
  }

  /** Locks registers 0 to `range` - 1; those already locked stay so. */
  lockBelow(range: number): 'locked' | RegisterRefusal {
    if (range > REGISTER_COUNT) return 'InvalidIndex';
    this.#locked.fill(true, 0, range);
    return 'locked';
  }

  lockedIndexes(): number[] {
    return [...this.#locked.keys()].filter((index) => this.#locked[index]);
  }

  /** What a document says: the locked registers, an unlocked one could still change under its reader. */
  locked(): Map<number, Buffer> {
    return new Map(this.lockedIndexes().map((index) => [index, Buffer.from(this.#values[index] ?? [])]));
  }
}
