#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first process of the machine: what the kernel needs, then the checks, then off.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
$bb mount -t devtmpfs dev /dev
$bb ip link set lo up
for module in fuse cuse; do $bb insmod "/modules/$module.ko"; done
export TMPDIR=/tmp PATH=/bin
echo "vm: booted after $($bb cut -d' ' -f1 /proc/uptime) s"
$bb echo; /bin/node --disable-warning=ExperimentalWarning /guest/main.mjs
echo "vm: checks ended early with $?"
$bb poweroff -f
