# The first process of a host: gives it its own name, files and processes, and stays until the test is
# gone. It is the first of its process namespace, so the kernel ends all others with it: a power failure.
#
# $1: the host's directory    $2: its name

set -eu
# As the machine counts, not the namespace.
read -r pid rest </proc/self/stat
mount -t proc proc /proc
mount -t sysfs sysfs /sys
# Without control groups guests of the same name on two hosts cannot meet in one.
umount -l -R /sys/fs/cgroup 2>/dev/null || true
hostname "$2"
for place in /run /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
    mkdir -p "$place"
    mount --bind "$1$place" "$place"
done
for file in hosts hostname passwd group; do
    mount --bind "$1/etc/$file" "/etc/$file"
done
ip link set lo up
echo "$pid"
cat >/dev/null
