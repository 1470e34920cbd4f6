//! The words of events for people: Vietnamese first, English beside it.

use super::EventKind;

impl EventKind {
    /// The kind in Vietnamese and in English; nothing for a kind of another program.
    #[must_use]
    pub fn words(&self) -> Option<(&'static str, &'static str)> {
        let (_, vi, en) = WORDS.iter().find(|(kind, ..)| kind == self)?;
        Some((vi, en))
    }

    /// The name of a kind that this program does not know.
    #[must_use]
    pub fn as_other(&self) -> Option<&str> {
        if let Self::Other(name) = self {
            Some(name)
        } else {
            None
        }
    }
}

const WORDS: &[(EventKind, &str, &str)] = &[
    (
        EventKind::Started,
        "Tiến trình khởi động",
        "process started",
    ),
    (EventKind::Stopped, "Tiến trình dừng", "process stopped"),
    (
        EventKind::ReleaseAccepted,
        "Đã nhận bản phát hành",
        "release accepted",
    ),
    (
        EventKind::ReleaseRefused,
        "Từ chối bản phát hành",
        "release refused",
    ),
    (
        EventKind::TakedownAccepted,
        "Đã nhận lệnh gỡ",
        "takedown accepted",
    ),
    (
        EventKind::TakedownRefused,
        "Từ chối lệnh gỡ",
        "takedown refused",
    ),
    (
        EventKind::OverrideAccepted,
        "Đã nhận lệnh khẩn cấp",
        "override accepted",
    ),
    (
        EventKind::OverrideRefused,
        "Từ chối lệnh khẩn cấp",
        "override refused",
    ),
    (
        EventKind::OverrideOver,
        "Hết giờ lệnh khẩn cấp",
        "override is over",
    ),
    (
        EventKind::RootAccepted,
        "Đã nhận tài liệu gốc mới",
        "root accepted",
    ),
    (
        EventKind::RootRefused,
        "Từ chối tài liệu gốc",
        "root refused",
    ),
    (
        EventKind::MediaRefused,
        "Từ chối tệp nội dung",
        "media refused",
    ),
    (EventKind::ItemFault, "Lỗi phát một mục", "item fault"),
    (EventKind::IntegrityFault, "Lỗi toàn vẹn", "integrity fault"),
    (EventKind::ClockStep, "Đồng hồ bị chỉnh", "clock step"),
    (
        EventKind::ClockQuality,
        "Độ tin cậy đồng hồ đổi",
        "clock quality",
    ),
    (EventKind::OutputLost, "Mất đầu ra hình", "output lost"),
    (
        EventKind::OutputRestored,
        "Có lại đầu ra hình",
        "output restored",
    ),
    (EventKind::AudioLost, "Mất âm thanh", "audio lost"),
    (
        EventKind::AudioRestored,
        "Có lại âm thanh",
        "audio restored",
    ),
    (
        EventKind::ScreenLost,
        "Mất tiến trình màn hình",
        "screen lost",
    ),
    (
        EventKind::ScreenRestored,
        "Màn hình trở lại",
        "screen restored",
    ),
    (EventKind::StorageFault, "Lỗi bộ nhớ", "storage fault"),
    (
        EventKind::CertificateRenewed,
        "Đã đổi chứng thư thiết bị",
        "certificate renewed",
    ),
    (
        EventKind::CertificateExpiring,
        "Chứng thư thiết bị sắp hết hạn",
        "certificate expiring",
    ),
    (
        EventKind::Remedy,
        "Màn hình tự khắc phục",
        "screen helped itself",
    ),
    (
        EventKind::RecordsDropped,
        "Bỏ bớt bản ghi vì đầy",
        "records dropped",
    ),
    (EventKind::PowerLost, "Mất điện đột ngột", "power lost"),
    (
        EventKind::ProcessDied,
        "Tiến trình chết đột ngột",
        "process died",
    ),
    (EventKind::MainsLost, "Mất điện lưới", "mains lost"),
    (
        EventKind::MainsRestored,
        "Có lại điện lưới",
        "mains restored",
    ),
    (EventKind::OnBattery, "Đang chạy bằng ắc quy", "on battery"),
    (
        EventKind::OffBattery,
        "Thôi chạy bằng ắc quy",
        "off battery",
    ),
    (EventKind::BatteryLow, "Ắc quy sắp cạn", "battery low"),
    (
        EventKind::BatteryRestored,
        "Ắc quy đã nạp lại",
        "battery restored",
    ),
    (EventKind::DoorOpened, "Cửa tủ bị mở", "door opened"),
    (EventKind::DoorClosed, "Cửa tủ đã đóng", "door closed"),
    (
        EventKind::TamperDetected,
        "Thiết bị bị tác động trái phép",
        "tamper detected",
    ),
    (
        EventKind::TamperCleared,
        "Hết dấu hiệu tác động trái phép",
        "tamper cleared",
    ),
    (
        EventKind::LineLost,
        "Không đọc được đường tín hiệu",
        "signal line lost",
    ),
    (
        EventKind::LineRestored,
        "Đọc lại được đường tín hiệu",
        "signal line restored",
    ),
    (
        EventKind::PictureLost,
        "Màn hình không phát hình",
        "picture lost",
    ),
    (
        EventKind::PictureRestored,
        "Màn hình phát hình trở lại",
        "picture restored",
    ),
    (EventKind::PictureFrozen, "Hình bị đứng", "picture frozen"),
    (
        EventKind::PictureMoving,
        "Hình chạy trở lại",
        "picture moving",
    ),
    (
        EventKind::IntegrityRestored,
        "Hết lỗi toàn vẹn",
        "integrity restored",
    ),
    (
        EventKind::NetworkLost,
        "Mất liên lạc với máy chủ",
        "network lost",
    ),
    (
        EventKind::NetworkRestored,
        "Có lại liên lạc với máy chủ",
        "network restored",
    ),
    (
        EventKind::HostUnwell,
        "Máy quá nóng hoặc thiếu bộ nhớ",
        "board unwell",
    ),
    (
        EventKind::HostWell,
        "Máy bình thường trở lại",
        "board well again",
    ),
    (
        EventKind::PoweringOff,
        "Máy đang tắt có trật tự",
        "powering off in order",
    ),
    (
        EventKind::Feedback,
        "Góp ý của khách tại tủ tra cứu",
        "visitor feedback",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_words_of_its_own_in_both_languages() {
        let source = include_str!("event.rs");
        let (_, rest) = source.split_once("pub enum EventKind {").unwrap();
        let (kinds, _) = rest.split_once("Other(").unwrap();
        let names = kinds.lines().filter_map(|line| {
            let name = line.trim().strip_suffix(',')?;
            name.chars().all(char::is_alphanumeric).then(|| kebab(name))
        });
        let names: Vec<String> = names.collect();
        assert_eq!(names.len(), WORDS.len());
        let mut seen = BTreeSet::new();
        for name in names {
            let kind: EventKind = serde_json::from_value(name.clone().into()).unwrap();
            assert_eq!(kind.as_other(), None, "{name}");
            let (vi, en) = kind
                .words()
                .unwrap_or_else(|| panic!("{name} has no words"));
            assert!(seen.insert(vi) && seen.insert(en), "{name}: {vi}, {en}");
        }
    }

    fn kebab(name: &str) -> String {
        let lower = |(at, c): (usize, char)| {
            let hyphen = (at > 0 && c.is_uppercase()).then_some('-');
            hyphen.into_iter().chain(c.to_lowercase())
        };
        name.char_indices().flat_map(lower).collect()
    }
}
