// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createInterface } from 'node:readline';

/** A machine that runs on the processor has said something by then. */
const SILENCE_MS = 12_000;

export interface Booted {
  readonly accelerated: boolean;
  /** From the start of qemu to its end, ms. */
  readonly ms: number;
  /** It was ended from here. */
  readonly timedOut: boolean;
}

/** Packs a folder as the kernel wants its first file system: cpio, newc. */
export function packInitramfs(folder: string, file: string): void {
  execFileSync('sh', ['-c', 'find . | LC_ALL=C sort | cpio -o -H newc --quiet > "$1"', 'sh', file], {
    cwd: folder,
  });
}

/** Whether the processor's own virtual machines may be used; else qemu emulates one, some times slower. */
function kvm(): boolean {
  if (process.env.VM_ACCEL === 'tcg') return false;
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Boots the machine and waits until it is off, at most `limitMs`. Where /dev/kvm is there and does not work (inside of some other virtual machines), the
 * machine is emulated.
 * @param onLine each line of its console
 */
export async function boot(
  kernel: string,
  initramfs: string,
  limitMs: number,
  onLine: (line: string) => void,
): Promise<Booted> {
  if (kvm()) {
    const booted = await run(true, kernel, initramfs, limitMs, onLine);
    if (booted !== null) return booted;
    console.log('KVM is there and does not work: emulated');
  }
  const booted = await run(false, kernel, initramfs, limitMs, onLine);
  if (booted === null) throw new Error('qemu ended before the kernel said anything');
  return booted;
}

/** @returns null when the machine never came to say anything */
function run(
  accelerated: boolean,
  kernel: string,
  initramfs: string,
  limitMs: number,
  onLine: (line: string) => void,
): Promise<Booted | null> {
  const started = performance.now();
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      // A processor without the features that a nested one often gets wrong.
      ...[
        '-accel',
        accelerated ? 'kvm' : 'tcg,thread=multi',
        '-cpu',
        accelerated ? 'host,-arch-capabilities' : 'max',
      ],
      ...['-smp', '2', '-m', '2048', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
      ...['-serial', 'stdio', '-kernel', kernel, '-initrd', initramfs],
      // A kernel that panics ends the machine; the quiet leaves the console to the checks.
      ...[
        '-append',
        `console=ttyS0 quiet loglevel=3 panic=-1 random.trust_cpu=on vm.emulated=${accelerated ? 0 : 1} vm.only=${process.env.VM_ONLY ?? ''}`,
      ],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = false;
  let timedOut = false;
  const end = (): void => {
    timedOut = true;
    qemu.kill('SIGKILL');
  };
  const watchdog = setTimeout(end, limitMs);
  const silence = accelerated ? setTimeout(end, SILENCE_MS) : undefined;
  createInterface({ input: qemu.stdout }).on('line', (line) => {
    if (!said && !line.startsWith('vm: ')) return;
    said = true;
    clearTimeout(silence);
    onLine(line.trimEnd());
  });
  createInterface({ input: qemu.stderr }).on('line', (line) => {
    // It stays there, stopped.
    if (line.startsWith('KVM internal error')) end();
    if (said) console.log(line);
  });
  return new Promise((resolve, reject) => {
    qemu.once('error', reject);
    qemu.once('close', () => {
      clearTimeout(watchdog);
      clearTimeout(silence);
      resolve(said ? { accelerated, ms: performance.now() - started, timedOut } : null);
    });
  });
}
