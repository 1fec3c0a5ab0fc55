# sh enter.sh KIND ROOT COMMAND...: run a command in another root, with mounts that end with it.
#
# KIND is `native` on an Arm machine. Where it is `emulated`, the kernel's files still describe this machine's own
# processor; onnxruntime and OpenVINO read them and die of what they find (an emulator before QEMU 8 hides neither).
# So such a root gets files that describe an Arm processor which the emulator can do all of: a Neoverse N1.
set -e
kind=$1 root=$2
shift 2

arm_processor() {
  cpu=$root/sys/devices/system/cpu
  last=$(($(nproc) - 1))
  mount -t tmpfs tmpfs "$root/sys"
  mkdir -p "$cpu"
  for list in possible present online; do echo "0-$last" > "$cpu/$list"; done
  for i in $(seq 0 $last); do
    topology=$cpu/cpu$i/topology
    mkdir -p "$topology" "$cpu/cpu$i/regs/identification"
    echo 0x00000000414fd0c1 > "$cpu/cpu$i/regs/identification/midr_el1"
    echo 0 > "$topology/physical_package_id"
    echo "$i" > "$topology/core_id"
    for own in core_cpus thread_siblings; do printf '%x\n' $((1 << i)) > "$topology/$own"; done
    for all in package_cpus core_siblings; do printf '%x\n' $(((2 << last) - 1)) > "$topology/$all"; done
    cat >> "$root/sys/cpuinfo" <<END
processor	: $i
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0c
CPU revision	: 1

END
  done
  mount --bind "$root/sys/cpuinfo" "$root/proc/cpuinfo"
}

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
if [ "$kind" = native ]; then mount -t sysfs -o ro sysfs "$root/sys"; else arm_processor; fi
# Not `exec`: this shell is the first process, and takes up those whose parents have ended.
code=0
chroot "$root" "$@" || code=$?
exit $code
