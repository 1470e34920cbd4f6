//! The page's words: Vietnamese first, English beside it.

use cotmoc_proto::device::{ClockQuality, EventKind, ScreenStatus, Showing};
use cotmoc_proto::override_order::Override;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub vi: String,
    pub en: String,
}

pub(super) fn words(vi: impl Into<String>, en: impl Into<String>) -> Words {
    Words {
        vi: vi.into(),
        en: en.into(),
    }
}

/// The colour and symbol of a status, as a class of the style sheet.
pub(super) const fn tone(status: ScreenStatus) -> &'static str {
    match status {
        ScreenStatus::OnAir => "good",
        ScreenStatus::StandbyByPlan => "rest",
        ScreenStatus::OfflineShouldBeOnAir
        | ScreenStatus::OnlineNotLit
        | ScreenStatus::IntegrityFault => "bad",
        ScreenStatus::ClockUntrusted | ScreenStatus::Degraded => "warn",
    }
}

pub(super) fn clock(quality: ClockQuality) -> Words {
    match quality {
        ClockQuality::Synchronised => words("đã đồng bộ", "synchronised"),
        ClockQuality::Held => words("tự giữ giờ", "held"),
        ClockQuality::Untrusted => words("không đáng tin", "untrusted"),
    }
}

/// What a screen shows, for people.
pub(super) fn showing(showing: &Showing) -> Words {
    match showing {
        Showing::Dark { .. } => words("Tắt hình theo lịch", "dark by plan"),
        Showing::Item {
            title, playlist, ..
        } => words(title, format!("playlist {playlist}")),
        Showing::Template { title, .. } => words(
            format!("KHẨN CẤP: {title}"),
            "emergency template by a duty officer",
        ),
        Showing::Fallback { reason, .. } => words(
            "Hình dự phòng đã duyệt",
            format!("approved fallback ({reason})"),
        ),
        Showing::Factory { reason, .. } => {
            words("Hình xuất xưởng", format!("factory slide ({reason})"))
        }
    }
}

/// The template that is ordered for a channel, and why.
pub(super) fn order(order: &Override) -> Words {
    let item = order
        .template()
        .map_or("", |template| template.item.as_str());
    words(
        format!("{item}: {}", order.reason),
        "emergency template on every wall",
    )
}

/// The release a device runs (0: none) beside the newest that is published for it (0: none).
pub(super) fn release(running: u64, published: u64) -> Words {
    match (running, published) {
        (0, 0) => words("chưa có bản phát hành", "no release yet"),
        (0, published) => words(
            format!("chưa nhận bản {published}"),
            format!("release {published} not received yet"),
        ),
        (running, published) if running == published => words(
            format!("bản {running}, mới nhất"),
            format!("release {running}, newest"),
        ),
        (running, published) => words(
            format!("đang chạy bản {running}, đã phát hành bản {published}"),
            format!("runs release {running}, published {published}"),
        ),
    }
}

/// A length of time, in hours and minutes.
pub(super) fn hours(length: Millis) -> Words {
    let (hours, minutes) = (length / HOUR, length % HOUR / MINUTE);
    match (hours, minutes) {
        (0, minutes) => words(format!("{minutes} phút"), format!("{minutes} min")),
        (hours, 0) => words(format!("{hours} giờ"), format!("{hours} h")),
        (hours, minutes) => words(
            format!("{hours} giờ {minutes:02} phút"),
            format!("{hours} h {minutes:02} min"),
        ),
    }
}

/// How long ago something was, roughly.
pub(super) fn ago(length: Millis) -> Words {
    if length < 5 * SECOND {
        return words("vừa xong", "just now");
    }
    if length < 2 * MINUTE {
        let seconds = length / SECOND;
        return words(format!("{seconds} giây trước"), format!("{seconds} s ago"));
    }
    if length < 48 * HOUR {
        let length = hours(length);
        return words(format!("{} trước", length.vi), format!("{} ago", length.en));
    }
    let days = length / (24 * HOUR);
    words(format!("{days} ngày trước"), format!("{days} days ago"))
}

/// What happened, for people, and how grave it is.
pub(super) fn event(kind: &EventKind) -> (Words, &'static str) {
    match kind.words() {
        Some((vi, en)) => (words(vi, en), event_tone(kind)),
        None => noted(kind.as_other().unwrap_or_default()),
    }
}

