//! What stands in a board's way: each names the thing, the place and the remedy, for people in both languages.

use super::World;
use crate::provision::found::Found;

/// A wall's clock may differ this much from the technician's before somebody should know.
const CLOCK_TOLERANCE_S: i64 = 120;

/// Something that is wrong with a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Nothing is done to the board until this is mended.
    pub stops: bool,
    pub vi: String,
    pub en: String,
}

fn stop(vi: impl Into<String>, en: impl Into<String>) -> Trouble {
    let (vi, en) = (vi.into(), en.into());
    Trouble {
        stops: true,
        vi,
        en,
    }
}

fn remark(vi: impl Into<String>, en: impl Into<String>) -> Trouble {
    let (vi, en) = (vi.into(), en.into());
    Trouble {
        stops: false,
        vi,
        en,
    }
}

/// Everything that is wrong, at once.
pub(super) fn troubles(world: &World<'_>) -> Vec<Trouble> {
    let found = world.found;
    let mut troubles = system(found);
    troubles.extend(architecture(world));
    troubles.extend(room(world));
    troubles.extend(parts(found));
    troubles.extend(storage(found));
    troubles.extend(clock(world));
    troubles.extend(identity(world));
    troubles.extend(ssh(found));
    troubles.extend(found.needs_person.iter().map(|unit| {
        remark(
            format!("{unit} đã hỏng nhiều lần: đọc /var/lib/cotmoc/needs-person/{unit} trên máy"),
            format!(
                "{unit} failed for good: read /var/lib/cotmoc/needs-person/{unit} on the board"
            ),
        )
    }));
    troubles
}

fn system(found: &Found) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !found.is_root {
        troubles.push(stop(
            "Tài khoản SSH không được làm quản trị: thêm \"ktv ALL=(ALL) NOPASSWD: ALL\" bằng visudo, hoặc vào bằng root",
            "The SSH login may not act as root: add \"LOGIN ALL=(ALL) NOPASSWD: ALL\" with visudo, or log in as root",
        ));
    }
    if !found.has_systemd {
        troubles.push(stop(
            "Máy không chạy systemd: cài Debian 12 hoặc 13",
            "The board does not run systemd: install Debian 12 or 13",
        ));
    }
    let is_known = matches!(found.os.as_str(), "debian" | "raspbian")
        && matches!(found.os_version.as_str(), "12" | "13");
    if !is_known {
        let system = format!("{} {}", found.os, found.os_version);
        troubles.push(stop(
            format!(
                "Hệ điều hành là \"{system}\": cài Debian 12 hoặc 13 (Raspberry Pi OS cũng được)"
            ),
            format!(
                "The system is \"{system}\": install Debian 12 or 13 (or Raspberry Pi OS on it)"
            ),
        ));
    }
    troubles
}

fn architecture(world: &World<'_>) -> Option<Trouble> {
    let (board, folder) = (&world.found.arch, &world.offered.arch);
    (board != folder).then(|| {
        stop(
            format!("Máy là {board}, gói trong thư mục là {folder}: chạy deploy/package/bundle --arch {board}"),
            format!("The board is {board}, the folder's packages are {folder}: run deploy/package/bundle --arch {board}"),
        )
    })
}

fn room(world: &World<'_>) -> Vec<Trouble> {
    let (found, least) = (world.found, world.wanted.least);
    let mut troubles = Vec::new();
    if found.memory_mib < least.memory_mib {
        troubles.push(stop(
            format!("Bộ nhớ {} MiB, cần ít nhất {} MiB: dùng máy lớn hơn, hoặc giảm least_memory_mib", found.memory_mib, least.memory_mib),
            format!("{} MiB of memory, at least {} MiB are needed: take a larger board, or lower least_memory_mib", found.memory_mib, least.memory_mib),
        ));
    }
    let installs = !world.found.packages.contains_key("cotmoc-player");
    if installs && found.free_mib < least.free_mib {
        troubles.push(stop(
            format!("/var/lib còn trống {} MiB, cần ít nhất {} MiB: dọn đĩa hoặc dùng thẻ lớn hơn", found.free_mib, least.free_mib),
            format!("/var/lib has {} MiB free, at least {} MiB are needed: make room or take a larger disk", found.free_mib, least.free_mib),
        ));
    }
    troubles
}

