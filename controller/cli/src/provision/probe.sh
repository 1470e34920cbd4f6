# Asks a board about itself and changes nothing. Every line that counts begins with "cotmoc:"; the last is "end".
# Before it stand: paths='…' units='UNIT:PATH,PATH …' packages='…' login='…'
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
say() { printf 'cotmoc:%s=%s\n' "$1" "$2"; }
yes_if() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
[ "$(id -u)" = 0 ] && say root yes
[ -d /run/systemd/system ] && say systemd yes
say arch "$(dpkg --print-architecture 2>/dev/null)"
[ -r /etc/os-release ] && { . /etc/os-release; say os "${ID:-}"; say os-version "${VERSION_ID:-}"; }
model=$(tr -d '\0' </proc/device-tree/model 2>/dev/null || cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null | tr '\n' ' ')
say model "$model"
say memory-kib "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
say free-kib "$(df -Pk /var/lib | awk 'NR == 2 { print $4 }')"
for connector in /sys/class/drm/card*-*; do
  [ -e "$connector/status" ] || continue
  driver=$(basename "$(readlink -f "$connector/device/device/driver" 2>/dev/null)" 2>/dev/null)
  say display "$(basename "$connector") ${driver:--} $(cat "$connector/status") $(head -n 1 "$connector/modes" 2>/dev/null)"
done
if [ -r /proc/asound/cards ]; then
  sed -n 's/^ *[0-9]* \[\([^ ]*\) *\]: *\(.*\)/\1 \2/p' /proc/asound/cards | while read -r card; do say sound "$card"; done
fi
for chip in /sys/bus/gpio/devices/gpiochip*; do [ -e "$chip" ] && say gpio "$(basename "$chip")"; done
for rtc in /sys/class/rtc/rtc*; do [ -e "$rtc/name" ] && say rtc "$(cat "$rtc/name")"; done
for dog in /sys/class/watchdog/watchdog*; do [ -e "$dog/identity" ] && say watchdog "$(cat "$dog/identity")"; done
say watched "$(systemctl show --property=RuntimeWatchdogUSec --value 2>/dev/null | sed 's/^infinity$/0/')"
say clock "$(date +%s)"
say synchronised "$(timedatectl show --property=NTPSynchronized --value 2>/dev/null)"
for count in /sys/fs/ext4/*/errors_count; do
  [ -r "$count" ] && [ "$(cat "$count")" != 0 ] && say storage-fault "$(basename "$(dirname "$count")"): $(cat "$count") errors of the file system"
done
for wear in /sys/block/mmcblk*/device/pre_eol_info; do
  [ -r "$wear" ] && case $(cat "$wear") in 0x02 | 0x03) say storage-fault "$(echo "$wear" | cut -d/ -f4): worn out (pre_eol_info $(cat "$wear"))" ;; esac
done
awk '$2 == "/" && $4 ~ /(^|,)ro(,|$)/ { found = 1 } END { exit !found }' /proc/mounts && say storage-fault '/: mounted read-only'
say zone "$(readlink -f /etc/localtime | sed 's|.*/zoneinfo/||')"
for package in $packages; do
  version=$(dpkg-query -W -f '${Status} ${Version}' "$package" 2>/dev/null | sed -n 's/^install ok installed //p')
  [ -n "$version" ] && say package "$package $version"
done
for path in $paths; do
  [ -f "$path" ] && [ ! -L "$path" ] && say file "$path $(sha256sum <"$path" | cut -d' ' -f1) $(stat -c '%a %U:%G' "$path")"
done
for one in $units; do
  unit=${one%%:*}
  [ "$(systemctl show --property=LoadState --value "$unit" 2>/dev/null)" = not-found ] && continue
  active=$(systemctl is-active "$unit" 2>/dev/null)
  enabled=$(systemctl is-enabled "$unit" 2>/dev/null)
  stale=fresh began=$(systemctl show --property=ActiveEnterTimestamp --value "$unit" 2>/dev/null)
  if [ "$active" = active ] && [ -n "$began" ]; then
    began=$(date -d "$began" +%s)
    for path in $(echo "${one#*:}" | tr ',' ' '); do
      [ -e "$path" ] && [ "$(stat -c %Y "$path")" -gt "$began" ] && stale=stale
    done
  fi
  say unit "$unit ${enabled:-unknown} ${active:-unknown} $stale"
done
home=$(getent passwd "$login" | cut -d: -f6)
[ -r "$home/.ssh/authorized_keys" ] && grep -v '^ *#' "$home/.ssh/authorized_keys" | while read -r line; do say authorised "$line"; done
sshd -T 2>/dev/null | while read -r key value; do
  case $key in
    port) say ssh-port "$value" ;;
    passwordauthentication | kbdinteractiveauthentication | permitemptypasswords) say passwords "$value" ;;
  esac
done
say firewall "$(yes_if nft list table inet cotmoc)"
if [ -e /var/lib/cotmoc/agent/device.key ]; then
  say device-key "$(runuser -u cotmoc-agent -g cotmoc -- cotmoc-agent --config /etc/cotmoc/agent.toml key 2>/dev/null)"
fi
[ -s /var/lib/cotmoc/agent/device.pem ] && say certificate yes
say proven "$(cat /var/lib/cotmoc/proven 2>/dev/null)"
for record in /var/lib/cotmoc/needs-person/*; do [ -e "$record" ] && say needs-person "$(basename "$record")"; done
echo 'cotmoc:end='
