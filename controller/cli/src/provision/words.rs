//! The steps in words.

use super::plan::Step;

/// What a step does, in Vietnamese and in English.
pub fn step(step: &Step) -> (String, String) {
    let both = |vi: &str, en: &str| (vi.to_owned(), en.to_owned());
    match step {
        Step::Authorise(_) => both(
            "Cho khoá SSH của kỹ thuật viên đăng nhập, và thử",
            "Let the technician's SSH key in, and try it",
        ),
        Step::Install(packages) => {
            let names: Vec<String> = packages
                .iter()
                .map(|package| match &package.version {
                    Some(version) => format!("{} {version}", package.name),
                    None => package.name.clone(),
                })
                .collect();
            let names = names.join(", ");
            (format!("Cài gói {names}"), format!("Install {names}"))
        }
        Step::Write(file) => (format!("Ghi {}", file.path), format!("Write {}", file.path)),
        Step::Zone(zone) => (
            format!("Đặt múi giờ {zone}"),
            format!("Set the time zone {zone}"),
        ),
        Step::SwitchOff(unit) => (format!("Tắt hẳn {unit}"), format!("Switch off {unit}")),
        Step::Enable(unit) => (
            format!("Cho {unit} chạy khi bật máy"),
            format!("Let {unit} start with the board"),
        ),
        Step::Watch => both("Bật watchdog phần cứng", "Feed the hardware watchdog"),
        Step::MakeKey => both(
            "Thiết bị tự tạo khoá của mình",
            "The device makes its own key",
        ),
        Step::Enrol => both(
            "Đăng ký thiết bị bằng mã dùng một lần",
            "Enrol the device by a one-time token",
        ),
        Step::TestCard(_) => both(
            "Chiếu hình thử và phát tiếng thử ở ngõ ra thật",
            "Show the test card and play the tone on the real outputs",
        ),
        Step::Start(unit) => (format!("Khởi động {unit}"), format!("Start {unit}")),
        Step::Firewall(_) => both(
            "Bật tường lửa: chỉ SSH được vào",
            "Firewall: only SSH comes in",
        ),
        Step::KeysOnly(_) => both(
            "SSH chỉ bằng khoá, không mật khẩu",
            "SSH by key only, no passwords",
        ),
    }
}