const fn event_tone(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ReleaseAccepted
        | EventKind::TakedownAccepted
        | EventKind::OverrideAccepted
        | EventKind::RootAccepted
        | EventKind::OutputRestored
        | EventKind::AudioRestored
        | EventKind::ScreenRestored
        | EventKind::CertificateRenewed
        | EventKind::MainsRestored
        | EventKind::OffBattery
        | EventKind::BatteryRestored
        | EventKind::DoorClosed
        | EventKind::TamperCleared
        | EventKind::LineRestored
        | EventKind::PictureRestored
        | EventKind::PictureMoving
        | EventKind::IntegrityRestored
        | EventKind::NetworkRestored
        | EventKind::HostWell => "good",
        EventKind::Started
        | EventKind::Stopped
        | EventKind::OverrideOver
        | EventKind::Feedback
        | EventKind::Other(_) => "rest",
        EventKind::MediaRefused
        | EventKind::ItemFault
        | EventKind::ClockStep
        | EventKind::ClockQuality
        | EventKind::AudioLost
        | EventKind::Remedy
        | EventKind::RecordsDropped
        | EventKind::OnBattery
        | EventKind::DoorOpened
        | EventKind::HostUnwell => "warn",
        EventKind::ReleaseRefused
        | EventKind::TakedownRefused
        | EventKind::OverrideRefused
        | EventKind::RootRefused
        | EventKind::IntegrityFault
        | EventKind::OutputLost
        | EventKind::ScreenLost
        | EventKind::StorageFault
        | EventKind::CertificateExpiring
        | EventKind::PowerLost
        | EventKind::ProcessDied
        | EventKind::MainsLost
        | EventKind::BatteryLow
        | EventKind::TamperDetected
        | EventKind::LineLost
        | EventKind::PictureLost
        | EventKind::PictureFrozen
        | EventKind::NetworkLost
        | EventKind::PoweringOff => "bad",
    }
}

/// What the controller itself notes.
fn noted(kind: &str) -> (Words, &'static str) {
    let (vi, en, tone) = match kind {
        "device-registered" => ("Đã khai báo thiết bị", "device registered", "rest"),
        "device-enrolled" => ("Đã đăng ký thiết bị", "device enrolled", "good"),
        "device-key-offered" => ("Thiết bị gửi khoá mới", "new device key", "rest"),
        "device-key-replaced" => ("Đã thay khoá thiết bị", "device key replaced", "good"),
        "device-revoked" => ("Thiết bị bị thu hồi", "device revoked", "warn"),
        "document-published" => ("Đã phát hành", "published", "good"),
        "notice-dead" => ("Không gửi được thông báo", "notice not delivered", "bad"),
        "notices-retried" => ("Gửi lại thông báo", "notices sent again", "rest"),
        "notice-confirmed" => ("Đã xác nhận thông báo", "notice confirmed", "good"),
        "notice-returned" => (
            "Mạng đã nhận nhưng không giao được thông báo",
            "notice taken over, then not delivered",
            "bad",
        ),
        "notices-sent-from-memory" => (
            "Đã gửi thông báo từ bộ nhớ khi đĩa không ghi được",
            "notices sent from memory",
            "warn",
        ),
        "answer-refused" => ("Tin trả lời không hợp lệ", "SMS answer refused", "warn"),
        "controller-fault" => ("Máy chủ cần kiểm tra", "controller needs a person", "bad"),
        "controller-fault-over" => ("Máy chủ đã bình thường", "controller is well again", "good"),
        "signed-in" => ("Đăng nhập bảng điều khiển", "signed in", "rest"),
        "account-added" => ("Đã thêm tài khoản", "account added", "rest"),
        "account-password" => ("Đã đổi mật khẩu", "password changed", "rest"),
        "account-disabled" => ("Đã khoá tài khoản", "account shut", "warn"),
        "account-enabled" => ("Đã mở lại tài khoản", "account opened again", "rest"),
        "maintenance-announced" => ("Báo trước bảo trì", "maintenance announced", "warn"),
        "maintenance-ended" => ("Kết thúc bảo trì", "maintenance ended", "rest"),
        "records-missing" => ("Thiếu bản ghi", "records missing", "bad"),
        "receipt-gap" => ("Đứt chuỗi biên nhận", "receipt chain broken", "bad"),
        "receipt-refused" => ("Biên nhận không hợp lệ", "receipt refused", "bad"),
        other => return (words(other, ""), "rest"),
    };
    (words(vi, en), tone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_well() {
        for (length, vi, en) in [
            (0, "0 phút", "0 min"),
            (59 * MINUTE, "59 phút", "59 min"),
            (14 * HOUR, "14 giờ", "14 h"),
            (5 * HOUR + 7 * MINUTE, "5 giờ 07 phút", "5 h 07 min"),
        ] {
            assert_eq!(hours(length), words(vi, en));
        }
        assert_eq!(ago(100), words("vừa xong", "just now"));
        assert_eq!(ago(90 * SECOND), words("90 giây trước", "90 s ago"));
        assert_eq!(ago(72 * HOUR), words("3 ngày trước", "3 days ago"));
    }
}