/// What a board may lack and still be set up; the test card then says what fails.
fn parts(found: &Found) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !found.displays.iter().any(|display| display.is_connected) {
        troubles.push(remark(
            "Không thấy màn hình nào cắm vào /sys/class/drm: cắm cáp HDMI trước khi bật máy",
            "No display is connected by /sys/class/drm: plug the HDMI cable in before switching on",
        ));
    }
    if found.sound.is_empty() {
        troubles.push(remark(
            "Không có card âm thanh trong /proc/asound: bật âm thanh trong firmware, hoặc đặt audio.sink = \"none\" trong wall_more",
            "No sound card in /proc/asound: switch sound on in the firmware, or set audio.sink = \"none\" in wall_more",
        ));
    }
    if found.watchdogs.is_empty() {
        troubles.push(remark(
            "Không có watchdog phần cứng trong /sys/class/watchdog: máy treo sẽ không tự khởi động lại",
            "No hardware watchdog in /sys/class/watchdog: a board that hangs will not start again by itself",
        ));
    }
    if found.rtc.is_empty() {
        troubles.push(remark(
            "Không có đồng hồ RTC: sau khi mất điện, giờ chỉ đúng lại khi có nguồn giờ; nên lắp RTC có pin",
            "No RTC: after a power cut the time is right only once a time source answers; fit one with a battery",
        ));
    }
    if found.gpio.is_empty() {
        troubles.push(remark(
            "Không có chip GPIO: không báo được mất điện lưới, cửa tủ và phá hoại",
            "No GPIO chip: mains power, door and tamper lines cannot be read",
        ));
    }
    troubles
}

fn storage(found: &Found) -> impl Iterator<Item = Trouble> {
    found.storage_faults.iter().map(|fault| {
        stop(
            format!("Đĩa có lỗi: {fault}. Thay thẻ nhớ hoặc đĩa rồi làm lại"),
            format!("The storage is faulty: {fault}. Replace the card or disk and begin again"),
        )
    })
}

fn clock(world: &World<'_>) -> Option<Trouble> {
    let off_s = world.found.clock_s.saturating_sub(world.now_s);
    (off_s.abs() > CLOCK_TOLERANCE_S && !world.found.is_synchronised).then(|| {
        remark(
            format!("Đồng hồ của máy lệch {off_s} giây và chưa đồng bộ: kiểm tra khoá time trong tệp của máy và pin RTC"),
            format!("The board's clock is off by {off_s} s and not synchronised: check \"time\" in the board's file, and the RTC's battery"),
        )
    })
}

fn identity(world: &World<'_>) -> Option<Trouble> {
    let row = world.registered?;
    let device = &world.wanted.device;
    if row.is_active && Some(row.spki_sha256) != world.found.device_key {
        return Some(stop(
            format!(
                "Máy chủ đã có thiết bị {device} với khoá khác: nếu máy cũ đã bỏ, chạy cotmoc device revoke {device}; nếu không, đổi tên device"
            ),
            format!(
                "The controller has device {device} with another key: if the old board is gone, run cotmoc device revoke {device}; else choose another name"
            ),
        ));
    }
    let is_ours = Some(row.spki_sha256) == world.found.device_key;
    (row.is_revoked && is_ours).then(|| {
        stop(
            format!("Khoá của thiết bị {device} đã bị thu hồi: chạy cotmoc deprovision trên máy này rồi làm lại, máy sẽ tạo khoá mới"),
            format!("The key of device {device} is revoked: run cotmoc deprovision for this board and begin again, it then makes a new key"),
        )
    })
}

fn ssh(found: &Found) -> Option<Trouble> {
    (found.is_root && found.ssh_ports.is_empty()).then(|| {
        stop(
            "\"sshd -T\" không cho biết cổng SSH: cài openssh-server trên máy",
            "\"sshd -T\" does not tell the port of SSH: install openssh-server on the board",
        )
    })
}
