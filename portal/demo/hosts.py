"""What the simulated Linux host answers over SSH."""

from monitoring.probes import linux

SSHD_T = """\
port 22
addressfamily any
listenaddress 0.0.0.0:22
usepam yes
logingracetime 60
maxauthtries 4
maxsessions 10
clientaliveinterval 300
clientalivecountmax 2
permitrootlogin no
pubkeyauthentication yes
passwordauthentication no
kbdinteractiveauthentication no
permitemptypasswords no
permituserenvironment no
hostbasedauthentication no
ignorerhosts yes
permittunnel no
gatewayports no
x11forwarding no
allowtcpforwarding no
printmotd no
loglevel VERBOSE
ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com
macs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com
kexalgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
hostkeyalgorithms ssh-ed25519,rsa-sha2-512
subsystem sftp /usr/lib/openssh/sftp-server
"""

SS_LISTENING = """\
LISTEN 0 128 0.0.0.0:22 0.0.0.0:*
LISTEN 0 511 0.0.0.0:443 0.0.0.0:*
LISTEN 0 511 0.0.0.0:1935 0.0.0.0:*
LISTEN 0 128 [::]:22 [::]:*
"""

UNAME = (
    "Linux srv-stream-01 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 x86_64 GNU/Linux\n"
)

DISKS = """\
Filesystem 1-blocks Used Available Capacity Mounted on
/dev/sda2 128849018880 48962627174 79886391706 38% /
/dev/sdb1 4294967296000 3178275799040 1116691496960 74% /srv/recordings
"""

SERVICES = """\
auditd.service  loaded active running Security Auditing Service
chrony.service  loaded active running chrony, an NTP client/server
rsyslog.service loaded active running System Logging Service
ssh.service     loaded active running OpenBSD Secure Shell server
"""

ANSWERS = {
    "sshd -T": SSHD_T,
    "sudo -n sshd -T": SSHD_T,
    "/usr/sbin/sshd -T": SSHD_T,
    "sudo -n /usr/sbin/sshd -T": SSHD_T,
    "ss -ltnH": SS_LISTENING,
    linux.SERVICES: SERVICES,
    linux.UPDATES: "list 0\nkernel 6.1.0-28-amd64 6.1.0-28-amd64\n",
    "uname -a": UNAME,
    # What `monitoring.probes.facts` asks of a Linux host.
    "uname -r": "6.1.0-28-amd64\n",
    "cat /etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
    "cat /proc/uptime": "5184120.55 9000000.10\n",
    "cat /proc/loadavg": "0.84 0.91 0.88 2/311 20417\n",
    "cat /proc/meminfo": "MemTotal: 32812456 kB\nMemFree: 900000 kB\nMemAvailable: 14100000 kB\n",
    "df -P -B1 -x tmpfs -x devtmpfs -x overlay -x squashfs": DISKS,
    "systemctl list-units --state=failed --no-legend --plain || true": "",
    "cat /sys/class/dmi/id/product_name": "PowerEdge R450\n",
    "cat /sys/class/dmi/id/product_serial": "DEMO4R450\n",
    "timedatectl show -p NTPSynchronized --value": "yes\n",
    "nproc": "16\n",
}
